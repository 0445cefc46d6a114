from typing import Any

import pytest
from litestar import Request
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.testing import RequestFactory

from coterie.api.failures import as_http_response

REQUEST: Request[Any, Any, Any] = RequestFactory().get("/nothing/here")


@pytest.mark.parametrize(
    ("error", "status"), [(NotFoundException(), 404), (MethodNotAllowedException(), 405)]
)
def test_a_wrong_request_learns_which_page_lists_the_right_ones(
    error: HTTPException, status: int
) -> None:
    answer = as_http_response(REQUEST, error)

    assert (answer.status_code, answer.content.code) == (status, "http_error")
    assert "docs/reference/http.md" in answer.content.message
