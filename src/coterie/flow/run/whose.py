"""Whose events are, as people are now."""

from collections.abc import Sequence

from coterie.flow.identity.owners import find_owners
from coterie.model.mapped import MappedEvent
from coterie.model.profile import ProfileId
from coterie.store import Connection


def find_actors(
    conn: Connection, account: int, events: Sequence[MappedEvent]
) -> dict[tuple[int, int], ProfileId]:
    """Return the profile of each event, by lane and number, whose person is known."""
    named = {identifier for event in events for identifier in event.identifiers}
    owners = find_owners(conn, account, named)
    found: dict[tuple[int, int], ProfileId] = {}
    for event in events:
        # Strongest first: whose the event is.
        owner = next((owners[one] for one in event.identifiers if one in owners), None)
        if owner is not None:
            found[event.lane, event.seq] = owner
    return found
