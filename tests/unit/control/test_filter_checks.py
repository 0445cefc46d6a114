from datetime import UTC, datetime

import pytest

from coterie.control.definitions.filters import check_against, list_dependents
from coterie.lang.expr.errors import Problem
from coterie.lang.filterql import FilterError, read_stored
from coterie.model.schema import Field, Schema

SCHEMA = Schema(
    version=1,
    published_at=datetime(2026, 1, 1, tzinfo=UTC),
    fields=(
        Field(id=1, name="email", kind="string", op="latest"),
        Field(id=2, name="event_counts", kind="map[string]intsum", op="mapsum"),
    ),
    mappings=(),
)


def check(slug: str, **texts: str) -> tuple[Problem, ...]:
    filters = read_stored(texts).filters
    return check_against(filters[slug], slug=slug, filters=filters, schema=SCHEMA)


def test_fields_and_keys_of_maps_are_known() -> None:
    assert check("a", a="AND (EXISTS email, event_counts.buy > 2)") == ()


def test_a_field_that_nobody_has_yet_is_doubtful_with_a_suggestion() -> None:
    (warning,) = check("a", a="EXISTS emial")

    assert warning.message == "no profile has a field 'emial' yet"
    assert warning.suggestion == "email"


def test_what_a_field_of_its_kind_cannot_be_asked_is_refused() -> None:
    with pytest.raises(FilterError, match="> cannot compare email, which is string"):
        check("a", a='email > "a"')


def test_an_audience_that_does_not_exist_cannot_be_included() -> None:
    with pytest.raises(FilterError, match="no audience 'b'"):
        check("a", a="AND (EXISTS email, INCLUDE b)")


def test_audiences_cannot_include_each_other() -> None:
    with pytest.raises(FilterError, match="include each other"):
        check("a", a="INCLUDE b", b="INCLUDE c", c="INCLUDE a")


def test_dependents_are_found_through_others() -> None:
    texts = {"a": "*", "b": "INCLUDE a", "c": "NOT INCLUDE b", "d": "*"}
    filters = read_stored(texts).filters

    assert list_dependents("a", filters) == {"b", "c"}
    assert list_dependents("d", filters) == set()


def test_what_includes_an_unreadable_filter_has_a_fault_as_well() -> None:
    stored = read_stored(
        {"a": "bygone(x)", "b": "AND (INCLUDE a, x)", "c": "NOT INCLUDE b", "d": "INCLUDE lost"}
    )

    assert stored.filters.keys() == {"b", "c", "d"}
    assert stored.faults.keys() == {"a", "b", "c"}
    assert "no function 'bygone'" in stored.faults["a"]
    assert ["'a'" in stored.faults["b"], "'b'" in stored.faults["c"]] == [True, True]
