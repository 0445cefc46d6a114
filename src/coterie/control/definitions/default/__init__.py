"""The schema that every account starts with."""

from collections.abc import Iterable
from importlib import resources

import msgspec

from coterie.model.schema import IdentifierRule, Normalise

QUERIES = ("default", "braze_users", "braze_csv", "braze_currents", "segment")


class _Identifier(msgspec.Struct, frozen=True, kw_only=True):
    field: str
    unique: bool
    normalise: Normalise = "none"
    view_limit: int | None = None


class _Identity(msgspec.Struct, frozen=True, kw_only=True):
    identifiers: tuple[_Identifier, ...]
    personal: tuple[str, ...]


def read_queries() -> Iterable[str]:
    """Yield the LQL text of each default stream."""
    for name in QUERIES:
        yield resources.files(__package__).joinpath(f"{name}.lql").read_text("utf-8")


def read_identifiers() -> dict[str, IdentifierRule]:
    """Return the rules of the default identifiers by field, strongest first."""
    return {
        one.field: IdentifierRule(
            rank=rank, unique=one.unique, normalise=one.normalise, view_limit=one.view_limit
        )
        for rank, one in enumerate(_read_identity().identifiers)
    }


def read_personal_fields() -> tuple[str, ...]:
    """Return the names of the fields that hold personal data."""
    return _read_identity().personal


def _read_identity() -> _Identity:
    text = resources.files(__package__).joinpath("identity.json").read_bytes()
    return msgspec.json.decode(text, type=_Identity)
