"""Webhooks: what their authorizations need to be told."""

from urllib.parse import urlsplit

from coterie.connectors.webhook.config import SECRET_LEAST, read_headers
from coterie.connectors.webhook.errors import BadWebhookConfigError
from coterie.control.provider_braze import is_private
from coterie.control.provider_forms import (
    BadConfigError,
    Config,
    ConfigField,
    Method,
    Provider,
    check_host,
)

OLD_SECRET = "old_secret"  # noqa: S105 - the name of an option
SECRETS = "signing_secrets"
"""How many secrets sign, where that is more than one: shown, and follows from the rest."""

WEBHOOK = Provider(
    slug="webhook",
    label="Webhook",
    description="Any address of yours: who enters and leaves, and what changes, as messages.",
    methods=(
        Method(
            slug="signed",
            label="Address and signing secret",
            fields=(
                ConfigField(
                    name="url",
                    label="Address",
                    required=True,
                    help="Where messages are sent, such as https://crm.example.com/hooks. Keep "
                    "passwords out of it: they belong into headers.",
                ),
                ConfigField(
                    name="secret",
                    label="Signing secret",
                    kind="secret",
                    required=True,
                    help="What the receiver checks signatures with: at least 16 characters, or "
                    "whsec_ and base64, as Standard Webhooks writes it.",
                ),
                ConfigField(
                    name=OLD_SECRET,
                    label="Old signing secret",
                    kind="secret",
                    help="Signs beside the other one as long as it is kept. A signing secret that "
                    "is replaced becomes the old one by itself.",
                ),
                ConfigField(
                    name="headers",
                    label="Headers",
                    kind="secret_lines",
                    help="Sent with each message, one a line, such as Authorization: Bearer abc.",
                ),
                ConfigField(
                    name="parallel",
                    label="Requests at once",
                    kind="number",
                    default=5,
                    lowest=1,
                    highest=20,
                    help="How many requests the receiver is sent at the same time at most.",
                ),
            ),
        ),
    ),
)


def check_webhook_access(config: Config) -> None:
    """Raise BadConfigError unless messages can be sent to the address."""
    _check_url(str(config.public["url"]))
    old = str(config.secret.get(OLD_SECRET, ""))
    for secret in (str(config.secret["secret"]), old):
        if secret and len(secret) < SECRET_LEAST:
            raise BadConfigError(
                message=f"A signing secret needs at least {SECRET_LEAST} characters."
            )
    if old == config.secret["secret"]:
        raise BadConfigError("The old signing secret is the same as the other. Leave it out.")
    if old:
        config.public[SECRETS] = 2
    try:
        read_headers(str(config.secret.get("headers", "")))
    except BadWebhookConfigError as error:
        raise BadConfigError(message=error.message) from error


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_whole = parts.port != 0 and bool(parts.hostname)
    except ValueError as error:
        raise BadConfigError("The address is not a URL. Write https://host/path.") from error
    if parts.scheme not in ("https", "http") or not is_whole or not parts.hostname:
        raise BadConfigError("The address is not a URL. Write https://host/path.")
    if "@" in parts.netloc or parts.fragment:
        # Not repeated, since it may hold a password.
        raise BadConfigError("An address holds no user name and no fragment. Use a header.")
    check_host(parts.hostname)
    if parts.scheme == "http" and not is_private(parts.hostname):
        raise BadConfigError(
            "The address would carry people's data in the open. Write https:// for a host that is "
            "not private."
        )
