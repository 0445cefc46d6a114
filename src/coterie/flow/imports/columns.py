"""Names the cells of a file's rows: as the file does, and as events do."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import compress
from operator import itemgetter

import msgspec

from coterie.model.imports import CsvFormat

_encode = msgspec.json.Encoder().encode
Cells = Sequence[str]


class Columns:
    """The columns of one file, of which some are taken."""

    def __init__(self, header: Iterable[str], form: CsvFormat) -> None:
        self._header = tuple(header)
        taken = frozenset(form.fields)
        self._taken = tuple(
            place for place, column in enumerate(self._header) if not taken or column in taken
        )
        self._keys = tuple(
            form.names.get(self._header[place], self._header[place]) for place in self._taken
        )
        self._pick = _picker(self._taken, len(self._header))
        self._to_json = _json_of(self._keys)
        self._places = {column: place for place, column in enumerate(self._header)}
        self._shown = taken | set(form.timestamps) if taken else taken

    def cell(self, cells: Cells, column: str) -> str:
        """Return the cell of a column, "" also where there is no such column."""
        place = self._places.get(column)
        return "" if place is None else cells[place]

    def filled(self, cells: Cells) -> dict[str, str]:
        """Return the cells with a value that are taken or times, by the names of the file."""
        filled = compress(zip(self._header, cells, strict=True), cells)
        return {name: cell for name, cell in filled if not self._shown or name in self._shown}

    def event(self, cells: Cells) -> bytes:
        """Return the JSON object of the cells with a value that are taken, by their raw keys."""
        return self._to_json(self._pick(cells))


def _picker(taken: Sequence[int], width: int) -> Callable[[Cells], Cells]:
    if len(taken) == width:
        return lambda cells: cells
    if len(taken) == 1:
        (only,) = taken
        return lambda cells: (cells[only],)
    return itemgetter(*taken)


@lru_cache(maxsize=64)
def _json_of(keys: tuple[str, ...]) -> Callable[[Cells], bytes]:
    """Return the function that makes cells a JSON object, without those that have no value.

    A Struct that leaves out what is its default is made and encoded in a quarter of a dict's time.
    """
    fields = [(f"c{place}", str, "") for place in range(len(keys))]
    rename = {name: key for (name, *_), key in zip(fields, keys, strict=True)}
    try:
        struct = msgspec.defstruct("Cells", fields, rename=rename, omit_defaults=True, gc=False)
    except ValueError:
        # A Struct's keys may hold no quotes or backslashes.
        return lambda cells: _encode(dict(compress(zip(keys, cells, strict=True), cells)))
    return lambda cells: _encode(struct(*cells))
