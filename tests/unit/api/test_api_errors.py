"""Which status an error gets, and what its text may say."""

import msgspec
import pytest

from coterie.api.auth import MissingScopeError, WrongAccountError
from coterie.api.errors import answer_error, status_of
from coterie.api.tokens import MissingTokenError
from coterie.base.errors import CoterieError, PermanentError, TransientError, UserError
from coterie.flow.collect.unpack import RequestTooLargeError
from coterie.flow.eventlog.append import TokenRevokedError
from coterie.lang.expr.errors import LangError
from coterie.lang.filterql import parse_filter


class UnknownThingError(UserError):
    code = "unknown_thing"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UserError("x"), 400),
        (MissingTokenError(), 401),
        (TokenRevokedError(), 401),
        (WrongAccountError(account="1"), 403),
        (MissingScopeError(needed="admin"), 403),
        (UnknownThingError("x"), 404),
        (RequestTooLargeError(limit=1), 413),
        (PermanentError("x"), 500),
        (TransientError("x"), 503),
    ],
)
def test_the_family_decides_the_status_unless_the_code_does(
    error: CoterieError, status: int
) -> None:
    body, _ = answer_error(error)

    assert status_of(error) == body.status == status
    assert (body.message, body.code, body.data) == (error.message, error.code, None)


@pytest.mark.parametrize(("seconds", "header"), [(None, "2"), (0.0, "1"), (1.2, "2"), (30.0, "30")])
def test_whom_trying_again_helps_is_told_when(seconds: float | None, header: str) -> None:
    _, headers = answer_error(TransientError("x", retry_after=seconds))

    assert headers == {"retry-after": header}


def test_the_text_of_an_unexpected_error_stays_inside() -> None:
    body, _ = answer_error(ValueError("secret detail"))

    assert body.status == 500
    assert "secret" not in body.message


def test_what_is_wrong_with_a_text_is_told_in_fields() -> None:
    with pytest.raises(LangError) as caught:
        parse_filter("AND (\n  x LKE 1\n  nosuch(y)\n)")

    body, _ = answer_error(caught.value)

    told = msgspec.json.decode(msgspec.json.encode(body))
    assert (told["status"], told["code"]) == (400, "invalid_filter")
    assert [(each["line"], each["column"]) for each in told["errors"]] == [(2, 5), (3, 3)]
    assert told["errors"][0]["suggestion"] == "like"


def test_an_error_without_places_has_no_list_of_them() -> None:
    body, _ = answer_error(UserError("x"))

    assert "errors" not in msgspec.json.decode(msgspec.json.encode(body))
