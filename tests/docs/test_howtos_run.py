"""The how-tos do what they say, typed line by line, each on a new product."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from tests.docs.conftest import Page, read_pages
from tests.docs.reader import Reader, reading, wait_until
from tests.functional.connectors.conftest import USER, Server, serving

# Two minutes of commands; that each of them can be typed is in `make test`.
pytestmark = [pytest.mark.e2e, pytest.mark.prove]

KEY = "howto-key"
CSV = "user_id,email,city\n{},,Porto\n"
# In prose a command stands alone between backticks; … and <placeholders> leave something open.
COMMAND = re.compile(r"`(coterie [^`\n…<]+)`")
PAGES = {Path(page.name).stem: page for page in read_pages() if page.name.startswith("docs/howto/")}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Return somebody who begins: the numbers that a page names are those of its own steps."""
    with reading(tmp_path, key=KEY) as reader:
        yield reader


@pytest.fixture
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The SFTP server of a client, served by a thread."""
    with in_thread(tmp_path_factory.mktemp("agency")) as server:
        yield server


@contextmanager
def in_thread(folder: Path) -> Iterator[Server]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    served = serving(folder)
    yield asyncio.run_coroutine_threadsafe(served.__aenter__(), loop).result()
    asyncio.run_coroutine_threadsafe(served.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def blocks(page: Page) -> list[str]:
    return [fence.text for fence in page.fences() if fence.language == "sh"]


def fence(page: Page, language: str) -> str:
    return next(each.text for each in page.fences() if each.language == language)


def type_prose(reader: Reader, page: Page) -> None:
    """Type the whole commands that stand in the sentences of a page."""
    for command in COMMAND.findall(page.prose()):
        reader.type_in(command)


def send(reader: Reader, path: str, body: dict[str, Any]) -> None:
    request = Request(  # noqa: S310 - the product of this test
        f"{reader.address}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(request) as answer:  # noqa: S310
        assert answer.status == 200


def person(reader: Reader, identifier: str) -> dict[str, Any]:
    """Return a profile, once it is known."""
    command = f"coterie profile show {identifier} --json"
    wait_until(lambda: "profile_id" in reader.type_in(f"{command} || true"))
    found: dict[str, Any] = json.loads(reader.type_in(command))
    return found


def test_an_audience_is_exported(reader: Reader) -> None:
    page = PAGES["export-audience"]
    reader.write({"braze-key.txt": KEY, "new-key.txt": KEY})
    reader.write({"partner-key.txt": "partner-key", "import-key.txt": "import-key"})
    partner = {"name": "acme", "partner_api_key": "partner-key", "client_secret": "import-key"}
    reader.braze.call("POST", "/partners", partner)
    reader.real = {"instance=US-01": f"endpoint_url={reader.braze.url}"}
    token = reader.note_token(reader.type_in("coterie token create --name t --scope data_write"))
    send(reader, f"/collect/json/default?key={token}", {"user_id": "u1", "order_amount": 250})

    for block in blocks(page):
        reader.type_in(block)
    wait_until(lambda: at_braze(reader, "u1") == ["big_spenders"])
    # Cohorts take only whom Braze knows, and this reader may have been quicker than the first job.
    wait_until(lambda: cohorts_of(reader) == {"acme/big_spenders"})
    reader.type_in("coterie audience create vips --filter 'FILTER order_total >= 500'")
    type_prose(reader, page)

    assert "objects_per_request=50" in reader.type_in("coterie authorization show 1")
    assert "running" in reader.type_in("coterie job show 1")


def cohorts_of(reader: Reader) -> set[str]:
    return {cohort["id"] for cohort in reader.braze.call("GET", "/cohorts")["cohorts"]}


def at_braze(reader: Reader, external_id: str) -> list[str]:
    user = reader.braze.user(external_id) or {"custom_attributes": {}}
    found: list[str] = user["custom_attributes"].get("lytics_segments", [])
    return found


def test_files_are_imported(reader: Reader, agency: Server) -> None:
    page = PAGES["import-csv"]
    reader.write(
        {
            "data/imports/users.csv": CSV.format("c1"),
            "id_ed25519": agency.private_key,
            "known_host": f"[127.0.0.1]:{agency.port} {agency.host_key}",
        }
    )
    reader.real = {
        "host=sftp.example.com": f"host=127.0.0.1 --set port={agency.port}",
        "username=coterie": f"username={USER}",
    }
    (agency.folder / "outgoing").mkdir()
    (agency.folder / "outgoing" / "users_1.csv").write_text(CSV.format("c2"))

    for block in blocks(page):
        reader.type_in(block)
    cities = [person(reader, f"user_id {name}")["values"]["city"] for name in ("c1", "c2")]
    type_prose(reader, page)

    assert cities == ["Porto", "Porto"]


def test_webhooks_are_received(reader: Reader) -> None:
    page = PAGES["braze-webhook"]
    reader.write({"loyalty.lql": fence(page, "lql")})
    account = json.loads(reader.type_in("coterie account list --json"))[0]["number"]
    create, *others = blocks(page)

    token = reader.note_token(reader.type_in(create))
    for block in others:
        reader.type_in(block)
    body = {"external_id": "w1", "points": "7", "member_since": "2026-01-02T00:00:00Z"}
    send(reader, f"/c/{account}/braze_users?key={token}", body)
    type_prose(reader, page)

    fields = person(reader, "user_id w1")["values"]
    assert fields["loyalty_points"] == 7
    assert fields["loyalty_since"].startswith("2026-01-02")


def test_two_people_are_split_and_put_together(reader: Reader) -> None:
    page = PAGES["split-two-people"]
    token = reader.note_token(reader.type_in("coterie token create --name s --scope data_write"))
    joined = {"user_id": "u1", "email": "other@example.org"}
    send(reader, f"/collect/json/default?key={token}", joined)
    wait_until(lambda: are_one(reader))
    why, graph, block, pin, rule, undo = blocks(page)

    for text in (why, graph, block, pin):
        reader.type_in(text)
    wait_until(lambda: not are_one(reader))
    reader.type_in(rule)
    reader.type_in(undo)
    wait_until(lambda: are_one(reader))


def are_one(reader: Reader) -> bool:
    one, other = (person(reader, name) for name in ("user_id u1", "email other@example.org"))
    return bool(one["profile_id"] == other["profile_id"])
