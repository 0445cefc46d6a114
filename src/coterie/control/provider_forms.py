"""What the outside systems that can be authorized are made of."""

from typing import Any, Literal, NamedTuple

import msgspec

from coterie.base.errors import UserError

FieldKind = Literal["text", "lines", "secret", "secret_lines", "number", "choice"]


class ConfigField(msgspec.Struct, frozen=True, kw_only=True):
    """One input of an authorization's form; a secret one is never shown again.

    `choices` bind if `is_strict`; otherwise what is done with others is the provider's to say.
    """

    name: str
    label: str
    kind: FieldKind = "text"
    required: bool = False
    default: str | int = ""
    help: str = ""
    choices: tuple[str, ...] = ()
    is_strict: bool = False
    lowest: int = 0
    highest: int = 0

    @property
    def is_secret(self) -> bool:
        """Whether the value is sealed and left out of every list."""
        return self.kind in ("secret", "secret_lines")


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """One way of proving oneself to a provider; `purpose` says what for, where that is limited."""

    slug: str
    label: str
    fields: tuple[ConfigField, ...]
    purpose: str = ""
    is_export_only: bool = False


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


def check_host(host: str) -> None:
    """Raise BadConfigError for what cannot be the name of a host."""
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise BadConfigError(message=f"{host!r} cannot be the name of a host.") from error
    if any(char.isspace() for char in host):
        raise BadConfigError(message=f"{host!r} cannot be the name of a host. Take out the blanks.")
