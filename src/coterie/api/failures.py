"""Answers the errors that end a request to the API."""

from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from coterie.api.errors import ErrorAnswer, answer_error, http_error


def as_response(_: Request[Any, Any, Any], error: Exception) -> Response[ErrorAnswer]:
    """Answer an error of ours, or one that nobody expected."""
    body, headers = answer_error(error)
    return Response(body, status_code=body.status, headers=headers, media_type=MediaType.JSON)


def as_http_response(_: Request[Any, Any, Any], error: HTTPException) -> Response[ErrorAnswer]:
    """Answer what the framework refused, such as a parameter of the wrong kind."""
    body = http_error(error.status_code, error.detail)
    return Response(body, status_code=body.status, headers=error.headers, media_type=MediaType.JSON)


def as_too_deep(_: Request[Any, Any, Any], __: RecursionError) -> Response[ErrorAnswer]:
    """Answer a body whose nesting nothing can follow."""
    body = ErrorAnswer(
        status=400,
        message="The body is nested too deeply to be read. Take levels out of it.",
        code="nested_too_deep",
    )
    return Response(body, status_code=body.status, media_type=MediaType.JSON)
