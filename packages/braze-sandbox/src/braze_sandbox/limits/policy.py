"""Which limits hold for which calls."""

from braze_sandbox.limits.rate import Rate, read_rate
from braze_sandbox.settings import Settings

# Rates of braze.com/docs/api/api_limits (2026-09). `users.track` follows the contract; the figure
# here is the one that a live data-points account announced, the burst is documented. Of older
# accounts recordings show 2500/min for exports and 50000/min for tracking: see `limits`.
# `users.identity` is shared by alias, identify, merge and delete, `names` by the lists of events
# and attributes.
_DEFAULTS = {
    "users.track": "250000/h",
    "users.track.burst": "3000/3s",
    "users.track.bulk": "50/s",
    "users.track.sync": "500/min",
    "users.identity": "20000/min",
    "users.external_ids.rename": "1000/min",
    "users.external_ids.remove": "1000/min",
    "users.export.ids": "250/min",
    "users.export.ids.narrow": "40/s",
    "subscription.status.set": "5000/min",
    "campaigns.data_series": "50000/min",
    "catalogs": "50/min",
    "catalogs.items": "16000/min",
    "cohorts": "250000/h",
    "names": "1000/h",
    "messages": "250000/h",
    "messages.broadcast": "250/min",
    "messages.audience": "10/min",
    "other": "250000/h",
}
_BURSTS = {"users.track": "users.track.burst"}


def list_buckets() -> dict[str, str]:
    """Return the names of the limits with their default rates."""
    return dict(_DEFAULTS)


def check_limits(settings: Settings) -> None:
    """Raise BadRateError (400) if a limit in `settings` is not written as a rate."""
    for text in settings.limits.values():
        read_rate(text)


def find_rate(bucket: str, settings: Settings) -> Rate:
    """Return the rate of a bucket: the settings' own, else Braze's, else that of `other`.

    What follows a space in a bucket's name tells apart what is counted apart at one rate.
    """
    name = bucket.partition(" ")[0]
    known = name if name in settings.limits or name in _DEFAULTS else "other"
    return read_rate(settings.limits.get(known) or _DEFAULTS[known])


def find_burst(bucket: str) -> str | None:
    """Return the bucket of the short window that holds beside `bucket`."""
    return _BURSTS.get(bucket)
