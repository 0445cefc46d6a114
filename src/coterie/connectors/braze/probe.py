"""Tries a Braze authorization for real, without changing anything there."""

import asyncio
from typing import Any

from coterie.base.errors import CoterieError
from coterie.connectors.braze.answers import RawAnswer, message_of, raise_for_status
from coterie.connectors.braze.client import BrazeClient
from coterie.connectors.braze.cohort_import import CohortImport
from coterie.connectors.braze.config import BrazeConfig, read_braze_config
from coterie.connectors.braze.errors import BrazeEndpointError
from coterie.connectors.braze.forms import DELETE
from coterie.model.control import ProbeResult

PROBE_TIMEOUT = 10.0
NO_DELETION = (
    "The key lacks the permission users.delete, so that people who are forgotten here cannot be "
    "deleted in Braze. Create a key with users.track and users.delete under Settings > APIs and "
    "Identifiers in Braze and save it here, or change the jobs so that they do not delete."
)


def probe_braze(
    config: dict[str, Any], *, allow_private_addresses: bool, timeout: float = PROBE_TIMEOUT
) -> ProbeResult:
    """Send empty requests; return whether the key may write, `detail` with the cure if not.

    Braze checks keys and their permissions first and then refuses the body, so nothing is written,
    nobody is deleted and no data point is used. A key that may write and not delete passes with a
    caution. Access to cohorts is tried in the same way, where the authorization has it. Not to be
    called from a running event loop.
    """
    try:
        checked = read_braze_config(config)
        return asyncio.run(_try(checked, allow_private=allow_private_addresses, seconds=timeout))
    except CoterieError as error:
        return ProbeResult(ok=False, detail=error.trial)


async def _try(config: BrazeConfig, *, allow_private: bool, seconds: float) -> ProbeResult:
    client = BrazeClient(
        config.url,
        config.apikey,
        hidden=config.cohorts.secrets if config.cohorts else (),
        allow_private_addresses=allow_private,
        timeout=seconds,
    )
    async with client:
        _judge(await client.post("/users/track", {"attributes": []}))
        if config.cohorts is not None:
            await CohortImport(client, config.cohorts).probe()
        try:
            may_delete = _may(await client.post(DELETE, {}))
        except CoterieError:
            # The key works; what else it may is asked again the next time.
            may_delete = None
    allowed = "users.track and users.delete" if may_delete else "users.track"
    partner = f", and cohorts of the partner {config.cohorts.partner}" if config.cohorts else ""
    return ProbeResult(
        ok=True,
        detail=f"{config.url} accepts the key with {allowed}{partner}.",
        caution=NO_DELETION if may_delete is False else "",
    )


def _judge(answer: RawAnswer) -> None:
    raise_for_status(answer)
    # A page of some other server may answer 400 too; Braze's answers are JSON with a message.
    if message_of(answer) == answer.text:
        raise BrazeEndpointError(status=answer.status, url=answer.url)


def _may(answer: RawAnswer) -> bool | None:
    """Say whether a key that is known to be good has the permission; None if that is not told."""
    if answer.status in (401, 403):
        return False
    return True if answer.status == 400 else None
