"""Reads the value of one setting from text."""

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from coterie.base.errors import UserError


class BadSettingError(UserError):
    """A variable holds a value of the wrong kind or out of range."""

    code = "bad_setting"

    def __init__(self, *, variable: str, kind: str, value: str | None) -> None:
        shown = "" if value is None else f" and not {value!r}"
        super().__init__(
            f"{variable} must be {kind}{shown}. Correct the variable, or unset it for the default."
        )
        self.variable = variable


def described(text: str, **limits: Any) -> msgspec.Meta:
    """Return what a setting is for, with the limits of its value."""
    return msgspec.Meta(description=text, **limits)


def read_value(variable: str, text: str, *, kind: Any, is_secret: bool) -> Any:
    """Return what `text` means as `kind`, an annotated type with a msgspec.Meta.

    Raises BadSettingError, which repeats the text unless it is secret.
    """
    try:
        return msgspec.convert(text, type=kind, strict=False, dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        raise BadSettingError(
            variable=variable, kind=_kind_in_words(kind), value=None if is_secret else text
        ) from error


def find_meta(kind: Any) -> msgspec.Meta:
    """Return the help and limits of an annotated type."""
    for extra in kind.__metadata__:
        if isinstance(extra, msgspec.Meta):
            return extra
    raise TypeError(kind)


def _decode_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value).expanduser()
    raise NotImplementedError(kind)


def _kind_in_words(kind: Any) -> str:
    plain = get_args(kind)[0]
    if get_origin(plain) is Literal:
        return "one of " + ", ".join(get_args(plain))
    words = {bool: "true or false", int: "a whole number", float: "a number"}.get(plain, "text")
    meta = find_meta(kind)
    if meta.ge is not None and meta.le is not None:
        words += f" from {meta.ge} to {meta.le}"
    return words
