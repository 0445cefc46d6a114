"""Tries a Braze authorization for real, without changing anything there."""

import asyncio
from typing import Any

from coterie.base.errors import CoterieError
from coterie.connectors.braze.answers import RawAnswer, message_of, raise_for_status
from coterie.connectors.braze.client import BrazeClient
from coterie.connectors.braze.config import BrazeConfig, read_braze_config
from coterie.connectors.braze.errors import BrazeEndpointError
from coterie.model.control import ProbeResult

PROBE_TIMEOUT = 10.0


def probe_braze(
    config: dict[str, Any], *, allow_private_addresses: bool, timeout: float = PROBE_TIMEOUT
) -> ProbeResult:
    """Send an empty /users/track; return whether the key may write, `detail` with the cure if not.

    Braze checks the key and its permission first and then refuses the body, so nothing is written
    and no data point is used. Not to be called from a running event loop.
    """
    try:
        checked = read_braze_config(config)
        answer = asyncio.run(_ask(checked, allow_private=allow_private_addresses, seconds=timeout))
        _judge(answer)
    except CoterieError as error:
        return ProbeResult(ok=False, detail=error.message)
    return ProbeResult(ok=True, detail=f"{checked.url} accepts the key with users.track.")


async def _ask(config: BrazeConfig, *, allow_private: bool, seconds: float) -> RawAnswer:
    client = BrazeClient(
        config.url, config.apikey, allow_private_addresses=allow_private, timeout=seconds
    )
    async with client:
        return await client.post("/users/track", {"attributes": []})


def _judge(answer: RawAnswer) -> None:
    raise_for_status(answer)
    # A page of some other server may answer 400 too; Braze's answers are JSON with a message.
    if message_of(answer) == answer.text:
        raise BrazeEndpointError(status=answer.status, url=answer.url)
