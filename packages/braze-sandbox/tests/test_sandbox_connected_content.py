"""What templates fetch and include."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import RunningSandbox, SandboxCallError


class Offers:
    """A server of offers; `asked` holds what came, `answers` what the next requests get."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.answers: list[tuple[int, str]] = []


@contextmanager
def serving_offers() -> Iterator[Offers]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length).decode()
            shop.asked.append((self.command, self.path, headers, body))
            status, text = shop.answers.pop(0) if shop.answers else (200, '{"pct": 15}')
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop = Offers(f"127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def offers(sandbox: RunningSandbox) -> Iterator[Offers]:
    with serving_offers() as found:
        sandbox.set(connected_content_hosts=[found.address], webhook_retry_base_seconds=0.01)
        sandbox.post("/users/track", {"attributes": [{"external_id": "u1", "shop": "a b"}]})
        yield found


def send(sandbox: RunningSandbox, catcher: WebhookCatcher, body: str) -> str | None:
    campaign = sandbox.add_campaign("C", {"url": catcher.url, "body": body})
    before = len(catcher.caught)
    sandbox.fire(campaign, external_ids=["u1"])
    return catcher.caught[-1].body.decode() if len(catcher.caught) > before else None


def test_json_is_saved_under_a_name(
    sandbox: RunningSandbox, catcher: WebhookCatcher, offers: Offers
) -> None:
    ask = "{% connected_content http://ADDRESS/o?u={{${user_id}}} :save offer %}"
    body = ask.replace("ADDRESS", offers.address) + "{{offer.pct}}% {{offer.__http_status_code__}}"

    assert send(sandbox, catcher, body) == "15% 200"

    assert [(method, path) for method, path, _, _ in offers.asked] == [("GET", "/o?u=u1")]


def test_json_is_called_connected_and_text_stands_in_its_place(
    sandbox: RunningSandbox, catcher: WebhookCatcher, offers: Offers
) -> None:
    ask = f"{{% connected_content http://{offers.address}/o :no_cache %}}"
    offers.answers = [(200, '{"pct": 1}'), (200, "plain text")]

    assert send(sandbox, catcher, ask + "{{connected.pct}}") == "1"
    assert send(sandbox, catcher, f"[{ask}]") == "[plain text]"


def test_a_post_carries_headers_body_and_credentials(
    sandbox: RunningSandbox, catcher: WebhookCatcher, offers: Offers
) -> None:
    sandbox.set(connected_content_credentials={"shop": "user:secret"})
    options = (
        ':method post :headers {"X-A": "b c"} :body user={{${user_id}}}&x=1 '
        ":content_type application/x-custom :basic_auth shop :save r"
    )
    ask = f"{{% connected_content http://{offers.address}/o {options} %}}"

    send(sandbox, catcher, ask)

    ((method, _, headers, body),) = offers.asked
    assert (method, body, headers["x-a"]) == ("POST", "user=u1&x=1", "b c")
    assert headers["content-type"] == "application/x-custom"
    assert headers["authorization"] == "Basic dXNlcjpzZWNyZXQ="


def test_a_get_is_remembered_and_a_post_is_not(
    sandbox: RunningSandbox, catcher: WebhookCatcher, offers: Offers
) -> None:
    for method in ("get", "get", "post", "post"):
        ask = f"{{% connected_content http://{offers.address}/o :method {method} :save r %}}"
        send(sandbox, catcher, ask)

    assert [method for method, *_ in offers.asked] == ["GET", "POST", "POST"]


def test_a_failure_is_empty_unless_it_is_retried(
    sandbox: RunningSandbox, catcher: WebhookCatcher, offers: Offers
) -> None:
    ask = f"{{% connected_content http://{offers.address}/o"
    offers.answers = [(404, "gone"), (500, "no"), *[(503, "no")] * 6]

    assert send(sandbox, catcher, ask + " :no_cache %}x") == "x"
    assert send(sandbox, catcher, ask + " :no_cache %}x") == "x"
    assert send(sandbox, catcher, ask + " :retry %}x") is None
    assert len(offers.asked) == 8
    (line,) = sandbox.call("GET", "/activity", limit=1)["activity"]
    assert (line["outcome"], "failed 6 times" in line["error"]) == ("aborted", True)


def test_hosts_that_are_not_allowed_are_not_asked(
    sandbox: RunningSandbox, catcher: WebhookCatcher, offers: Offers
) -> None:
    sandbox.set(connected_content_hosts=[])

    assert send(sandbox, catcher, f"{{% connected_content http://{offers.address} %}}") is None

    assert offers.asked == []
    (line,) = sandbox.call("GET", "/activity", limit=1)["activity"]
    assert "connected_content_hosts" in line["error"]


def test_content_blocks_are_rendered_in_their_place(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1", "first_name": "Ada"}]})
    for name, content in (("who", "{{${first_name}}}"), ("hi", "Hi {{content_blocks.${who}}}!")):
        sandbox.call("POST", "/content_blocks", {"name": name, "content": content})

    shown = send(sandbox, catcher, "{{content_blocks.${hi}}} {{ content_blocks.${who | id: '1'} }}")

    assert shown == "Hi Ada! Ada"
    with pytest.raises(SandboxCallError, match="no content block 'nope'"):
        sandbox.add_campaign("C", {"url": catcher.url, "body": "{{content_blocks.${nope}}}"})
    sandbox.call("DELETE", "/content_blocks/who")
    names = [b["name"] for b in sandbox.call("GET", "/content_blocks")["content_blocks"]]
    assert names == ["hi"]


def test_message_extras_render_nothing(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}]})

    shown = send(sandbox, catcher, "[{% message_extras :key a :value {{${user_id}}} %}]")

    assert shown == "[]"
    with pytest.raises(SandboxCallError, match="needs :key and :value"):
        send(sandbox, catcher, "{% message_extras :value x :key y %}")
