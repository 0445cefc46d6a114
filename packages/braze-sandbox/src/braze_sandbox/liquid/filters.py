"""The Liquid filters that Braze has."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from liquid import Environment
from liquid.filter import string_filter

# braze-docs `liquid/filters.md`: what is not in this list fails there and so fails here.
_PLAIN = frozenset(
    {
        "abs",
        "append",
        "at_least",
        "at_most",
        "capitalize",
        "ceil",
        "compact",
        "concat",
        "date",
        "default",
        "divided_by",
        "downcase",
        "escape",
        "first",
        "floor",
        "join",
        "last",
        "map",
        "minus",
        "modulo",
        "newline_to_br",
        "plus",
        "prepend",
        "remove",
        "remove_first",
        "replace",
        "replace_first",
        "reverse",
        "round",
        "size",
        "slice",
        "sort",
        "sort_natural",
        "split",
        "strip",
        "strip_html",
        "strip_newlines",
        "times",
        "truncate",
        "truncatewords",
        "uniq",
        "upcase",
        "url_encode",
        "where",
        "base64_encode",
    }
)

_URL_CHARACTERS = ":/?#[]@!$&'()*+,;=-._~%"


def install_filters(environment: Environment) -> None:
    """Give `environment` Braze's filters and no others."""
    kept = {name: run for name, run in environment.filters.items() if name in _PLAIN}
    environment.filters.clear()
    environment.filters.update(kept)
    environment.filters.update(_OWN)


@string_filter
def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@string_filter
def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


@string_filter
def _sha2(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _signer(algorithm: str, show: Callable[[bytes], str]) -> Callable[..., str]:
    @string_filter
    def sign(text: str, key: object) -> str:
        return show(hmac.digest(str(key).encode(), text.encode(), algorithm))

    signed: Callable[..., str] = sign
    return signed


def _show_hex(digest: bytes) -> str:
    return digest.hex()


def _show_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@string_filter
def _url_escape(text: str) -> str:
    return quote(text, safe=_URL_CHARACTERS)


@string_filter
def _url_param_escape(text: str) -> str:
    return quote(text, safe="")


@string_filter
def _json_escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


@string_filter
def _json_parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _as_json_string(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _property_accessor(value: object, name: object) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _money(value: object) -> str:
    number = _read_number(value)
    return str(value) if number is None else f"{number:.2f}"


def _number_with_delimiter(value: object) -> str:
    number = _read_number(value)
    if number is None:
        return str(value)
    return f"{int(number):,}" if number.is_integer() else f"{number:,}"


def _read_number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


_OWN: dict[str, Callable[..., Any]] = {
    "as_json_string": _as_json_string,
    "hmac_sha1_base64": _signer("sha1", _show_base64),
    "hmac_sha1_hex": _signer("sha1", _show_hex),
    "hmac_sha256": _signer("sha256", _show_hex),
    "hmac_sha256_base64": _signer("sha256", _show_base64),
    "hmac_sha256_hex": _signer("sha256", _show_hex),
    "hmac_sha512": _signer("sha512", _show_hex),
    "json_escape": _json_escape,
    "json_parse": _json_parse,
    "md5": _md5,
    "money": _money,
    "number_with_delimiter": _number_with_delimiter,
    "property_accessor": _property_accessor,
    "sha1": _sha1,
    "sha2": _sha2,
    "url_escape": _url_escape,
    "url_param_escape": _url_param_escape,
}
