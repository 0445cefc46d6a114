"""What a delivery did, in the words of its form."""

from coterie.base.words import counted
from coterie.model.delivery import DeliveryCount, Form

_NOUNS: dict[Form, str] = {"events": "event", "purchases": "purchase", "webhook": "message"}


def say_delivered(form: Form, count: DeliveryCount) -> str:
    """Return what was done since the last report, for the log of a job."""
    noun = _NOUNS.get(form, "user")
    said = [f"{_done(form, count)} in {counted(count.requests, 'request')}."]
    if count.told_again:
        said.append(
            f"{counted(count.told_again, 'user was', 'users were')} told again after doubt."
        )
    if count.doubtful:
        were = counted(count.doubtful, f"{noun} had", f"{noun}s had")
        said.append(f"{were} no answer: see under Deliveries.")
    if count.refused:
        were = counted(count.refused, f"{noun} was", f"{noun}s were")
        said.append(f"{were} refused: see and replay under Deliveries.")
    return " ".join(said)


def say_asleep(form: Form) -> str:
    """Return what a job whose deliveries have all left waits for."""
    wakes = "something arrives" if form in ("events", "purchases") else "something changes"
    return f"Nothing is left to send. The job wakes by itself when {wakes}."


def _done(form: Form, count: DeliveryCount) -> str:
    users = counted(count.taken, "update of a user", "updates of users")
    match form:
        case "events" | "purchases":
            return f"{counted(count.taken, _NOUNS[form])} sent"
        case "webhook":
            news = counted(count.added, "entry or change", "entries and changes")
            exits = counted(count.removed, "exit")
            return f"{counted(count.taken, 'message')} sent ({news}, {exits})"
        case "deletion":
            return f"{counted(count.taken, 'user')} deleted"
        case "subscription_groups":
            return f"{counted(count.added, 'subscription')} set by {users}"
        case "attributes":
            written = counted(count.added, "attribute")
            return f"{written} written, {count.removed:,} deleted by {users}"
        case _:
            entries = counted(count.added, "membership")
            return f"{entries} added, {count.removed:,} taken away by {users}"
