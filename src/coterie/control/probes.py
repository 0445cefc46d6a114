"""Which function tries which provider's authorizations."""

import functools
from collections.abc import Mapping

from coterie.connectors.braze.probe import probe_braze
from coterie.connectors.sftp import probe_sftp
from coterie.control.authorizations import Probe


def build_probes(*, allow_private_addresses: bool) -> Mapping[str, Probe]:
    """Return what tries the authorizations of each provider."""
    tries = {"braze": probe_braze, "sftp": probe_sftp}
    return {
        provider: functools.partial(probe, allow_private_addresses=allow_private_addresses)
        for provider, probe in tries.items()
    }


def choose_probe(provider: str, *, allow_private_addresses: bool) -> Probe | None:
    """Return what tries an authorization of this provider, None if nothing can."""
    return build_probes(allow_private_addresses=allow_private_addresses).get(provider)
