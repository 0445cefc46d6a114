"""Values are read and date math is counted as in published examples of the engine."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coterie.lang.expr.datemath import parse_shift
from coterie.lang.expr.values import same, to_bool, to_int, to_number, to_text, to_time

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "lytics"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)

if not VECTORS.is_dir():
    pytest.skip(f"{VECTORS.name} vectors are not here", allow_module_level=True)


def load(name: str) -> Any:
    """Return one file of vectors."""
    return json.loads((VECTORS / name).read_text("utf-8"))


class Opaque:
    """A value of no kind the language knows, as a Go struct is."""


COERCION = load("coercion.json")
DATEMATH = load("datemath.json")


@pytest.mark.parametrize(("text", "expected"), DATEMATH["ok"])
def test_date_math_names_the_published_instant(text: str, expected: str) -> None:
    shift = parse_shift(text)

    assert shift is not None
    if expected[0].isdigit():
        anchor = datetime.fromisoformat(DATEMATH["anchor"])
        assert shift.apply(anchor) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("text", DATEMATH["bad"])
def test_wrong_date_math_is_none(text: str) -> None:
    assert parse_shift(text) is None


def _typed(found: Any) -> Any:
    """Return a value of the coercion vectors: `number 500`, `time 2016-…` or plain."""
    kind, _, rest = found.partition(" ") if isinstance(found, str) else ("", "", "")
    if kind in ("number", "int"):
        return float(rest) if kind == "number" else int(rest)
    return datetime.fromisoformat(rest) if kind == "time" else found


@pytest.mark.parametrize(
    ("read", "name"),
    [(to_int, "to_int"), (to_number, "to_number"), (to_bool, "to_bool"), (to_text, "to_string")],
)
def test_values_are_read_as_published(read: Any, name: str) -> None:
    bad = {"map": {"a": 1}, "struct": Opaque()} if name == "to_string" else {}

    for value, expected in COERCION[f"{name}_ok"]:
        wanted = "100" if expected == "100 (first element)" else expected
        assert read(_typed(value)) == wanted, value
    for value in COERCION[f"{name}_bad"]:
        key = value if isinstance(value, str) else ""
        assert read(bad.get(key, value)) is None, value


def test_times_are_read_as_published() -> None:
    for value in COERCION["to_time_bad"]:
        assert to_time(value, NOW) is None, value


def test_values_are_equal_as_published() -> None:
    for one, other in COERCION["equal_true"]:
        assert same(_typed(one), _typed(other), NOW) is True, (one, other)
    for one, other in COERCION["equal_false"]:
        assert same(_typed(one), _typed(other), NOW) is False, (one, other)
