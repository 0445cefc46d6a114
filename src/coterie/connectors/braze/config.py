"""What an authorization for Braze holds."""

from typing import Annotated, Any

import msgspec

from coterie.base.errors import UserError
from coterie.connectors.braze.cohorts import CohortAccess
from coterie.connectors.braze.instances import rest_url
from coterie.connectors.destination import LIFE_SECONDS

# Braze takes 75 attributes objects a request, 50 under some contracts (docs of users/track).
OBJECTS_PER_REQUEST = 75
# Docs of array attributes; older contracts hold 25.
ARRAY_LIMIT = 500
# Burst of data-point contracts: 3,000 requests in 3 seconds (docs of API limits).
REQUESTS_PER_MINUTE = 60_000


class BadBrazeConfigError(UserError):
    """An authorization's config lacks something or holds a value of the wrong kind."""

    code = "bad_braze_config"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"The Braze authorization cannot be used: {reason}. Correct and save it.")


class BrazeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Access to one Braze workspace: `endpoint_url` wins over `instance` if both are given.

    A request leaves with `objects_per_request` objects, or with fewer if none with fewer left in
    the last `flush_seconds` (None: as the settings of the installation say). A request that
    had no answer may be worked for `request_life_seconds` after it was given up. The three
    `cohort_…` let a partner of Braze import cohorts.
    """

    apikey: Annotated[str, msgspec.Meta(min_length=1)]
    instance: str = ""
    endpoint_url: str = ""
    objects_per_request: Annotated[int, msgspec.Meta(ge=1, le=75)] = OBJECTS_PER_REQUEST
    flush_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] | None = None
    request_life_seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = LIFE_SECONDS
    array_limit: Annotated[int, msgspec.Meta(ge=1)] = ARRAY_LIMIT
    requests_per_minute: Annotated[int, msgspec.Meta(ge=1)] = REQUESTS_PER_MINUTE
    cohort_partner: str = ""
    cohort_partner_key: str = ""
    cohort_import_key: str = ""

    def __repr__(self) -> str:
        """Return the config without the key."""
        return f"BrazeConfig(url={self.url!r})"

    @property
    def url(self) -> str:
        """The REST endpoint. Raises `UnknownInstanceError`."""
        return self.endpoint_url.rstrip("/") or rest_url(self.instance)

    @property
    def cohorts(self) -> CohortAccess | None:
        """What opens the cohorts, None if they are closed."""
        if not (self.cohort_partner and self.cohort_partner_key and self.cohort_import_key):
            return None
        return CohortAccess(self.cohort_partner, self.cohort_partner_key, self.cohort_import_key)


def read_braze_config(config: dict[str, Any]) -> BrazeConfig:
    """Return a checked config; unset values may be missing, empty or None.

    Raises `BadBrazeConfigError` or `UnknownInstanceError`.
    """
    given = {key: value for key, value in config.items() if value not in (None, "")}
    try:
        checked = msgspec.convert(given, BrazeConfig, strict=False)
    except msgspec.ValidationError as error:
        raise BadBrazeConfigError(reason=str(error)) from error
    if not checked.url.startswith(("https://", "http://")):
        reason = f"the endpoint URL {checked.url!r} does not start with https://"
        raise BadBrazeConfigError(reason=reason)
    return checked
