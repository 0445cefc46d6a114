"""Reads the options of a job out of JSON."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec

from coterie.control.jobs.errors import BadJobError

Config = TypeVar("Config", bound=msgspec.Struct)


def read_options(
    given: Mapping[str, Any], row: type[Config], *, of: str, ours: Collection[str] = ("kind",)
) -> Config:
    """Return options of a job that is an import or an export (`of`); `ours` are passed over.

    Raises BadJobError for one that does not exist or does not fit.
    """
    chosen = {name: value for name, value in given.items() if name not in ours}
    known = [name for name in row.__struct_fields__ if name not in ours]
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        raise BadJobError(
            message=f"There is no option {unknown[0]!r}. The options are {', '.join(known)}."
        )
    try:
        return msgspec.convert({"kind": row.__struct_config__.tag, **chosen}, row)
    except msgspec.ValidationError as error:
        raise BadJobError(message=f"The {of}'s options do not fit: {error}.") from error
