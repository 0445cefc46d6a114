"""What an export would do, counted before it starts."""

from typing import Any

import msgspec

from coterie.model.views import OmittedView


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of an export that nobody has started, or of a change that nobody has made.

    Of `members` people in the audiences `seen` were looked at, in a random sample if that is fewer;
    then all figures are projected to the whole (`is_estimate`). `users` would be written to, with
    `added` and `removed` values; `requests` take about `minutes` at `requests_per_minute`;
    `data_points` is what the destination bills. `reasons` counts the `omitted` by reason, and
    `omitted_people` are some of them. `over_limit` users would hold more than `array_limit` values,
    of which the destination drops the oldest. `cleaned` users lose what a change gives up and
    cleans up, beside those figures. `samples` are bodies of requests for one user each.
    """

    members: int
    seen: int
    users: int
    added: int
    removed: int
    requests: int
    minutes: float
    data_points: int
    omitted: int
    reasons: dict[str, int]
    over_limit: int
    array_limit: int
    requests_per_minute: int
    objects_per_request: int
    samples: tuple[Any, ...]
    omitted_people: tuple[OmittedView, ...]
    cleaned: int = 0

    @property
    def is_estimate(self) -> bool:
        """Say whether the figures are projected from a sample."""
        return self.seen < self.members
