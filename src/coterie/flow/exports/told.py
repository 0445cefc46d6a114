"""The ledger: what destinations hold of a user, since when, by which request."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from coterie.base.clock import from_us
from coterie.model.delivery import Items, Told
from coterie.model.ledger import DeliveryView, HeldItem, Holding, RequestView, SetAside
from coterie.store import Connection, load_queries

QUERIES = load_queries("ledger")

RATE_SECONDS = 60
# Where the query gives how many were told within that time.
RATE_AT = 21

_read_items = msgspec.json.Decoder(Items).decode
_read_told = msgspec.json.Decoder(dict[str, Told]).decode


def list_deliveries(
    conn: Connection, account: int, *, now: datetime, destination: int | None = None
) -> list[DeliveryView]:
    """Return how the delivery to each destination in use goes, or to one of them."""
    since = now - timedelta(seconds=RATE_SECONDS)
    values = {"account": account, "destination": destination, "since": since}
    names = [name for name in DeliveryView.__struct_fields__ if name != "per_second"]
    found = []
    for row in conn.execute(QUERIES.list_deliveries.encode(), values):
        told = (*row[:RATE_AT], *row[RATE_AT + 1 : -1], tuple(row[-1]))
        facts = dict(zip(names, told, strict=True))
        found.append(DeliveryView(**facts, per_second=float(row[RATE_AT]) / RATE_SECONDS))
    return found


def find_holdings(conn: Connection, account: int, recipients: Sequence[str]) -> list[Holding]:
    """Return what each destination of an account holds of users, and what was queued of them."""
    found = conn.execute(QUERIES.list_destinations_of.encode(), {"account": account})
    values = {"destinations": [row[0] for row in found], "recipients": list(recipients)}
    rows = conn.execute(QUERIES.find_holdings.encode(), values).fetchall()
    told = [(_read_told(row[5]), _read_told(row[6])) for row in rows]
    numbers = {one.request for pair in told for part in pair for one in part.values()}
    requests = {one.id: one for one in find_requests(conn, account, numbers)}
    held = [
        Holding(
            destination=row[0],
            form=row[1],
            attribute=row[2],
            recipient=row[3],
            wanted=_read_items(row[4]),
            items=(
                *_items(known, requests, is_doubtful=False),
                *_items(doubtful, requests, is_doubtful=True),
            ),
            is_waiting=row[7],
            refusal=row[8],
        )
        for row, (known, doubtful) in zip(rows, told, strict=True)
    ]
    queued = [
        Holding(
            destination=row[0],
            form=row[1],
            attribute=row[2],
            recipient=row[3],
            wanted={},
            items=(),
            is_waiting=bool(row[4].get("waiting")),
            refusal=None,
            queued=row[4],
            queued_last=row[5],
        )
        for row in conn.execute(QUERIES.count_queued_of.encode(), values)
    ]
    return held + queued


def find_requests(conn: Connection, account: int, ids: Iterable[int]) -> list[RequestView]:
    """Return requests of an account by their numbers, those that are not forgotten."""
    values = {"account": account, "ids": list(ids)}
    names = RequestView.__struct_fields__
    return [
        RequestView(**dict(zip(names, row, strict=True)))
        for row in conn.execute(QUERIES.find_requests.encode(), values)
    ]


def list_set_aside(
    conn: Connection, destination: int, *, state: str | None, limit: int
) -> list[SetAside]:
    """Return what waits for a person, the latest first; `state` is parked or doubtful."""
    values = {"destination": destination, "state": state, "limit": limit}
    names = SetAside.__struct_fields__
    return [
        SetAside(**dict(zip(names, row, strict=True)))
        for row in conn.execute(QUERIES.list_set_aside.encode(), values)
    ]


def _items(
    told: Mapping[str, Told], requests: Mapping[int, RequestView], *, is_doubtful: bool
) -> list[HeldItem]:
    items = []
    for key, one in sorted(told.items()):
        request = requests.get(one.request)
        items.append(
            HeldItem(
                key=key,
                value=one.value,
                told_at=from_us(one.at_ms * 1_000) if one.at_ms else None,
                request=one.request or None,
                status=request.status if request else None,
                answer=request.answer if request else None,
                is_doubtful=is_doubtful,
            )
        )
    return items
