from datetime import UTC, datetime

import pytest

from coterie.control.tokens import BadTokenError, read_expiry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", datetime(2026, 3, 8, 12, tzinfo=UTC)),
        (" 30D ", datetime(2026, 3, 31, 12, tzinfo=UTC)),
        ("never", None),
        ("", None),
        ("2027-01-01", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T10:00:00+02:00", datetime(2027, 1, 1, 8, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_read_as_days_date_or_never(text: str, expected: datetime | None) -> None:
    assert read_expiry(text, now=NOW) == expected


@pytest.mark.parametrize("text", ["soon", "30", "-3d", "99999d9", "2027-13-01"])
def test_an_unreadable_expiry_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadTokenError, match="30d"):
        read_expiry(text, now=NOW)


def test_days_past_the_end_of_the_calendar_are_refused() -> None:
    late = datetime(9999, 12, 1, tzinfo=UTC)

    with pytest.raises(BadTokenError):
        read_expiry("90d", now=late)
