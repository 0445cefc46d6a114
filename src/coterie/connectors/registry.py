"""Which connector speaks to the destinations of which provider."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import PermanentError
from coterie.connectors.braze.connector import make_braze_connector, read_braze_forms
from coterie.connectors.destination import Connector, Forms
from coterie.connectors.webhook.connector import make_webhook_connector, read_webhook_forms


class NoDestinationError(PermanentError):
    """Nothing can be sent with an authorization of this provider."""

    code = "no_destination"

    def __init__(self, *, provider: str) -> None:
        super().__init__(
            f"Nothing can be sent to {provider}. Choose an authorization for one of "
            f"{', '.join(DESTINATIONS)}."
        )


class _Destination(msgspec.Struct, frozen=True):
    connect: Callable[..., Connector]
    forms: Callable[[dict[str, Any]], Forms]


DESTINATIONS: Mapping[str, _Destination] = {
    "braze": _Destination(make_braze_connector, read_braze_forms),
    "webhook": _Destination(make_webhook_connector, read_webhook_forms),
}
"""By provider."""


def make_connector(
    provider: str,
    config: dict[str, Any],
    *,
    allow_private_addresses: bool,
    timeout: float,
    clock: Clock,
) -> Connector:
    """Return the connector of an authorization; `timeout` is in seconds for a whole request.

    Raises `NoDestinationError`, or what the provider says of a config that it cannot use.
    """
    return _find(provider).connect(
        config, allow_private_addresses=allow_private_addresses, timeout=timeout, clock=clock
    )


def read_forms(provider: str, public: dict[str, Any]) -> Forms:
    """Return how a provider is told, by the public part of an authorization.

    Raises `NoDestinationError`.
    """
    return _find(provider).forms(public)


def _find(provider: str) -> _Destination:
    found = DESTINATIONS.get(provider)
    if found is None:
        raise NoDestinationError(provider=provider)
    return found
