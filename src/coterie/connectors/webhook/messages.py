"""What differs at a webhook's destination, as the message that tells of it; pure."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from coterie.model.delivery import DestinationPlan, Shipment, Told
from coterie.model.recipients import read_recipient
from coterie.model.webhooks import AUDIENCE, FIELD, WebhookSpec

Message = dict[str, Any]

EVENTS = "segment_events"
"""The name under which the data of a message holds what happened; no field may be called so."""
ID_DIGITS = 32


def make_message(plan: DestinationPlan, shipment: Shipment, *, now: datetime) -> Message | None:
    """Return the message that tells of a difference, None if it is none of the job's triggers.

    Ids follow from what is told: a message that is sent again has the id that it had before.
    """
    hook = plan.webhook
    events = [] if hook is None else list(_events(plan, hook, shipment))
    if hook is None or not events:
        return None
    named = read_recipient(shipment.row.recipient)
    data: dict[str, Any] = {hook.names.get(named.kind, named.kind): named.value}
    for name in hook.fields:
        held = shipment.row.wanted.get(FIELD + name)
        if held:
            data[name] = held[0]
    return {
        "id": f"msg_{_digest(event['id'] for event in events)}",
        "data": {**data, EVENTS: events},
        "meta": {
            "object": "user",
            "subscription_id": str(hook.job_id),
            "timestamp": _instant(now),
        },
    }


def count_told(plan: DestinationPlan, shipment: Shipment) -> tuple[int, int]:
    """Return how many entries and changes a shipment tells, and how many exits."""
    hook = plan.webhook
    kinds = [] if hook is None else [each["event"] for each in _events(plan, hook, shipment)]
    exits = kinds.count("exit")
    return len(kinds) - exits, exits


def _events(
    plan: DestinationPlan, hook: WebhookSpec, shipment: Shipment
) -> Iterable[dict[str, Any]]:
    row, difference = shipment.row, shipment.difference
    about = (str(plan.id), row.recipient)
    if hook.events in ("both", "enters"):
        for key, since in difference.put.items():
            slug = key.removeprefix(AUDIENCE)
            if slug != key and _is_news(row.told, row.in_doubt, key, since, hook, slug):
                number = _digest((*about, "enter", slug, str(since)))
                yield {"id": number, "event": "enter", "slug": slug, "enter": _moment(since)}
    if hook.events in ("both", "exits"):
        for key in difference.drop:
            slug = key.removeprefix(AUDIENCE)
            last = row.told.get(key) or row.in_doubt.get(key)
            # What is told a second time, for the sake of late requests, was no news already.
            if slug != key and last is not None:
                number = _digest((*about, "exit", slug, str(last.value), str(last.at_ms)))
                yield {"id": number, "event": "exit", "slug": slug}
    # Who has just entered brings values along; only those of who was in already can change.
    if any(key.startswith(AUDIENCE) and key in row.wanted for key in row.told):
        for name in hook.changes:
            yield from _change(about, shipment, name)


def _is_news(
    told: Mapping[str, Told],
    in_doubt: Mapping[str, Told],
    key: str,
    since: int,
    hook: WebhookSpec,
    slug: str,
) -> bool:
    # The instant of an entry may move, as when two people become one; that is no entry.
    is_known = key in told and key not in in_doubt
    return not is_known and since >= hook.from_ms.get(slug, 0)


def _change(about: tuple[str, str], shipment: Shipment, name: str) -> Iterable[dict[str, Any]]:
    row, key = shipment.row, FIELD + name
    before, doubt = row.told.get(key), row.in_doubt.get(key)
    after = shipment.difference.put.get(key)
    if before is None or after is None:
        return
    if before.value == after and (doubt is None or doubt.value == after):
        return
    written = msgspec.json.encode(after).decode()
    parts = ("change", name, str(before.at_ms), str(before.request), written)
    event: dict[str, Any] = {"id": _digest((*about, *parts)), "event": "change", "field": name}
    event["before"] = before.value[0] if before.value else None
    event["after"] = after[0] if after else None
    yield event


def _digest(parts: Iterable[str]) -> str:
    joined = msgspec.json.encode(list(parts))
    return hashlib.sha256(joined).hexdigest()[:ID_DIGITS]


def _moment(at_ms: int) -> str:
    return _instant(datetime.fromtimestamp(at_ms / 1_000, UTC))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
