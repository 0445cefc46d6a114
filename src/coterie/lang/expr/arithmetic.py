"""What a calculation of two values gives."""

import math

from coterie.lang.expr.values import MAX_DIGITS, kind_of, to_number

# Texts of more digits are no numbers, so that products that could grow on and on are none either.
_TOO_LARGE = 10**MAX_DIGITS


def calculate(op: str, left: object, right: object) -> float | int | None:
    """Return the result of a calculation.

    None where a side is no number, the divisor is 0, or the result has more than `MAX_DIGITS`.
    """
    a, b = _operand(left, right), _operand(right, left)
    if a is None or b is None:
        return None
    try:
        match op:
            case "+":
                return _bounded(a + b)
            case "-":
                return _bounded(a - b)
            case "*":
                return _bounded(a * b)
            case "/":
                return _divide(a, b)
            case _:
                return _remainder(a, b)
    except OverflowError:
        return None


def _bounded(result: float) -> float | int | None:
    if isinstance(result, int) and not -_TOO_LARGE < result < _TOO_LARGE:
        return None
    return result


def _operand(value: object, other: object) -> float | int | None:
    match kind_of(value):
        case "int" | "number":
            return to_number(value)
        case "text" if kind_of(other) in ("int", "number"):
            return to_number(value)
        case _:
            return None


def _divide(a: float, b: float) -> float | int | None:
    if b == 0:
        return None
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a / b


def _remainder(a: float, b: float) -> float | int | None:
    if not (math.isfinite(a) and math.isfinite(b)) or int(b) == 0:
        return None
    result = abs(int(a)) % abs(int(b)) * (-1 if a < 0 else 1)
    return result if isinstance(a, int) and isinstance(b, int) else float(result)
