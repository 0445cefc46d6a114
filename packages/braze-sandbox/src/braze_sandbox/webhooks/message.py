"""The request that a campaign sends to its receiver for one user."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from braze_sandbox.liquid.blocks import expand_blocks
from braze_sandbox.liquid.template import Template
from braze_sandbox.model.campaign import Webhook
from braze_sandbox.model.content_block import ContentBlock


class Message(msgspec.Struct, frozen=True):
    """A rendered request."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class MessageTemplate:
    """A webhook with its templates parsed."""

    def __init__(self, webhook: Webhook, blocks: Mapping[str, ContentBlock]) -> None:
        """Parse, with `blocks` in the places that name them.

        Raise BadTemplateError, UnclosedLiquidError or UnknownBlockError (400).
        """
        texts = {name: block.content for name, block in blocks.items()}

        def parse(text: str) -> Template:
            return Template(expand_blocks(text, texts))

        self._method = webhook.method
        self._url = parse(webhook.url)
        self._headers = {name: parse(text) for name, text in webhook.headers.items()}
        body = webhook.body
        self._text = parse(body) if isinstance(body, str) else None
        pairs = {} if isinstance(body, str) else body
        self._pairs = {name: parse(text) for name, text in pairs.items()}

    async def render(self, variables: dict[str, Any]) -> Message:
        """Return the request for one user.

        Raise AbortedMessageError if a template aborts, RenderError if one fails.
        """
        body = await self._render_body(variables)
        headers = {n: await text.render_async(variables) for n, text in self._headers.items()}
        if body and "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = _infer_content_type(body)
        url = await self._url.render_async(variables)
        return Message(self._method, url.strip(), headers, body.encode())

    async def _render_body(self, variables: dict[str, Any]) -> str:
        if self._text is not None:
            return await self._text.render_async(variables)
        pairs = {n: await text.render_async(variables) for n, text in self._pairs.items()}
        return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))


def _infer_content_type(body: str) -> str:
    try:
        msgspec.json.decode(body.encode())
    except msgspec.DecodeError:
        form = "=" in body and "\n" not in body and " " not in body
        return "application/x-www-form-urlencoded" if form else "text/plain"
    return "application/json"
