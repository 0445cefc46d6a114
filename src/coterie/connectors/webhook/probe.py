"""Tries a webhook with a signed message that means nothing."""

import asyncio
from typing import Any

from coterie.base.clock import system_clock
from coterie.base.errors import CoterieError
from coterie.base.ids import new_id
from coterie.connectors.webhook.config import read_webhook_access
from coterie.connectors.webhook.connector import WebhookConnector
from coterie.model.control import ProbeResult

PROBE_TIMEOUT = 10.0
BODY = b'{"type":"test"}'


def probe_webhook(
    config: dict[str, Any], *, allow_private_addresses: bool, timeout: float = PROBE_TIMEOUT
) -> ProbeResult:
    """Post `{"type":"test"}`, signed; return what came of it. Not to be called from an event loop.

    A receiver that knows no such message may refuse it (400, 422) and is alive all the same.
    """
    try:
        access = read_webhook_access(config)
        connector = WebhookConnector(
            access,
            allow_private_addresses=allow_private_addresses,
            timeout=timeout,
            clock=system_clock,
        )
        status = asyncio.run(_ask(connector))
    except CoterieError as error:
        return ProbeResult(ok=False, detail=error.trial)
    if 200 <= status < 300:
        return ProbeResult(ok=True, detail=f"{access.host} took a test message ({status}).")
    if status in (400, 422):
        said = f"{access.host} answers, and refused the test message (status {status})."
        return ProbeResult(ok=True, detail=said)
    said = f"{access.host} answered a test message with status {status}. Correct the address, the "
    return ProbeResult(ok=False, detail=said + "headers or the secret; redirects are not followed.")


async def _ask(connector: WebhookConnector) -> int:
    async with connector:
        answer = await connector.post(
            "POST", BODY, content_type="application/json", message_id=f"test_{new_id()}"
        )
        return answer[0]
