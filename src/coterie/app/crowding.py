"""Finds users who would hold more audiences than an array attribute of Braze keeps."""

from collections.abc import Iterator

from coterie.base.clock import Clock
from coterie.connectors.braze.config import ARRAY_LIMIT
from coterie.control.authorizations import get_authorization
from coterie.control.definitions.pipeline import load_config
from coterie.control.jobs import get_job
from coterie.flow.exports.destinations import list_destinations
from coterie.flow.exports.standing import count_above
from coterie.model.delivery import Crowded, DestinationPlan
from coterie.store import Store


class Crowding:
    """Asks the outbox; nothing is read where no user can have so many values."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def of_job(self, account: int, job_id: int) -> Crowded | None:
        """Return what is wrong at the destination of a job, None if nothing is.

        Raises UnknownJobError.
        """
        destination = get_job(self._store, account, job_id).destination_id
        found = (plan for plan in self._plans() if plan.id == destination)
        return next((crowded for plan in found if (crowded := self._look(plan))), None)

    def of_all(self) -> Iterator[tuple[int, Crowded]]:
        """Yield account and finding of each destination where something is wrong."""
        for plan in self._plans():
            crowded = self._look(plan)
            if crowded is not None:
                yield plan.account, crowded

    def _plans(self) -> list[DestinationPlan]:
        with self._store.transaction() as conn:
            return list_destinations(conn, load_config(conn), now=self._clock())

    def _look(self, plan: DestinationPlan) -> Crowded | None:
        if plan.form != "array" or len(plan.standing) <= 1:
            return None
        public = get_authorization(self._store, plan.account, plan.authorization_id).public_config
        limit = int(public.get("array_limit") or ARRAY_LIMIT)
        if len(plan.standing) <= limit:
            return None
        with self._store.transaction() as conn:
            users = count_above(conn, plan.id, limit=limit)
        return Crowded(destination=plan.id, users=users, limit=limit) if users else None
