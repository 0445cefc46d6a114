"""Binds what doors ask about streams to the store."""

from functools import partial

from coterie.api.dependencies import StreamCalls
from coterie.base.clock import Clock
from coterie.control.audit import Subject, record
from coterie.control.definitions.raw_keys import (
    accept_suggestion,
    choose_suggestion,
    with_mappings,
)
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.definitions.streams import get_stream, list_streams
from coterie.flow.inspect.store import list_keys
from coterie.flow.run.lookup import Lookup
from coterie.flow.run.repair import Repair, run_again
from coterie.model.control import Actor
from coterie.model.streams import KeyReport, RejectedReport
from coterie.model.views import EventView
from coterie.store import Store

LOG = "log"


class StreamDesk:
    """Answers about the streams of one store, and runs rejected events again."""

    def __init__(self, store: Store, lookup: Lookup, clock: Clock) -> None:
        self._store = store
        self._lookup = lookup
        self._clock = clock

    def calls(self) -> StreamCalls:
        """Return the functions that doors call."""
        return StreamCalls(
            list_all=partial(list_streams, self._store),
            keys=self.keys,
            events=self.events,
            rejected=self.rejected,
            run_again=self.run_again,
            map_key=self.map_key,
        )

    def keys(self, account: int, stream: str) -> list[KeyReport]:
        """Return what is known of a stream's raw keys. Raises UnknownStreamError."""
        get_stream(self._store, account, stream)
        schema = current_schema(self._store, account)
        with self._store.transaction() as conn:
            return with_mappings(schema, stream, list_keys(conn, account, stream))

    def events(self, account: int, stream: str, limit: int) -> tuple[EventView, ...]:
        """Return the newest events of a stream. Raises UnknownStreamError."""
        get_stream(self._store, account, stream)
        return self._lookup.latest_events(account, stream, limit)

    def rejected(self, account: int, stream: str, limit: int) -> list[RejectedReport]:
        """Return what waits for a repair, newest first. Raises UnknownStreamError."""
        get_stream(self._store, account, stream)
        refused = [
            RejectedReport(
                ref=str(one.id),
                received_at=one.received_at,
                source=one.source,
                position=one.position,
                reason=one.reason,
                body=one.body,
                is_cut=one.is_cut,
            )
            for one in self._lookup.rejected_events(account, stream, limit)
        ]
        failed = [
            RejectedReport(
                ref=f"{one.lane}-{one.seq}",
                received_at=one.received_at,
                source=LOG,
                position="",
                reason=f"{one.outcome}: {one.reason}",
                body=one.body,
                is_cut=one.is_cut,
            )
            for one in self._lookup.failed_events(account, stream, limit)
        ]
        newest = sorted(refused + failed, key=lambda one: one.received_at, reverse=True)
        return newest[:limit]

    def run_again(self, account: int, stream: str, ref: str, body: str | None, actor: Actor) -> int:
        """Run a rejected event again; return how many events it made.

        Raises UnknownRejectedError, or what is still wrong with it.
        """
        now = self._clock()
        repair = Repair(account=account, stream=stream, ref=ref, body=body)
        with self._store.transaction() as conn:
            made = run_again(conn, repair, actor=actor.name, now=now)
            detail = {"stream": stream, "edited": body is not None, "events": made}
            subject = Subject(account, "rejected_event", ref)
            record(conn, "repaired", subject, actor=actor, now=now, detail=detail)
        return made

    def map_key(self, account: int, stream: str, key: str, field: str, actor: Actor) -> int:
        """Publish the mapping suggested for a key; return the version of the schema.

        Raises NoSuggestionError, SchemaError.
        """
        schema = current_schema(self._store, account)
        known = self.keys(account, stream)
        suggestion = choose_suggestion(schema, stream, known, key, field=field)
        return accept_suggestion(
            self._store,
            account=account,
            stream=stream,
            suggestion=suggestion,
            actor=actor,
            clock=self._clock,
        ).version
