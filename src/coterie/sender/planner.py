"""Says what the senders serve, whenever that has changed."""

from collections import defaultdict
from datetime import datetime, timedelta

from coterie.control.definitions.pipeline import current_epoch, load_config
from coterie.model.config import PipelineConfig
from coterie.model.delivery import DestinationPlan
from coterie.sender.dependencies import SenderDependencies

Plans = dict[int, list[DestinationPlan]]
"""The destinations of each authorization."""

# Quiet windows begin and end with the clock, on a full minute.
QUIET_LOOK = timedelta(seconds=5)


class Planner:
    """Looks at the definitions, and at the clock where a quiet window follows it."""

    def __init__(self, deps: SenderDependencies) -> None:
        self._deps = deps
        self._config: PipelineConfig | None = None
        self._plans: Plans = {}
        self._look_at: datetime | None = None

    def find_news(self) -> Plans | None:
        """Return all destinations if something changed since the last call, else None.

        Raises `StoreUnavailableError`.
        """
        now = self._deps.clock()
        config = self._read_config()
        is_due = self._look_at is not None and now >= self._look_at
        if config is self._config and not is_due:
            return None
        plans: Plans = defaultdict(list)
        for plan in self._deps.desk.list_destinations(config, now=now):
            plans[plan.authorization_id].append(plan)
        is_same = config is self._config and plans == self._plans
        self._config, self._plans = config, plans
        self._look_at = now + QUIET_LOOK if _has_quiet(config) else None
        return None if is_same else plans

    def _read_config(self) -> PipelineConfig:
        with self._deps.desk.store.transaction() as conn:
            if self._config is not None and self._config.epoch == current_epoch(conn):
                return self._config
            return load_config(conn)


def _has_quiet(config: PipelineConfig) -> bool:
    return any(
        export.quiet is not None
        for account in config.accounts.values()
        for export in account.exports
    )
