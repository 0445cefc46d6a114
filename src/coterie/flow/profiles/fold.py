"""Fold events into the fragments of their profiles."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from coterie.base.clock import to_us
from coterie.flow.profiles.containers import Operator
from coterie.flow.profiles.operators import fold_values, operator, senses_time
from coterie.model.mapped import Identifier
from coterie.model.profile import (
    FoldedProfile,
    Fragment,
    ProfileId,
    Resolution,
    ResolvedProfile,
    StoredProfile,
)
from coterie.model.schema import Field, Schema


class Folder:
    """Folds by the merge operators of one schema."""

    def __init__(
        self,
        schema: Schema,
        hidden: Iterable[tuple[Field, Operator]] = (),
        *,
        drops_hidden: bool = False,
    ) -> None:
        """`drops_hidden`: fragments may hold histories of trackers that nobody needs any more."""
        self._operators: dict[int, Operator] = {
            field.id: operator(field) for field in schema.fields
        }
        self._operators |= {field.id: merge for field, merge in hidden}
        self._drops_hidden = drops_hidden
        self._timed_alone, self._timed_beside = (
            frozenset(field.id for field in schema.fields if senses_time(field, is_alone=is_alone))
            for is_alone in (True, False)
        )

    def fold(
        self, resolution: Resolution, stored: Mapping[ProfileId, StoredProfile]
    ) -> list[FoldedProfile]:
        """Return every profile of a resolution with its events in it."""
        continued = {survivor: gone for gone, survivor in sorted(resolution.dissolved.items())}
        return [
            self._fold_one(profile, stored, continued.get(profile.profile_id))
            for profile in resolution.profiles
        ]

    def _fold_one(
        self,
        profile: ResolvedProfile,
        stored: Mapping[ProfileId, StoredProfile],
        renamed_from: ProfileId | None,
    ) -> FoldedProfile:
        # A profile continues the stored one of its own id, else the one whose first identifier it
        # took over.
        prior = stored.get(profile.profile_id)
        if prior is None and renamed_from is not None:
            prior = stored[renamed_from]
        sources = [stored[source] for source in profile.sources]
        nodes = profile.nodes
        fragments = {
            node: fragment
            for source in sources
            for fragment in source.body.fragments
            if (node := (fragment.field, fragment.value)) in nodes
        }
        changed = self._fold_events(profile, fragments)
        now_us, cause_seq = profile.at_us, None
        for event in profile.events:
            if event.received_us > now_us:
                now_us = event.received_us
            if cause_seq is None or event.seq > cause_seq:
                cause_seq = event.seq
        # Lanes run apart, so a profile may already have been asked about a later instant.
        for source in sources:
            now_us = max(now_us, to_us(source.updated_at))
        return FoldedProfile(
            profile.profile_id,
            prior,
            _seen(fragments, nodes),
            profile.edges,
            profile.refused,
            None if profile.regrouped else frozenset(changed),
            now_us,
            cause_seq,
            tuple([source for source in sources if source is not prior]),
            profile.standing,
        )

    def _fold_events(
        self, profile: ResolvedProfile, fragments: dict[Identifier, Fragment]
    ) -> set[int]:
        states: dict[Identifier, dict[int, Any]] = {}
        changed: set[int] = set()
        for event in profile.events:
            strongest = event.identifiers[0]
            if strongest not in states:
                before = fragments.get(strongest)
                states[strongest] = self._begin(before)
            changed |= fold_values(
                self._operators,
                states[strongest],
                event.values,
                event.occurred_us,
                partial(self._is_timed, strongest, fragments),
            )
        for identifier, folded in states.items():
            first, last = profile.nodes[identifier]
            fragments[identifier] = Fragment(*identifier, first, last, folded)
        return changed

    def _begin(self, fragment: Fragment | None) -> dict[int, Any]:
        """Return the states that events are folded into: those of the fragment, free to change."""
        if fragment is None:
            return {}
        if not self._drops_hidden:
            return dict(fragment.states)
        kept = self._operators
        return {key: state for key, state in fragment.states.items() if key > 0 or key in kept}

    def _is_timed(
        self, node: Identifier, fragments: Mapping[Identifier, Fragment], field_id: int
    ) -> bool:
        """Say whether the instant of a value in the fragment of `node` may change what is shown.

        A field that another fragment gets in this batch counts as changed anyway.
        """
        if field_id in self._timed_alone:
            return True
        if field_id not in self._timed_beside:
            return False
        for other, fragment in fragments.items():
            if field_id in fragment.states and other != node:
                return True
        return False


def _seen(
    fragments: Mapping[Identifier, Fragment], nodes: Mapping[Identifier, tuple[int, int]]
) -> tuple[Fragment, ...]:
    """Return a fragment for every node, with the times at which it was seen."""
    found = []
    for node, (first, last) in nodes.items():
        fragment = fragments.get(node)
        if fragment is None:
            fragment = Fragment(*node, first, last, {})
        elif fragment.last_us != last or fragment.first_us != first:
            fragment = Fragment(*node, first, last, fragment.states)
        found.append(fragment)
    return tuple(found)
