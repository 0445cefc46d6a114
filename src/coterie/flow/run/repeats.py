"""Tell messages that say nothing new, those among them that our own writes to Braze set off."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from coterie.flow.eventlog.repeats import Saying, mark_sayings
from coterie.flow.run.context import AccountContext, Contexts
from coterie.model.events import LoggedEvent
from coterie.model.intake import NESTED_ATTRIBUTES, RepeatRule, without_keys
from coterie.store import Connection, load_queries

SQL = load_queries("lookup")
HASH_BYTES = 16
# Who a message is about, as far as telling it from the next one needs.
SUBJECT_KEYS = ("external_id", "user_id", "userId", "braze_id", "email", "phone_number", "phone")
RECIPIENT_KEYS = ("external_id", "user_id")
MESSAGE_KEYS = frozenset({"message_id", "messageId", "_mid", "dispatch_id"})
REASON = "it says what the last message about the same person said"

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode

Place = tuple[int, int]
Told = Mapping[tuple[int, str], Mapping[str, Any]]


def find_repeats(conn: Connection, events: Iterable[LoggedEvent], contexts: Contexts) -> set[Place]:
    """Note what the events of streams that tell repeats by content say; return the repeats.

    Left out of the comparison is what is ours: attributes that only we write, and values that equal
    what Braze was told last. So a webhook that our own write set off says nothing new, and counts
    for nothing. The events have to be those that are no duplicates by their message id.
    """
    asked: list[tuple[LoggedEvent, RepeatRule, dict[str, Any]]] = []
    for event in events:
        if not contexts.knows(event.account):
            continue
        rule = contexts.get(event.account).repeats.get(event.stream)
        if rule is not None:
            asked.append((event, rule, _decode(event.body)))
    if not asked:
        return set()
    told = _told(conn, asked, contexts)
    places: list[Place] = []
    sayings: list[Saying] = []
    for event, rule, body in asked:
        subject = _first(body, SUBJECT_KEYS)
        if subject is None:
            continue
        said = _news(body, rule, contexts.get(event.account), told.get(_recipient(event, body)))
        places.append((event.lane, event.seq))
        sayings.append(
            Saying(
                event.account,
                _hash(event.stream, subject),
                _hash(_encode(said).decode()),
                event.received_at,
                event.received_at + rule.window,
            )
        )
    return {places[index] for index in mark_sayings(conn, sayings)}


def _news(
    body: dict[str, Any],
    rule: RepeatRule,
    context: AccountContext,
    told: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what of a message may be news."""
    left_out = MESSAGE_KEYS | frozenset(rule.ignore)
    if rule.is_braze:
        left_out |= context.own.keys
    said = without_keys(body, left_out)
    if told:
        said = without_keys(said, frozenset(_equal(said, told)))
    return said


def _equal(said: Mapping[str, Any], told: Mapping[str, Any]) -> Iterable[str]:
    parts = [said, *(said[name] for name in NESTED_ATTRIBUTES if isinstance(said.get(name), dict))]
    for part in parts:
        for key, value in part.items():
            if key in told and _alike(value, told[key]):
                yield key


def _alike(value: object, told: object) -> bool:
    # Liquid renders every value as text.
    return value == told or (isinstance(value, str) and value == _rendered(told))


def _rendered(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _told(
    conn: Connection,
    asked: Sequence[tuple[LoggedEvent, RepeatRule, dict[str, Any]]],
    contexts: Contexts,
) -> Told:
    """Return what Braze was told last of the people in the messages, by account and user."""
    recipients = {_recipient(event, body) for event, rule, body in asked if rule.is_braze}
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for account in {account for account, _ in recipients}:
        destinations = contexts.get(account).own.destinations
        names = sorted(name for owner, name in recipients if owner == account and name)
        if not destinations or not names:
            continue
        values = {"destinations": list(destinations), "recipients": names}
        for recipient, items in conn.execute(SQL.told_items, values):
            known = found.setdefault((account, recipient), {})
            known |= {key: item[0] for key, item in items.items()}
    return found


def _recipient(event: LoggedEvent, body: Mapping[str, Any]) -> tuple[int, str]:
    return event.account, _first(body, RECIPIENT_KEYS) or ""


def _first(body: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    for key in keys:
        value = body.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return f"{value}"
    return None


def _hash(*parts: str) -> bytes:
    hasher = hashlib.blake2b(digest_size=HASH_BYTES)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        hasher.update(len(encoded).to_bytes(4, "big") + encoded)
    return hasher.digest()
