"""The CDNOW data set: 69,659 orders of the 23,570 people who first bought in early 1997.

By Peter S. Fader and Bruce G. S. Hardie, "Forecasting Repeat Sales at CDNOW: A Case Study",
Interfaces 31 (2001). It is shipped in the MIT-licensed package `lifetimes`, which is installed for
the demo alone and without its dependencies.
"""

import importlib.util
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

LIVE_FROM = date(1998, 6, 1)


class Order(msgspec.Struct, frozen=True):
    """One purchase: the day, the number of CDs, the amount in US dollars."""

    customer_id: str
    day: date
    number_of_cds: int
    amount: float

    @property
    def at(self) -> datetime:
        """The order's day, in UTC."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)


def read_orders() -> list[Order]:
    """Return all orders, oldest first."""
    rows = (line.split() for line in _lines("CDNOW_master.txt"))
    next(rows)  # the names of the columns
    orders = [
        Order(customer, date.fromisoformat(day), int(cds), float(amount))
        for customer, day, cds, amount in rows
    ]
    return sorted(orders, key=lambda order: order.day)


def read_panel() -> dict[str, str]:
    """Return the second number that the authors gave to a tenth of the customers, by customer."""
    rows = (line.split() for line in _lines("CDNOW_sample.txt"))
    return {row[0]: row[1] for row in rows}


def _lines(name: str) -> Iterator[str]:
    # The package itself is never imported: it would ask for its dependencies.
    found = importlib.util.find_spec("lifetimes")
    if found is None or found.origin is None:
        raise SystemExit("The data set is missing. Run `make demo`, which installs it.")
    path = Path(found.origin).parent / "datasets" / name
    for line in path.read_text(encoding="ascii").splitlines():
        if line.strip():
            yield line
