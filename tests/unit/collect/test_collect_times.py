"""Times as senders write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.flow.collect.times import read_instant

MOMENT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        1700000000,
        1700000000.0,
        1700000000000,
        1700000000000000,
        1700000000000000000,
        "1700000000",
        "1700000000000",
        "1700000000.0",
        "2023-11-14T22:13:20Z",
        "2023-11-14T22:13:20.000+00:00",
        "2023-11-14 23:13:20+01:00",
        "20231114T221320Z",
        "Tue, 14 Nov 2023 22:13:20 GMT",
    ],
)
def test_usual_ways_to_write_a_moment_are_read(written: object) -> None:
    assert read_instant(written) == MOMENT


@pytest.mark.parametrize(
    "written",
    [None, True, "", "soon", "12", [], {}, 1e300, -1e300, "1e300", "nan", "infinity", "٣" * 10],
)
def test_what_names_no_moment_is_not_guessed_at(written: object) -> None:
    assert read_instant(written) is None


def test_moments_before_1970_are_read() -> None:
    assert read_instant(-86_400) == datetime(1969, 12, 31, tzinfo=UTC)
    assert read_instant("1962-05-01") == datetime(1962, 5, 1, tzinfo=UTC)


@given(
    st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1)),  # noqa: DTZ001 - hypothesis adds the zone
    st.integers(-14 * 60, 14 * 60),
)
def test_iso_text_is_read_to_the_microsecond_in_any_zone(naive: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moment = naive.replace(tzinfo=zone)

    assert read_instant(moment.isoformat()) == moment


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False)))
def test_nothing_makes_reading_fall_over(written: object) -> None:
    found = read_instant(written)

    assert found is None or found.tzinfo is not None
