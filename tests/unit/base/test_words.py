import pytest

from coterie.base.words import counted


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12345, "12,345 rows")]
)
def test_a_number_agrees_with_its_noun(number: int, words: str) -> None:
    assert counted(number, "row") == words


def test_a_noun_may_bring_its_own_plural() -> None:
    assert counted(2, "user was refused", "users were refused") == "2 users were refused"
