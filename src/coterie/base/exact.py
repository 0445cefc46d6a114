"""Sums that are exact, whatever the order: integers and decimals, never floats."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

# A number has at most 15 digits before the point (flow.mapping) and is cut to 9 after it, so a sum
# of 10^30 of them still fits without rounding.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_STEP = Decimal("1e-9")
_LARGEST_STORED_INT = 2**63 - 1

Total = int | str
"""A running sum as stored: an int within 64 bits, else the text of a decimal."""


def to_exact(value: float | Decimal) -> Decimal:
    """Return the decimal that a person reads in `value`, cut to nine places."""
    decimal = value if isinstance(value, Decimal) else Decimal(repr(value))
    return decimal.quantize(_STEP, context=_EXACT)


def add(total: Total | None, value: float | Decimal) -> Total:
    """Return the total with one more value in it."""
    if type(value) is int and (total is None or type(total) is int):
        return _store((total or 0) + value)
    return _store(_EXACT.add(_read(total), to_exact(value)))


def combine(one: Total, other: Total) -> Total:
    """Return the total of two totals."""
    if type(one) is int and type(other) is int:
        return _store(one + other)
    return _store(_EXACT.add(_read(one), _read(other)))


def view(total: Total) -> int | Decimal:
    """Return a total as a number; a whole one as an int."""
    if type(total) is int:
        return total
    decimal = Decimal(total)
    return int(decimal) if decimal == decimal.to_integral_value() else decimal.normalize(_EXACT)


def _read(total: Total | None) -> Decimal:
    return Decimal(total or 0)


def _store(total: int | Decimal) -> Total:
    if type(total) is int and -_LARGEST_STORED_INT <= total <= _LARGEST_STORED_INT:
        return total
    return format(Decimal(total).normalize(_EXACT), "f")
