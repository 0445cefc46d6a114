"""Braze as a destination: its forms, its client, its limits under one roof."""

from collections.abc import Hashable, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from coterie.base.clock import Clock
from coterie.connectors.braze.client import BrazeClient
from coterie.connectors.braze.cohort_import import CohortImport
from coterie.connectors.braze.cohorts import cohort_of, write_changes
from coterie.connectors.braze.config import OBJECTS_PER_REQUEST, BrazeConfig, read_braze_config
from coterie.connectors.braze.forms import data_points, make_object, target_of
from coterie.connectors.destination import LIFE_SECONDS, Answer, Object, Target
from coterie.model.delivery import DestinationPlan, Load, QueueItem


class BrazeForms:
    """How Braze wants to be told; `flush_seconds` None: as the settings say."""

    def __init__(
        self,
        *,
        objects_per_request: int = OBJECTS_PER_REQUEST,
        flush_seconds: float | None = None,
        life_seconds: float = LIFE_SECONDS,
    ) -> None:
        self._objects = objects_per_request
        self._flush_seconds = flush_seconds
        self._life_seconds = life_seconds

    def target(self, plan: DestinationPlan) -> Target:
        """Return where the objects of a destination go."""
        target = target_of(
            plan.form, objects_per_request=self._objects, flush_seconds=self._flush_seconds
        )
        return msgspec.structs.replace(target, life_seconds=self._life_seconds)

    def make_object(self, plan: DestinationPlan, load: Load) -> Object | None:
        """Return the object that tells of a load, None if there is nothing to tell."""
        return make_object(plan, load)

    def company(self, plan: DestinationPlan, made: Object) -> Hashable:
        """Return the cohort, or the kinds of identifiers by which a deletion names its users."""
        if plan.form == "cohorts":
            return cohort_of(made)
        return tuple(made) if plan.form == "deletion" else ()

    def told(self, plan: DestinationPlan, load: Load) -> tuple[int, int]:  # noqa: ARG002
        """Return how many items of a load are put there, and how many taken away."""
        if isinstance(load, QueueItem):
            return 1, 0
        said = load.difference
        if not said.again:
            return len(said.put), len(said.drop)
        return len(said.put.keys() - said.again), len(frozenset(said.drop) - said.again)

    def data_points(self, plan: DestinationPlan, load: Load) -> int:
        """Return the data points that a load spends."""
        return data_points(plan.form, load)

    def sample(self, plan: DestinationPlan, made: Object) -> Any:
        """Return the body of a request that holds one object; that of a cohort without its keys."""
        if plan.form == "cohorts":
            return write_changes([made])
        return {self.target(plan).array: [made]}


class BrazeConnector(BrazeForms):
    """One REST API key. Use as an asynchronous context manager."""

    parallel: int | None = None

    def __init__(self, config: BrazeConfig, client: BrazeClient) -> None:
        super().__init__(
            objects_per_request=config.objects_per_request,
            flush_seconds=config.flush_seconds,
            life_seconds=config.request_life_seconds,
        )
        self._client = client
        self._cohorts = CohortImport(client, config.cohorts)

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection pool."""
        await self._client.__aexit__(kind, error, trace)

    async def send(
        self,
        plan: DestinationPlan,
        target: Target,
        objects: Sequence[Object],
    ) -> Answer:
        """Send objects of one form; return the fate of each."""
        if plan.form == "cohorts":
            return await self._cohorts.send(objects, names=plan.cohorts)
        return await self._client.send(target, objects)


def make_braze_connector(
    config: dict[str, Any], *, allow_private_addresses: bool, timeout: float, clock: Clock
) -> BrazeConnector:
    """Return the connector of an authorization.

    Raises `BadBrazeConfigError` or `UnknownInstanceError`.
    """
    checked = read_braze_config(config)
    client = BrazeClient(
        checked.url,
        checked.apikey,
        hidden=checked.cohorts.secrets if checked.cohorts else (),
        allow_private_addresses=allow_private_addresses,
        timeout=timeout,
        clock=clock,
    )
    return BrazeConnector(checked, client)


def read_braze_forms(public: dict[str, Any]) -> BrazeForms:
    """Return the forms of an authorization, of which the public part is enough."""
    return BrazeForms(
        objects_per_request=int(public.get("objects_per_request") or OBJECTS_PER_REQUEST)
    )
