"""Reading the filters that an account has saved, of which some may no longer be readable.

Each was right when it was saved. A later release may know a mistake that an earlier one did not, or
a function less; that is no reason to stop what the others do.
"""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from coterie.lang.filterql.errors import FilterError
from coterie.lang.filterql.filter import Filter
from coterie.lang.filterql.grammar import parse_filter

_WAITS = "Its members stay as they were"
_MOST_KEPT = 2_048


class StoredFilters(Struct, frozen=True):
    """Filters by name; `faults` says of those that nobody can be asked about why, with the cure.

    A filter that includes a faulty one is readable and has a fault.
    """

    filters: dict[str, Filter]
    faults: dict[str, str]

    def fault_of(self, flt: Filter) -> str | None:
        """Return the fault of a filter that was read, by what it includes."""
        for name in sorted(flt.includes):
            if name in self.faults:
                return (
                    f"It includes the audience {name!r}, whose filter cannot be told. {_WAITS} "
                    f"until {name!r} is corrected."
                )
        return None


def read_stored(texts: Mapping[str, str]) -> StoredFilters:
    """Return the filters of these texts by name."""
    read = {name: _read(text) for name, text in texts.items()}
    filters = {name: flt for name, flt in read.items() if isinstance(flt, Filter)}
    faults = {name: fault for name, fault in read.items() if isinstance(fault, str)}
    found = StoredFilters(filters, faults)
    waiting = filters.keys() - faults.keys()
    while True:
        tainted = {name: fault for name in waiting if (fault := found.fault_of(filters[name]))}
        if not tainted:
            return found
        faults |= tainted
        waiting -= tainted.keys()


@lru_cache(maxsize=_MOST_KEPT)
def _read(text: str) -> Filter | str:
    try:
        return parse_filter(text)
    except FilterError as error:
        return (
            f"Its filter cannot be read any more. {_WAITS} until it is corrected. {error.message}"
        )
