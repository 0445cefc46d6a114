"""What an authorization for a webhook holds."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from coterie.connectors.webhook.errors import BadWebhookConfigError

PARALLEL = 5
HEADERS_LIMIT = 20
SECRET_LEAST = 16
# RFC 9110, "Field Names"; those that we write ourselves or that steer the connection are ours.
NAME_FORM = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
OUR_HEADERS = frozenset({
    "connection", "content-encoding", "content-length", "content-type", "expect", "host", "te",
    "trailer", "transfer-encoding", "upgrade", "webhook-id", "webhook-signature",
    "webhook-timestamp",
})  # fmt: skip


class WebhookAccess(msgspec.Struct, frozen=True, kw_only=True):
    """The address of a receiver, what it is told about us, and how much it takes at once.

    With `old_secret` each message has two signatures, while receivers learn the new secret.
    """

    url: Annotated[str, msgspec.Meta(min_length=1)]
    secret: Annotated[str, msgspec.Meta(min_length=SECRET_LEAST)]
    old_secret: str = ""
    headers: str = ""
    parallel: Annotated[int, msgspec.Meta(ge=1, le=20)] = PARALLEL

    def __repr__(self) -> str:
        """Return the access without its secrets."""
        return f"WebhookAccess(host={self.host!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that sign, the newest first."""
        return (self.secret, self.old_secret) if self.old_secret else (self.secret,)

    @property
    def host(self) -> str:
        """The name of the receiver's host, which errors call it."""
        return urlsplit(self.url).hostname or self.url


def read_webhook_access(config: dict[str, Any]) -> WebhookAccess:
    """Return a checked config; unset values may be missing, empty or None.

    Raises `BadWebhookConfigError`.
    """
    given = {key: value for key, value in config.items() if value not in (None, "")}
    try:
        access = msgspec.convert(given, WebhookAccess, strict=False)
        parts = urlsplit(access.url)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadWebhookConfigError(reason=str(error)) from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise BadWebhookConfigError(reason="the address is none of https://host")
    read_headers(access.headers)
    return access


def read_headers(text: str) -> dict[str, str]:
    """Return headers of lines such as `X-Team: crm`. Raises `BadWebhookConfigError`."""
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = (part.strip() for part in line.partition(":"))
        # The value may be a password, so errors name no more than the line's name.
        if not colon or NAME_FORM.fullmatch(name) is None or not value.isprintable():
            raise BadWebhookConfigError(reason="a header is not written as Name: value")
        if name.lower() in OUR_HEADERS:
            raise BadWebhookConfigError(reason=f"the header {name} is written by Coterie itself")
        found[name] = value
    if len(found) > HEADERS_LIMIT:
        raise BadWebhookConfigError(reason=f"there are more than {HEADERS_LIMIT} headers")
    return found
