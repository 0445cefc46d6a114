"""What a profile shows: its fragments folded into one value a field."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from coterie.flow.profiles.containers import Operator
from coterie.flow.profiles.operators import kept, operator
from coterie.model.profile import Fragment
from coterie.model.schema import Field, Schema


class _Look(msgspec.Struct, frozen=True):
    """What it takes to show one field."""

    name: str
    field: Field
    merge: Operator
    limit: int | None


class Viewer:
    """Shows profiles by one schema."""

    def __init__(self, schema: Schema, hidden: Iterable[tuple[Field, Operator]] = ()) -> None:
        self._looks = {
            field.name: _Look(
                field.name,
                field,
                operator(field),
                field.identifier.view_limit if field.identifier is not None else None,
            )
            for field in schema.fields
        }
        # People never see these; audiences ask for them by name.
        self._hidden = {
            field.name: _Look(field.name, field, merge, None) for field, merge in hidden
        }
        self._ids = {field.name: field.id for field in schema.fields}
        self._ids |= {name: look.field.id for name, look in self._hidden.items()}
        self._chosen: dict[frozenset[str], tuple[_Look, ...]] = {}

    @property
    def field_ids(self) -> Mapping[str, int]:
        """Field name to field id."""
        return self._ids

    def view(
        self, fragments: Sequence[Fragment], now_us: int, only: frozenset[str] | None = None
    ) -> dict[str, Any]:
        """Return the values of `only` these fields (None: all) that hold one at `now_us`.

        Sets are lists, newest member first.
        """
        looks = self._choose(only) if only is not None else tuple(self._looks.values())
        return _fold(looks, fragments, now_us, ordered=True)

    def facts(
        self, fragments: Sequence[Fragment], now_us: int, only: frozenset[str]
    ) -> dict[str, Any]:
        """Return what `view` returns with sets in any order, as audiences read them."""
        return _fold(self._choose(only), fragments, now_us, ordered=False)

    def _choose(self, only: frozenset[str]) -> tuple[_Look, ...]:
        known = self._chosen.get(only)
        if known is None:
            looks = self._looks | self._hidden if self._hidden else self._looks
            known = tuple(looks[name] for name in sorted(only) if name in looks)
            self._chosen[only] = known
        return known


def _fold(
    looks: Iterable[_Look], fragments: Sequence[Fragment], now_us: int, *, ordered: bool
) -> dict[str, Any]:
    # This runs for every profile of every batch, so it looks at each state once.
    tables = [part.states for part in fragments if part.states]
    found: dict[str, Any] = {}
    for look in looks:
        field_id, merge = look.field.id, look.merge
        state = None
        for states in tables:
            part = states.get(field_id)
            if part is not None:
                state = part if state is None else merge.combine(state, part)
        if state is not None and look.field.keep_days is not None:
            state = kept(look.field, state, now_us)
        if state is None:
            continue
        if ordered or look.limit is not None:
            value = merge.view(state)
            found[look.name] = value[: look.limit] if isinstance(value, list) else value
        else:
            found[look.name] = merge.face(state)
    return found
