"""What an export would do, counted before it starts."""

from typing import Any

import msgspec

from coterie.model.views import OmittedView

USUAL_DAYS = 7
"""Of an export of events: those of how many days are counted."""

MOST_DAYS = 90


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


class FeedDryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a job that sends events on would have sent of those of the last `days`.

    Of the `events` that came in its streams `seen` were looked at, the newest; then all figures are
    projected to the whole (`is_estimate`). `chosen` are those that the job is about. Of them
    `omitted` could not be sent, by `reasons`, and some of their people are `omitted_people`;
    `objects` would be, in `requests` that take `minutes` at `requests_per_minute` if all are full.
    People are taken as they are now. `samples` are bodies of requests for one event each.
    """

    days: int
    events: int
    seen: int
    chosen: int
    objects: int
    requests: int
    minutes: float
    data_points: int
    omitted: int
    reasons: dict[str, int]
    requests_per_minute: int
    objects_per_request: int
    samples: tuple[Any, ...]
    omitted_people: tuple[OmittedView, ...]

    @property
    def is_estimate(self) -> bool:
        """Say whether the figures are projected from the newest events."""
        return self.seen < self.events
