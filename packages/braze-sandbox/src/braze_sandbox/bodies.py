"""The reading of JSON bodies into values that the sandbox can keep."""

from typing import Any

import msgspec

from braze_sandbox.errors import RefusedError

# A whole number of fewer digits fits 64 bits, and a body without such a run needs no second look.
# (To look for it in a copy whose digits are all the same is ten times as fast as a pattern.)
_LONG_NUMBER = b"0" * 19
_ONE_DIGIT = bytes.maketrans(b"123456789", b"000000000")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class BadJsonError(RefusedError):
    """A body is no JSON, or not of the form asked for."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, f"Bad Request: {detail}")


def decode_json(body: bytes) -> Any:
    """Return the JSON value in `body`; raise BadJsonError (400) if it is none.

    Whole numbers beyond 64 bits become floats, which is what most stores make of them.
    """
    try:
        value = msgspec.json.decode(body)
        return _narrow(value) if _LONG_NUMBER in body.translate(_ONE_DIGIT) else value
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise BadJsonError(str(error)) from error


def is_whole(number: int) -> bool:
    """Tell whether a whole number fits 64 bits."""
    return _SMALLEST <= number <= _LARGEST


def is_deeper(value: Any, levels: int) -> bool:
    """Tell whether objects and arrays are nested in each other more than `levels` deep."""
    level = [value]
    for _ in range(levels + 1):
        level = [child for part in level for child in _children(part)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _narrow(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _narrow(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_narrow(member) for member in value]
    return float(value) if isinstance(value, int) and not is_whole(value) else value
