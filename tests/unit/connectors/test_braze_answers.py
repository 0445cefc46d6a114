from datetime import UTC, datetime

import pytest

from coterie.base.errors import CoterieError
from coterie.connectors.braze.answers import RawAnswer, read_track_answer
from coterie.connectors.braze.config import BadBrazeConfigError, read_braze_config
from coterie.connectors.braze.errors import (
    BrazeBusyError,
    BrazeEndpointError,
    BrazeKeyError,
    BrazeRefusedError,
    BrazeUnavailableError,
)
from coterie.connectors.braze.limits import read_rate_limit, read_retry_after

NOW = datetime(2026, 3, 1, 20, 4, tzinfo=UTC)


def answer(status: int, text: str = "{}", retry_after: float | None = None) -> RawAnswer:
    return RawAnswer(status=status, url="https://x", text=text, retry_after=retry_after)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_success_takes_every_object(status: int) -> None:
    fate = read_track_answer(answer(status, '{"message":"success"}'), array="attributes", objects=2)

    assert fate.refused == {}


def test_a_partial_error_refuses_the_object_it_names_and_no_other() -> None:
    text = (
        '{"message":"success","errors":[{"type":"too long","input_array":"attributes","index":1},'
        '{"type":"not ours","input_array":"events","index":0}]}'
    )

    fate = read_track_answer(answer(201, text), array="attributes", objects=3)

    assert fate.refused == {1: "too long"}


def test_a_400_that_names_every_object_is_an_answer() -> None:
    text = '{"message":"Valid data","errors":[{"type":"bad","input_array":"attributes","index":0}]}'

    fate = read_track_answer(answer(400, text), array="attributes", objects=1)

    assert fate.refused == {0: "bad"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, BrazeEndpointError), (400, BrazeRefusedError), (401, BrazeKeyError),
        (403, BrazeKeyError), (404, BrazeEndpointError), (408, BrazeUnavailableError),
        (413, BrazeRefusedError), (429, BrazeBusyError), (500, BrazeUnavailableError),
        (503, BrazeUnavailableError),
    ],
)  # fmt: skip
def test_each_status_says_what_to_do_next(status: int, kind: type[CoterieError]) -> None:
    with pytest.raises(kind):
        read_track_answer(answer(status), array="attributes", objects=2)


def test_a_success_page_that_is_not_json_is_no_success() -> None:
    with pytest.raises(BrazeUnavailableError):
        read_track_answer(answer(200, "<html>please sign in</html>"), array="attributes", objects=1)


def test_the_reset_of_both_kinds_of_contract_is_understood() -> None:
    epoch = {"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 90)}
    seconds = {"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "90"}

    limits = [read_rate_limit(headers, now=NOW) for headers in (epoch, seconds)]

    assert [(limit.remaining, limit.reset_seconds) for limit in limits if limit] == [(7, 90.0)] * 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Ratelimit-Retry-After": "3"}, 3.0),
        ({"Retry-After": "4"}, 4.0),
        ({"X-RateLimit-Reset": "5"}, 5.0),
        ({"X-RateLimit-Reset": ""}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
    ],
)
def test_the_pause_is_read_from_whichever_header_is_there(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert read_retry_after(headers, now=NOW) == seconds


def test_a_config_names_its_endpoint_by_instance_or_url() -> None:
    by_instance = read_braze_config({"apikey": "k", "instance": "EU-01"})
    by_url = read_braze_config({"apikey": "k", "endpoint_url": "https://x/", "instance": ""})

    assert by_instance.url == "https://rest.fra-01.braze.eu"
    assert by_url.url == "https://x"


@pytest.mark.parametrize(
    "config",
    [
        {"instance": "EU-01"},
        {"apikey": "k", "endpoint_url": "ftp://x"},
        {"apikey": "k", "instance": "EU-01", "objects_per_request": 76},
    ],
)
def test_an_unusable_config_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(BadBrazeConfigError):
        read_braze_config(config)


def test_a_config_does_not_show_its_key() -> None:
    config = read_braze_config({"apikey": "very-secret", "instance": "EU-01"})

    assert "very-secret" not in repr(config)
