"""The outside systems that can be authorized, and what each needs to be told."""

from typing import Any, Literal, NamedTuple
from unicodedata import category
from urllib.parse import urlsplit

import msgspec

from coterie.base.errors import UserError
from coterie.connectors.addresses import is_public
from coterie.connectors.braze.instances import REST_URLS, rest_url

# Names that no public server can have (RFC 6761, RFC 6762, RFC 8375, and ICANN's .internal).
PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".home.arpa", ".test")

FieldKind = Literal["text", "secret", "secret_lines", "number", "choice"]


class ConfigField(msgspec.Struct, frozen=True, kw_only=True):
    """One input of an authorization's form; a secret one is never shown again."""

    name: str
    label: str
    kind: FieldKind = "text"
    required: bool = False
    default: str | int = ""
    help: str = ""
    choices: tuple[str, ...] = ()
    lowest: int = 0
    highest: int = 0

    @property
    def is_secret(self) -> bool:
        """Whether the value is sealed and left out of every list."""
        return self.kind in ("secret", "secret_lines")


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """One way of proving oneself to a provider."""

    slug: str
    label: str
    fields: tuple[ConfigField, ...]


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """An outside system."""

    slug: str
    label: str
    description: str
    methods: tuple[Method, ...]


class Config(NamedTuple):
    """A checked configuration in two parts: `public` may be shown, `secret` may not."""

    public: dict[str, Any]
    secret: dict[str, Any]

    def merged(self) -> dict[str, Any]:
        """Return both parts as one."""
        return {**self.public, **self.secret}


class UnknownProviderError(UserError):
    """There is no such provider, or it has no such method."""

    code = "unknown_provider"


class BadConfigError(UserError):
    """A configuration lacks something or holds something wrong."""

    code = "bad_authorization_config"


_BRAZE = Provider(
    slug="braze",
    label="Braze",
    description="Customer engagement: audiences go out, people and their data come in.",
    methods=(
        Method(
            slug="api_key",
            label="REST API key",
            fields=(
                ConfigField(
                    name="apikey",
                    label="REST API key",
                    kind="secret",
                    required=True,
                    help="Made in Braze under Settings > APIs and Identifiers > API Keys, with the "
                    "permission users.track; users.export.ids lets the test look deeper.",
                ),
                ConfigField(
                    name="instance",
                    label="Braze instance",
                    kind="choice",
                    choices=tuple(REST_URLS),
                    help="Stands in the address of your Braze dashboard.",
                ),
                ConfigField(
                    name="endpoint_url",
                    label="REST endpoint URL",
                    help="In place of the instance, such as https://rest.iad-01.braze.com.",
                ),
                ConfigField(
                    name="objects_per_request",
                    label="Objects a request",
                    kind="number",
                    default=75,
                    lowest=1,
                    highest=75,
                    help="Braze takes 75 users a request; some contracts allow 50.",
                ),
                ConfigField(
                    name="array_limit",
                    label="Values an array holds",
                    kind="number",
                    default=500,
                    lowest=1,
                    highest=100_000,
                    help="Braze keeps 500 values in an array attribute, 25 under older contracts, "
                    "and silently drops the oldest above that.",
                ),
                ConfigField(
                    name="requests_per_minute",
                    label="Requests a minute",
                    kind="number",
                    default=60_000,
                    lowest=1,
                    highest=1_000_000,
                    help="What your contract allows of users/track, for estimates. Usual contracts "
                    "allow 3,000 requests in 3 seconds.",
                ),
            ),
        ),
    ),
)

_SFTP = Provider(
    slug="sftp",
    label="SFTP server",
    description="Files on a server of yours.",
    methods=(
        Method(
            slug="client_sftp",
            label="Client SFTP server",
            fields=(
                ConfigField(name="host", label="Host", required=True),
                ConfigField(
                    name="port", label="Port", kind="number", default=22, lowest=1, highest=65535
                ),
                ConfigField(name="username", label="User name", required=True),
                ConfigField(
                    name="password",
                    label="Password",
                    kind="secret",
                    help="Either a password or a private key.",
                ),
                ConfigField(
                    name="private_key",
                    label="Private key",
                    kind="secret_lines",
                    help="In OpenSSH form, without a passphrase.",
                ),
                ConfigField(
                    name="folder", label="Folder", help="Where files are looked for first."
                ),
                ConfigField(
                    name="known_host",
                    label="Host key",
                    help="The server's public key as `ssh-keyscan` prints it; without it any key "
                    "is taken.",
                ),
            ),
        ),
    ),
)

PROVIDERS = {provider.slug: provider for provider in (_BRAZE, _SFTP)}
"""All providers by slug."""


