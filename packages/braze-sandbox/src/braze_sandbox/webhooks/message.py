"""The request that a campaign sends to its receiver for one user."""

import json
from typing import Any

import msgspec

from braze_sandbox.liquid.template import Template
from braze_sandbox.model.campaign import Webhook


class Message(msgspec.Struct, frozen=True):
    """A rendered request."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class MessageTemplate:
    """A webhook with its templates parsed."""

    def __init__(self, webhook: Webhook) -> None:
        """Parse; raise BadTemplateError or UnclosedLiquidError (400)."""
        self._method = webhook.method
        self._url = Template(webhook.url)
        self._headers = {name: Template(text) for name, text in webhook.headers.items()}
        body = webhook.body
        self._text = Template(body) if isinstance(body, str) else None
        pairs = {} if isinstance(body, str) else body
        self._pairs = {name: Template(text) for name, text in pairs.items()}

    def render(self, variables: dict[str, Any]) -> Message:
        """Return the request for one user.

        Raise AbortedMessageError if a template aborts, RenderError if one fails.
        """
        body = self._render_body(variables)
        headers = {name: text.render(variables) for name, text in self._headers.items()}
        if body and "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = _infer_content_type(body)
        url = self._url.render(variables).strip()
        return Message(self._method, url, headers, body.encode())

    def _render_body(self, variables: dict[str, Any]) -> str:
        if self._text is not None:
            return self._text.render(variables)
        pairs = {name: text.render(variables) for name, text in self._pairs.items()}
        return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))


def _infer_content_type(body: str) -> str:
    try:
        msgspec.json.decode(body.encode())
    except msgspec.DecodeError:
        form = "=" in body and "\n" not in body and " " not in body
        return "application/x-www-form-urlencoded" if form else "text/plain"
    return "application/json"
