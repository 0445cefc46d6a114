"""Which function tries which provider's authorizations.

What speaks to a provider is imported when one of its authorizations is tried: all of it takes half
a second.
"""

import functools
from collections.abc import Mapping
from typing import Any

from coterie.base.errors import CoterieError
from coterie.base.settings import Settings
from coterie.control.authorizations import Probe
from coterie.model.control import ProbeResult


def build_probes(settings: Settings) -> Mapping[str, Probe]:
    """Return what tries the authorizations of each provider."""
    return {
        "braze": functools.partial(_probe_braze, settings),
        "sftp": functools.partial(_probe_files, settings),
        "webhook": functools.partial(_probe_webhook, settings),
    }


def choose_probe(provider: str, settings: Settings) -> Probe | None:
    """Return what tries an authorization of this provider, None if nothing can."""
    return build_probes(settings).get(provider)


def _probe_braze(settings: Settings, config: dict[str, Any]) -> ProbeResult:
    from coterie.connectors.braze.probe import probe_braze

    return probe_braze(config, allow_private_addresses=settings.allow_private_addresses)


def _probe_webhook(settings: Settings, config: dict[str, Any]) -> ProbeResult:
    from coterie.connectors.webhook.probe import probe_webhook

    return probe_webhook(config, allow_private_addresses=settings.allow_private_addresses)


def _probe_files(settings: Settings, config: dict[str, Any]) -> ProbeResult:
    if config.get("host"):
        from coterie.connectors.sftp.probe import probe_sftp

        return probe_sftp(config, allow_private_addresses=settings.allow_private_addresses)
    return probe_managed(settings, config)


def probe_managed(settings: Settings, config: dict[str, Any]) -> ProbeResult:
    """Look at the keys of a user of our own SFTP server, and whether that runs at all."""
    from coterie.connectors.pgp.keys import check_pgp_keys
    from coterie.connectors.sftp.keys import check_public_keys

    if not settings.sftp_port:
        return ProbeResult(
            ok=False,
            detail="Coterie's SFTP server is off. Set COTERIE_SFTP_PORT, such as to 2022, and "
            "start Coterie again.",
        )
    try:
        keys = check_public_keys(str(config.get("public_key") or ""))
        about_pgp = check_pgp_keys(config)
    except CoterieError as error:
        return ProbeResult(ok=False, detail=error.message)
    ways = ["a password"] if config.get("password") else []
    ways += [f"the key {each}" for each in keys]
    where = f"{settings.sftp_name or settings.sftp_host}, port {settings.sftp_port}"
    said = [f"Clients sign in at {where} as {config.get('username')} with {' or '.join(ways)}"]
    return ProbeResult(ok=True, detail="; ".join([*said, *about_pgp]) + ".")
