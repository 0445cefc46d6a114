"""What senders see that know no more of HTTP than they must."""

import http.client
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from tests.functional.api.conftest import ACCOUNT, WebProcess

from coterie.model.control import NewToken

WEB = f"/c/{ACCOUNT}/web"
CHUNKED = "POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{more}\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def connect(web: WebProcess) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(web.address).netloc, timeout=30)


def send_raw(web: WebProcess, text: bytes) -> str:
    """Send bytes as they are; return the first line of the answer."""
    where = urlsplit(web.address)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(text)
        with connection.makefile("rb") as answer:
            return answer.readline().decode()


@pytest.mark.e2e
def test_a_sender_that_looks_for_no_answer_before_the_end_sees_why_it_was_refused(
    web: WebProcess, make_token: Callable[..., NewToken]
) -> None:
    token = make_token().token
    statuses = []
    for path, size in ((f"{WEB}?key={token}", 25_000_000), (WEB, 5_000_000), ("/c/x", 5_000_000)):
        connection = connect(web)
        connection.request("POST", path, body=bytes(size))
        statuses.append(connection.getresponse().status)
        connection.close()

    assert statuses == [413, 401, 404]


@pytest.mark.e2e
@pytest.mark.parametrize("chunks", [b"zz\r\nhello\r\n", b"5\r\nhelloXX3\r\n", b"2\r\n{}\r\n-1\r\n"])
def test_malformed_chunks_are_the_fault_of_the_sender(
    web: WebProcess, make_token: Callable[..., NewToken], chunks: bytes
) -> None:
    collect = CHUNKED.format(path=f"{WEB}?key={make_token().token}", more="").encode()
    sign_in = CHUNKED.format(path="/sign-in", more=FORM).encode()

    for head in (collect, sign_in):
        assert send_raw(web, head + chunks).startswith("HTTP/1.1 400 ")


@pytest.mark.e2e
def test_a_sender_that_goes_away_in_the_middle_leaves_the_server_as_it_was(
    web: WebProcess, make_token: Callable[..., NewToken]
) -> None:
    token = make_token().token
    where = urlsplit(web.address)
    head = f"POST {WEB}?key={token} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{{"
    for _ in range(5):
        with socket.create_connection((where.hostname, where.port), timeout=30) as gone:
            gone.sendall(head.encode())

    connection = connect(web)
    connection.request("POST", f"{WEB}?key={token}", body=b"{}")

    assert connection.getresponse().status == 200
    connection.close()
