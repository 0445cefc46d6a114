from datetime import UTC, datetime

import pytest

from coterie.control.definitions.filters import (
    UnknownFilterFieldError,
    check_filter,
    list_dependents,
    parse_all,
)
from coterie.lang.filterql import FilterError
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


def check(slug: str, **texts: str) -> None:
    check_filter(slug, parse_all(texts), SCHEMA)


def test_fields_map_keys_and_our_own_fields_are_accepted() -> None:
    check("a", a='AND (EXISTS email, event_counts.buy > 2, _modified > "now-3d")')


def test_a_field_that_nobody_can_have_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownFilterFieldError, match=r"no field 'emial'. Did you mean 'email'"):
        check("a", a="EXISTS emial")


def test_an_audience_that_does_not_exist_cannot_be_included() -> None:
    with pytest.raises(FilterError, match="no audience 'b'"):
        check("a", a="AND (EXISTS email, INCLUDE b)")


def test_audiences_cannot_include_each_other() -> None:
    with pytest.raises(FilterError, match="include each other"):
        check("a", a="INCLUDE b", b="INCLUDE c", c="INCLUDE a")


def test_dependents_are_found_through_others() -> None:
    filters = parse_all({"a": "*", "b": "INCLUDE a", "c": "NOT INCLUDE b", "d": "*"})

    assert list_dependents("a", filters) == {"b", "c"}
    assert list_dependents("d", filters) == set()
