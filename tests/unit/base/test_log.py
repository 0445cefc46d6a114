import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from coterie.base.log import OurHandler, configure_logging, is_secret_name


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes during the test; the set-up from before is put back."""
    root = logging.getLogger()
    level = root.level
    yield io.StringIO()
    for handler in [each for each in root.handlers if isinstance(each, OurHandler)]:
        root.removeHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_keys(stream: io.StringIO) -> None:
    configure_logging("json", level="info", stream=stream)

    structlog.get_logger("a").info("export.batch.sent", account=3012, objects=75)

    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "export.batch.sent", "level": "info", "account": 3012, "objects": 75}


def test_lines_of_libraries_have_the_same_form(stream: io.StringIO) -> None:
    configure_logging("json", level="info", stream=stream)

    logging.getLogger("a.library").warning("hello %s", "world", extra={"api_key": "hush"})

    (line,) = lines(stream)
    assert line["event"] == "hello world"
    assert line["level"] == "warning"
    assert line["api_key"] == "***"


def test_the_console_form_is_for_people(stream: io.StringIO) -> None:
    configure_logging("console", level="info", stream=stream)

    structlog.get_logger("a").info("worker.started", lane=3)

    assert "worker.started" in stream.getvalue()
    assert "lane=3" in stream.getvalue()


def test_lines_below_the_level_are_dropped(stream: io.StringIO) -> None:
    configure_logging("json", level="warning", stream=stream)

    structlog.get_logger("a").info("quiet")
    structlog.get_logger("a").warning("loud")

    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_setting_up_twice_logs_once(stream: io.StringIO) -> None:
    configure_logging("json", level="info", stream=stream)
    configure_logging("json", level="info", stream=stream)

    structlog.get_logger("a").info("once")

    assert len(lines(stream)) == 1


def test_secrets_and_personal_data_are_masked_at_any_depth(stream: io.StringIO) -> None:
    configure_logging("json", level="info", stream=stream)

    structlog.get_logger("a").info(
        "x.y",
        access_token="hush",
        user_email="hush",
        nested={"Authorization": "hush", "list": [{"phone": "hush"}], "n": 1},
        url="postgresql://me:hush@host/db",
    )

    assert "hush" not in stream.getvalue()
    assert lines(stream)[0]["nested"] == {
        "Authorization": "***",
        "list": [{"phone": "***"}],
        "n": 1,
    }
    assert lines(stream)[0]["url"] == "postgresql://***@host/db"


def refuse_row(value: str) -> None:
    message = f"duplicate key\nDETAIL:  Key (email)=({value}) exists."
    raise ValueError(message)


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_neither_local_variables_nor_rows(form: Any, stream: io.StringIO) -> None:
    configure_logging(form, level="info", stream=stream)

    try:
        refuse_row("".join(["hu", "sh"]))
    except ValueError:
        structlog.get_logger("a").exception("x.failed")

    assert "duplicate key" in stream.getvalue()
    assert "hush" not in stream.getvalue()


@pytest.mark.parametrize(
    "name", ["token", "REST_KEY", "password", "Authorization", "e_mail", "key"]
)
def test_these_names_are_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["token_id", "tokens", "account", "keys", "monkey", "lane"])
def test_these_names_are_not_secret(name: str) -> None:
    assert not is_secret_name(name)
