"""Numbers with their nouns, for the sentences that people read."""


def grouped(number: float) -> str:
    """Return a number with thousands separated: 1,204,331."""
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 job", "3 jobs"."""
    return f"{grouped(number)} {noun if number == 1 else plural or noun + 's'}"
