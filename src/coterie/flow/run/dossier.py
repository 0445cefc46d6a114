"""Gathers all that is held about a person, for the person."""

from datetime import datetime

import msgspec

from coterie.flow.changes.read import changes_of
from coterie.flow.eventlog.read import read_places
from coterie.flow.exports.forget import list_told, names_of
from coterie.flow.profiles.timeline import latest_mentions
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.identities import IdentityExplainer
from coterie.flow.run.lookup import Lookup
from coterie.flow.run.names import Names
from coterie.model.erasure import Dossier, DossierChange, DossierDelivery, DossierEvent
from coterie.model.identifier_names import IdentifierNames
from coterie.model.mapped import Identifier
from coterie.store import Store, load_queries

SQL = load_queries("lookup")

MOST_EVENTS = 20_000
MOST_CHANGES = 20_000
EVENTS_AT_ONCE = 500


class DossierMaker:
    """Makes dossiers of one store; `hash_key` is what names the nodes of the timeline."""

    def __init__(self, store: Store, config_at: ConfigAt, hash_key: bytes) -> None:
        self._store = store
        self._config_at = config_at
        self._lookup = Lookup(store, config_at)
        self._explainer = IdentityExplainer(store, config_at, hash_key)
        self._hash_key = hash_key

    def make(self, account: int, identifier: Identifier, now: datetime) -> Dossier | None:
        """Return all that is held about the person of an identifier, None if there is nobody."""
        profile = self._lookup.find_profile(account, *identifier, now)
        graph = self._explainer.graph(account, identifier)
        if profile is None or graph is None:
            return None
        shown = [(node.field, node.value) for node in graph.nodes]
        name = Names(self._hash_key).node(account)
        recipients = names_of({value for _, value in shown})
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            called = IdentifierNames(self._config_at(conn).accounts[account].schemas[-1].fields)
            nodes = [called.stored(node) for node in shown]
            slugs = dict(conn.execute(SQL.audience_slugs, {"account": account}).fetchall())
            places = latest_mentions(
                conn, account, [name(node) for node in nodes], limit=MOST_EVENTS + 1
            )
            events = [
                DossierEvent(
                    stream=event.stream,
                    received_at=event.received_at,
                    occurred_at=event.occurred_at,
                    body=msgspec.Raw(event.body.encode()),
                )
                for start in range(0, min(len(places), MOST_EVENTS), EVENTS_AT_ONCE)
                for event in read_places(
                    conn, places[start : min(start + EVENTS_AT_ONCE, MOST_EVENTS)]
                )
            ]
            changes = changes_of(conn, account, profile.profile_id, limit=MOST_CHANGES)
            told = list_told(conn, account, recipients)
        return Dossier(
            made_at=now,
            profile=profile,
            identity=graph,
            events=tuple(sorted(events, key=lambda event: event.received_at)),
            changes=tuple(
                DossierChange(
                    kind=change.kind,
                    audience=slugs.get(change.audience_id or 0),
                    cause=change.cause,
                    changed_at=change.changed_at,
                )
                for change in changes
            ),
            deliveries=tuple(
                DossierDelivery(
                    destination=one.label,
                    attribute=one.attribute,
                    recipient=one.recipient,
                    told=tuple(sorted(one.told)),
                    settled_at=one.settled_at,
                )
                for one in told
            ),
            is_cut=len(places) > MOST_EVENTS,
        )
