from datetime import UTC, datetime

import pytest

from braze_sandbox.errors import RefusedError
from braze_sandbox.limits.limiter import Limiter, RateLimitedError
from braze_sandbox.limits.rate import Rate, read_rate
from braze_sandbox.settings import Settings
from braze_sandbox.testing import RunningSandbox

NOW = datetime(2020, 6, 17, 20, 4, 46, tzinfo=UTC)
BODY = {"attributes": [{"external_id": "u1", "x": 1}]}


def test_an_hourly_window_ends_on_the_clock_hour() -> None:
    headers = Limiter().take("w", "users.track", settings=Settings(), now=NOW)

    assert headers == {
        "X-RateLimit-Limit": "250000",
        "X-RateLimit-Remaining": "249999",
        "X-RateLimit-Reset": "1592427600",
    }


def test_a_window_of_a_minute_ends_on_the_minute() -> None:
    now = datetime(2024, 10, 14, 10, 28, 3, tzinfo=UTC)
    settings = Settings(limits={"other": "50/min"})

    headers = Limiter().take("w", "segments.list", settings=settings, now=now)

    assert headers["X-RateLimit-Reset"] == "1728901740"


def test_a_used_up_window_refuses_and_the_next_one_opens_anew() -> None:
    limiter, settings = Limiter(), Settings(limits={"users.track": "2/h"})
    for _ in range(2):
        limiter.take("w", "users.track", settings=settings, now=NOW)

    with pytest.raises(RateLimitedError) as caught:
        limiter.take("w", "users.track", settings=settings, now=NOW)
    later = limiter.take("w", "users.track", settings=settings, now=NOW.replace(hour=21, minute=0))

    assert caught.value.status == 429
    assert caught.value.headers == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1592427600",
    }
    assert later["X-RateLimit-Remaining"] == "1"


def test_a_mau_contract_gives_seconds_left_and_replaces_the_headers_on_429() -> None:
    limiter, settings = Limiter(), Settings(contract="mau", limits={"users.track": "1/h"})

    headers = limiter.take("w", "users.track", settings=settings, now=NOW)
    with pytest.raises(RateLimitedError) as caught:
        limiter.take("w", "users.track", settings=settings, now=NOW)

    assert headers["X-RateLimit-Reset"] == str(55 * 60 + 14)
    assert caught.value.headers == {"X-Ratelimit-Retry-After": str(55 * 60 + 14)}


def test_the_burst_of_three_seconds_holds_beside_the_hour() -> None:
    limiter, settings = Limiter(), Settings(limits={"users.track.burst": "1/3s"})
    limiter.take("w", "users.track", settings=settings, now=NOW)

    with pytest.raises(RateLimitedError) as caught:
        limiter.take("w", "users.track", settings=settings, now=NOW)

    assert caught.value.headers["X-RateLimit-Limit"] == "1"


def test_workspaces_have_their_own_windows() -> None:
    limiter, settings = Limiter(), Settings(limits={"users.track": "1/h"})
    limiter.take("first", "users.track", settings=settings, now=NOW)

    limiter.take("second", "users.track", settings=settings, now=NOW)


def test_a_mau_contract_limits_the_company_and_not_each_workspace() -> None:
    limiter, settings = Limiter(), Settings(contract="mau", limits={"users.track": "1/h"})
    limiter.take("a", "users.track", settings=settings, now=NOW)

    limiter.take("b", "users.export.ids", settings=settings, now=NOW)
    with pytest.raises(RateLimitedError):
        limiter.take("b", "users.track", settings=settings, now=NOW)


def test_rate_limiting_can_be_switched_off() -> None:
    limiter = Limiter()
    settings = Settings(limits={"users.track": "1/h"}, rate_limiting=False)

    for _ in range(3):
        headers = limiter.take("w", "users.track", settings=settings, now=NOW)

    assert headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("250000/h", Rate(250_000, 3600)),
        ("250/min", Rate(250, 60)),
        ("3000/3s", Rate(3000, 3)),
        ("100/day", Rate(100, 86_400)),
    ],
)
def test_rates_are_read(text: str, rate: Rate) -> None:
    assert read_rate(text) == rate


@pytest.mark.parametrize("text", ["", "5", "5/year", "x/h", "5/hh"])
def test_unfit_rates_are_explained(text: str) -> None:
    with pytest.raises(RefusedError, match="250000/h"):
        read_rate(text)


def test_a_limited_call_is_429_and_does_nothing(sandbox: RunningSandbox) -> None:
    sandbox.set(limits={"users.track": "1/day"})
    sandbox.post("/users/track", BODY)

    answer = sandbox.post("/users/track", {"attributes": [{"external_id": "u2", "x": 1}]})

    assert (answer.status, answer.json()) == (429, {"message": "Rate Limited"})
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert sandbox.count_users() == 1
