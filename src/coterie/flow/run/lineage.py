"""Answers where the values of a profile come from, by mapping the events of its timeline again."""

from collections.abc import Collection, Iterable
from datetime import datetime

from coterie.base.clock import from_us, to_us
from coterie.flow.eventlog.read import read_places
from coterie.flow.identity.owners import find_carriers, list_passengers
from coterie.flow.mapping.mapper import Mapper, Traced
from coterie.flow.profiles.origins import Chosen, Said, choose_origins
from coterie.flow.profiles.timeline import latest_mentions
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.lookup import find_stored
from coterie.flow.run.names import Names
from coterie.model.entity import FieldLineage, Origin
from coterie.model.events import LoggedEvent
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import StoredProfile
from coterie.model.schema import Field
from coterie.store import Connection, Store

MOST_EVENTS = 1_000
# Events may be of a megabyte each, and the server answers others meanwhile.
MOST_LETTERS = 20_000_000
EVENTS_AT_ONCE = 25
MOST_PASSENGERS = 500
MOST_ORIGINS = 50

Event = tuple[MappedEvent, Traced]


class LineageFinder:
    """Finds the events behind values; `hash_key` is what names the nodes of the timeline.

    Nothing is stored for it: at most the newest `MOST_EVENTS` events of a profile are read, and
    fewer once their bodies hold more than `MOST_LETTERS`.
    """

    def __init__(self, store: Store, config_at: ConfigAt, hash_key: bytes) -> None:
        self._store = store
        self._config_at = config_at
        self._hash_key = hash_key

    def find(
        self, account: int, identifier: Identifier, only: Collection[str] | None, now: datetime
    ) -> tuple[FieldLineage, ...] | None:
        """Return the origins of `only` these fields (None: all that hold a value), by name.

        None if no profile has the identifier.
        """
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            config = self._config_at(conn).accounts[account]
            schema = config.schemas[-1]
            stored = find_stored(conn, account, schema, identifier)
            if stored is None:
                return None
            events, is_cut = self._events(conn, account, stored)
            said = _sayings(conn, account, stored, Mapper(config), events)
        wanted = None if only is None else frozenset(only)
        shown = Viewer(schema).view(stored.body.fragments, to_us(now), wanted)
        fields = {field.name: field for field in schema.fields}
        return tuple(
            _lineage(fields[name], said.get(fields[name].id, []), value, is_cut=is_cut)
            for name, value in sorted(shown.items())
        )

    def _events(
        self, conn: Connection, account: int, stored: StoredProfile
    ) -> tuple[list[LoggedEvent], bool]:
        """Return the newest events that mention the profile, and whether some are left out."""
        name = Names(self._hash_key).node(account)
        nodes = [name(part.identifier) for part in stored.body.fragments]
        standing = stored.body.standing
        carriers = standing.carriers if standing is not None else ()
        passengers = list_passengers(conn, account, set(carriers), limit=MOST_PASSENGERS)
        nodes += [name(passenger) for passenger, _ in passengers]
        places = latest_mentions(conn, account, nodes, limit=MOST_EVENTS + 1)
        events: list[LoggedEvent] = []
        letters = 0
        for start in range(0, min(len(places), MOST_EVENTS), EVENTS_AT_ONCE):
            if letters > MOST_LETTERS:
                return events, True
            chunk = places[start : min(start + EVENTS_AT_ONCE, MOST_EVENTS)]
            found = read_places(conn, chunk)
            letters += sum(len(event.body) for event in found)
            events += found
        return events, len(places) > MOST_EVENTS


def _sayings(
    conn: Connection,
    account: int,
    stored: StoredProfile,
    mapper: Mapper,
    events: Iterable[LoggedEvent],
) -> dict[int, list[Said[Event]]]:
    """Return what the events said of each field, as far as it went into this profile."""
    mapped = [
        (event, found) for event in events if isinstance(found := mapper.map(event), MappedEvent)
    ]
    nodes = {part.identifier for part in stored.body.fragments}
    strangers = {found.identifiers[0] for _, found in mapped} - nodes
    carriers = find_carriers(conn, account, strangers) if strangers else {}
    said: dict[int, list[Said[Event]]] = {}
    for event, found in mapped:
        # What an event says goes to its strongest identifier, or to what carries that.
        strongest = found.identifiers[0]
        if carriers.get(strongest, strongest) not in nodes:
            continue
        for traced in mapper.trace(event):
            one = Said(traced.value, found.occurred_us, (found, traced))
            said.setdefault(traced.field_id, []).append(one)
    return said


def _lineage(field: Field, said: list[Said[Event]], shown: object, *, is_cut: bool) -> FieldLineage:
    chosen, is_whole = choose_origins(field, said, shown)
    return FieldLineage(
        field=field.name,
        op=field.op,
        events=len({(one.event[0].lane, one.event[0].seq) for one in said}),
        origins=tuple(map(_origin, chosen[:MOST_ORIGINS])),
        left_out=max(len(chosen) - MOST_ORIGINS, 0),
        is_personal=field.is_pii,
        # The newest value is known to be the newest even where older events were not looked at.
        is_whole=is_whole and not (is_cut and field.op == "oldest"),
    )


def _origin(chosen: Chosen[Event]) -> Origin:
    event, traced = chosen.said.event
    return Origin(
        part=chosen.part,
        value=chosen.said.value,
        lane=event.lane,
        seq=event.seq,
        stream=event.stream,
        received_at=from_us(event.received_us),
        occurred_at=from_us(event.occurred_us),
        version=traced.version,
        expr=traced.mapping.expr,
        guard=traced.mapping.guard,
    )