def find_method(provider: str, method: str) -> Method:
    """Return one way to authorize a provider. Raises UnknownProviderError."""
    known = PROVIDERS.get(provider)
    if known is None:
        raise UnknownProviderError(
            message=f"There is no provider {provider!r}. Choose from {', '.join(PROVIDERS)}."
        )
    for candidate in known.methods:
        if candidate.slug == method:
            return candidate
    slugs = ", ".join(candidate.slug for candidate in known.methods)
    raise UnknownProviderError(
        message=f"{known.label} has no method {method!r}. Choose from {slugs}."
    )


def check_config(provider: str, method: str, config: dict[str, Any]) -> Config:
    """Return a configuration with defaults filled in and secrets apart.

    For Braze `endpoint_url` is always set afterwards. Raises UnknownProviderError, BadConfigError,
    UnknownInstanceError.
    """
    fields = find_method(provider, method).fields
    unknown = sorted(set(config) - {field.name for field in fields})
    if unknown:
        known = ", ".join(field.name for field in fields)
        raise BadConfigError(message=f"There is no option {unknown[0]!r}. The options are {known}.")
    checked = Config({}, {})
    for field in fields:
        value = _read(field, config.get(field.name))
        if value not in ("", None):
            (checked.secret if field.is_secret else checked.public)[field.name] = value
    _EXTRA[provider](checked)
    return checked


def _read(field: ConfigField, value: Any) -> str | int:
    text = "" if value is None else str(value).strip()
    _check_characters(field, text)
    if not text:
        if field.required:
            raise BadConfigError(message=f"{field.label} is missing ({field.name}). Fill it in.")
        return field.default
    if field.kind == "number":
        return _read_number(field, text)
    return text


def _check_characters(field: ConfigField, text: str) -> None:
    allowed = "\t\r\n" if field.kind == "secret_lines" else ""
    # Cc are control characters, Cs halves of characters; neither can be sent.
    if any(category(char) in ("Cc", "Cs") and char not in allowed for char in text):
        raise BadConfigError(
            message=f"{field.label} ({field.name}) holds a line end or another character that "
            "cannot be read. Enter it again."
        )


def _read_number(field: ConfigField, text: str) -> int:
    if text.isascii() and text.isdigit() and field.lowest <= int(text[:9]) <= field.highest:
        return int(text)
    raise BadConfigError(
        message=f"{field.label} ({field.name}) must be a whole number from {field.lowest} to "
        f"{field.highest}."
    )


def _check_braze(config: Config) -> None:
    instance = config.public.get("instance")
    url = config.public.get("endpoint_url")
    if instance is not None:
        instance = instance.upper()
        if url is not None and url.rstrip("/") != rest_url(instance):
            raise BadConfigError(
                message=f"The endpoint URL is not that of instance {instance}. Give one of the two."
            )
        config.public["instance"] = instance
        config.public["endpoint_url"] = rest_url(instance)
        return
    if url is None:
        raise BadConfigError(
            "Give the Braze instance (instance) or the REST endpoint URL (endpoint_url)."
        )
    config.public["endpoint_url"] = _check_url(url)


def _check_url(url: str) -> str:
    if any(sign in url for sign in "@?#"):
        # Not repeated, since it may hold a password.
        raise BadConfigError(
            "What holds a user name, a query or a fragment is not a REST endpoint URL. Write "
            "https://host."
        )
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError as error:
        raise BadConfigError(message=f"{url!r} is not a URL. Write https://host.") from error
    if parts.scheme not in ("https", "http") or not parts.hostname or not has_port:
        raise BadConfigError(message=f"{url!r} is not a REST endpoint URL. Write https://host.")
    _check_host(parts.hostname)
    if parts.scheme == "http" and not _is_private(parts.hostname):
        raise BadConfigError(
            message=f"{url!r} would carry the API key in the open. Write https:// for a host that "
            "is not private."
        )
    return url.rstrip("/")


def _check_host(host: str) -> None:
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise BadConfigError(message=f"{host!r} cannot be the name of a host.") from error
    if any(char.isspace() for char in host):
        raise BadConfigError(message=f"{host!r} cannot be the name of a host. Take out the blanks.")


def _is_private(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        # A name without a dot is known to the local network alone; one of digits is an address.
        return host.endswith(PRIVATE_ENDINGS) or ("." not in host and host[0].isalpha())


def _check_sftp(config: Config) -> None:
    _check_host(config.public["host"])
    if ("password" in config.secret) == ("private_key" in config.secret):
        raise BadConfigError("Give either a password or a private key.")


_EXTRA = {"braze": _check_braze, "sftp": _check_sftp}
