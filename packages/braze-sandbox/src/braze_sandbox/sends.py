"""The requests that send messages: who is meant, with which properties."""

from typing import Any

import msgspec

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.mail import Occasion
from braze_sandbox.model.profile import Alias
from braze_sandbox.settings import Settings
from braze_sandbox.users.naming import Name, read_alias, read_rules
from braze_sandbox.users.requests import as_text

_PROPERTIES_BYTES = 50 * 1024
_TOO_MANY = "The max number of external_ids and aliases per request was exceeded"


class SendRequestError(RefusedError):
    """A send that Braze would not take."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """A recipient as named: attributes that are written first, whether it may be created."""

    name: Name
    occasion: Occasion
    attributes: dict[str, Any] = {}
    existing_only: bool = True

    def as_attributes(self) -> dict[str, Any]:
        """Return the attributes object that writes what came with the recipient."""
        value = self.name.value
        who: Any = value
        if isinstance(value, Alias):
            who = {"alias_name": value.name, "alias_label": value.label}
        choice = {"_update_existing_only": self.existing_only}
        return {**self.attributes, self.name.kind: who, **choice}


class Send(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a request addresses: these, or all in the segment that also meet `audience`."""

    addressees: tuple[Addressee, ...]
    occasion: Occasion
    audience: dict[str, Any] | None
    broadcast: bool

    def is_wide(self) -> bool:
        """Tell whether a segment is addressed and not single users."""
        return self.broadcast or self.audience is not None


def read_trigger(body: Any, settings: Settings, *, properties: tuple[str, ...]) -> Send:
    """Return whom a trigger send addresses; raise SendRequestError (400).

    `properties` are the keys that may hold the properties, the newest name first.
    """
    request = body if isinstance(body, dict) else {}
    shared = _read_properties(request, properties)
    recipients = request.get("recipients", [])
    if not isinstance(recipients, list) or not all(isinstance(r, dict) for r in recipients):
        raise SendRequestError("'recipients' must be an array of objects")
    if len(recipients) > settings.user_ids:
        raise SendRequestError(_TOO_MANY)
    send = Send(
        addressees=tuple(_read_addressee(r, shared, properties) for r in recipients),
        occasion=_occasion(shared, properties),
        audience=read_audience(request),
        broadcast=request.get("broadcast") is True,
    )
    check_scope(send)
    return send


def read_audience(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return the connected audience object of a request; raise SendRequestError (400)."""
    audience = request.get("audience")
    if audience is not None and not isinstance(audience, dict):
        raise SendRequestError("'audience' must be an object")
    return audience


def check_scope(send: Send) -> None:
    """Raise SendRequestError (400) unless either users or a segment are addressed."""
    if send.broadcast and send.addressees:
        raise SendRequestError("'broadcast' and 'recipients' exclude each other")
    if not send.addressees and not send.is_wide():
        raise SendRequestError("No Recipients")


def _read_addressee(
    item: dict[str, Any], shared: dict[str, Any], properties: tuple[str, ...]
) -> Addressee:
    name = read_recipient(item)
    if name is None:
        raise SendRequestError(
            "each recipient needs one of 'external_user_id', 'user_alias', 'braze_id' or 'email' "
            "with 'prioritization'"
        )
    attributes, existing_only = item.get("attributes"), item.get("send_to_existing_only", True)
    if not existing_only and not attributes:
        raise SendRequestError("'send_to_existing_only' false needs 'attributes'")
    own = _read_properties(item, properties)
    return Addressee(
        name=name,
        occasion=_occasion({**shared, **own}, properties),
        attributes=attributes if isinstance(attributes, dict) else {},
        existing_only=bool(existing_only),
    )


def read_recipient(item: dict[str, Any]) -> Name | None:
    """Return the one user that a recipient object names, None if it names none."""
    if item.get("external_user_id") is not None:
        text = as_text(item["external_user_id"])
        return Name("external_id", text) if text else None
    if item.get("user_alias") is not None:
        alias = read_alias(item["user_alias"])
        return None if alias is None else Name("user_alias", alias)
    if item.get("braze_id") is not None:
        return Name("braze_id", as_text(item["braze_id"]))
    rules = read_rules(item)
    email = as_text(item.get("email"))
    return Name("email", email, rules) if email and rules else None


def _read_properties(item: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        value = item.get(name)
        if value is None:
            continue
        if not isinstance(value, dict) or len(msgspec.json.encode(value)) > _PROPERTIES_BYTES:
            message = f"'{name}' must be an object of at most 50 KB"
            raise SendRequestError(message)
        return value
    return {}


def _occasion(properties: dict[str, Any], names: tuple[str, ...]) -> Occasion:
    if "trigger_properties" in names:
        return Occasion(trigger_properties=properties)
    return Occasion(context=properties)
