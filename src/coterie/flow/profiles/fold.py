"""Fold events into the fragments of their profiles."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from coterie.base.clock import to_us
from coterie.flow.profiles.containers import Operator, State
from coterie.flow.profiles.operators import (
    Step,
    begin_values,
    first_folds,
    fold_values,
    operator,
    seen_by_keys,
    senses_time,
)
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import (
    FoldedProfile,
    Fragment,
    ProfileId,
    Resolution,
    ResolvedProfile,
    StoredProfile,
    find_place,
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
        watched: Mapping[str, frozenset[str] | None] | None = None,
    ) -> None:
        """`watched`: fields of which it is asked whether they changed (None: all).

        A map may be watched by some of its keys alone; None stands for the whole of a field.
        `drops_hidden`: fragments may hold histories of trackers that nobody needs any more.
        """
        self._timed_alone, self._timed_beside = (
            frozenset(field.id for field in schema.fields if senses_time(field, is_alone=is_alone))
            for is_alone in (True, False)
        )
        timed = self._timed_alone | self._timed_beside
        merges = [(field, operator(field)) for field in schema.fields]
        self._steps = {
            field.id: Step(merge.fold, _differs(field, merge, watched), field.id in timed)
            for field, merge in (*merges, *hidden)
        }
        self._first_folds = first_folds(self._steps)
        self._drops_hidden = drops_hidden

    def fold(
        self, resolution: Resolution, stored: Mapping[ProfileId, StoredProfile]
    ) -> list[FoldedProfile]:
        """Return every profile of a resolution with its events in it.

        What it says of changed fields it says of the watched ones.
        """
        continued = {survivor: gone for gone, survivor in sorted(resolution.dissolved.items())}
        return [
            self._fold_known(profile, stored[profile.profile_id])
            if profile.is_known
            else self._fold_one(profile, stored, continued.get(profile.profile_id))
            for profile in resolution.profiles
        ]

    def _fold_known(self, profile: ResolvedProfile, prior: StoredProfile) -> FoldedProfile:
        """Go on with a stored profile, whose other fragments stay as they are."""
        fragments = list(prior.body.fragments)
        changed: set[int] = set()
        folded = self._fold_events(profile, fragments, changed)
        if len(folded) < len(profile.nodes):
            for node, times in profile.nodes.items():
                if node not in folded:
                    place = _get_place(fragments, node)
                    fragments[place] = _seen(fragments[place], times)
        now_us, cause_seq = _latest(profile)
        return FoldedProfile(
            profile.profile_id,
            prior,
            tuple(fragments),
            profile.edges,
            (),
            frozenset(changed),
            # Lanes run apart, so a profile may already have been asked about a later instant.
            max(now_us, to_us(prior.updated_at)),
            cause_seq,
        )

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
        if profile.regrouped and not profile.sources and prior is None and len(profile.events) == 1:
            return self._fold_first(profile, profile.events[0])
        sources = [stored[source] for source in profile.sources]
        fragments = _gather(sources, profile.nodes)
        changed: set[int] = set()
        self._fold_events(profile, fragments, changed)
        now_us, cause_seq = _latest(profile)
        for source in sources:
            now_us = max(now_us, to_us(source.updated_at))
        return FoldedProfile(
            profile.profile_id,
            prior,
            tuple(fragments),
            profile.edges,
            profile.refused,
            None if profile.regrouped else frozenset(changed),
            now_us,
            cause_seq,
            tuple([source for source in sources if source is not prior]),
            profile.standing,
        )

    def _fold_first(self, profile: ResolvedProfile, event: MappedEvent) -> FoldedProfile:
        """Begin a profile with the one event that speaks of it, as an import of people does."""
        strongest = event.identifiers[0]
        states = begin_values(self._steps, self._first_folds, event.values, event.occurred_us)
        # Spelled out: unpacking each node into its fragment takes twice as long.
        fragments = [
            Fragment(node[0], node[1], times[0], times[1], states if node == strongest else {})
            for node, times in profile.nodes.items()
        ]
        return FoldedProfile(
            profile.profile_id,
            None,
            tuple(fragments),
            profile.edges,
            profile.refused,
            None,
            max(profile.at_us, event.received_us),
            event.seq,
            (),
            profile.standing,
        )

    def _fold_events(
        self, profile: ResolvedProfile, fragments: list[Fragment], changed: set[int]
    ) -> Collection[Identifier]:
        """Fold a profile's events into its fragments; return the nodes whose fragments got them.

        The fields that look otherwise are added to `changed`.
        """
        folded: dict[Identifier, dict[int, State]] = {}
        for event in profile.events:
            strongest = event.identifiers[0]
            states = folded.get(strongest)
            if states is None:
                states = folded[strongest] = self._begin(fragments, strongest, profile.nodes)
            moved = fold_values(self._steps, states, event.values, event.occurred_us, changed)
            if moved:
                changed |= self._timed(frozenset(moved), strongest, fragments)
        return folded

    def _begin(
        self,
        fragments: list[Fragment],
        node: Identifier,
        nodes: Mapping[Identifier, tuple[int, int]],
    ) -> dict[int, State]:
        """Return the states of a fragment for events to be folded into, put in its place."""
        place = _get_place(fragments, node)
        states = fragments[place].begin()
        if self._drops_hidden:
            kept = self._steps
            states = {key: state for key, state in states.items() if key > 0 or key in kept}
        fragments[place] = Fragment(*node, *nodes[node], states)
        return states

    def _timed(
        self, moved: frozenset[int], node: Identifier, fragments: Sequence[Fragment]
    ) -> frozenset[int]:
        """Return which fields may be shown otherwise, for a value's instant became another one.

        A field that another fragment gets in this batch counts as changed anyway.
        """
        found = moved & self._timed_alone
        if len(found) < len(moved):
            for other in fragments:
                if other.identifier != node:
                    found |= moved & other.states.keys()
        return found


def _differs(
    field: Field, merge: Operator, watched: Mapping[str, frozenset[str] | None] | None
) -> Callable[[State, State], bool] | None:
    if watched is None:
        return merge.differs
    if field.name not in watched:
        return None
    some = seen_by_keys(field, merge, watched[field.name])
    return merge.differs if some is None else some.differs


def _latest(profile: ResolvedProfile) -> tuple[int, int | None]:
    """Return when a profile was last heard of, and the number of its last event."""
    now_us, cause_seq = profile.at_us, None
    for event in profile.events:
        if event.received_us > now_us:
            now_us = event.received_us
        if cause_seq is None or event.seq > cause_seq:
            cause_seq = event.seq
    return now_us, cause_seq


def _gather(
    sources: Iterable[StoredProfile], nodes: Mapping[Identifier, tuple[int, int]]
) -> list[Fragment]:
    """Return a fragment for every node, with the times at which it was seen."""
    stored = {
        node: fragment
        for source in sources
        for fragment in source.body.fragments
        if (node := (fragment.field, fragment.value)) in nodes
    }
    return [
        Fragment(*node, *times, {}) if (part := stored.get(node)) is None else _seen(part, times)
        for node, times in nodes.items()
    ]


def _seen(fragment: Fragment, times: tuple[int, int]) -> Fragment:
    if times == (fragment.first_us, fragment.last_us):
        return fragment
    return Fragment(fragment.field, fragment.value, *times, fragment.held_states)


def _get_place(fragments: Sequence[Fragment], node: Identifier) -> int:
    place = find_place(fragments, node)
    assert place is not None  # noqa: S101 - every event's identifiers are nodes of its profile
    return place
