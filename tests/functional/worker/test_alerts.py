"""People are told of what goes wrong, once a day, and when it is over."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.connectors.smtp import MailRefusedError, MailServer, send_mail
from coterie.control.accounts import create_account
from coterie.control.alerts import BadAlertError, NewAlert, create_alert, list_alerts
from coterie.flow.run.context import Contexts
from coterie.flow.run.names import Names
from coterie.model.alerts import AlertRule
from coterie.model.control import Actor
from coterie.store import Store
from coterie.worker.alerting import AGAIN, tell_people
from coterie.worker.dependencies import Bench

ACCOUNT = 4242
ACTOR = Actor(name="cli")
CONFIG = '{"kind": "export_audience", "audiences": [], "identifier_field": "user_id"}'


class Listener:
    """A server that keeps what it is sent, of e-mail or of HTTP, on a thread of its own."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.port = 0
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.recipients = b"250 fine"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self, *, speaks_smtp: bool) -> None:
        self._thread.start()
        handle = self._take_mail if speaks_smtp else self._take_post
        opening = asyncio.start_server(handle, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result(20)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _take_mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                self.received.append(body.decode())
            if verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(self.recipients + b"\r\n" if verb == b"RCPT" else b"250 fine\r\n")
            await writer.drain()
        writer.close()

    async def _take_post(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].split()[0])
        self.received.append((await reader.readexactly(length)).decode())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
def mail() -> Iterator[Listener]:
    listener = Listener()
    listener.start(speaks_smtp=True)
    yield listener
    listener.stop()


@pytest.fixture
def hook() -> Iterator[Listener]:
    listener = Listener()
    listener.start(speaks_smtp=False)
    yield listener
    listener.stop()


class House:
    """A bench with a clock that the test sets."""

    def __init__(self, store: Store) -> None:
        self.now = datetime(2026, 3, 1, 8, tzinfo=UTC)
        self.store = store
        self.ring = new_ring()
        self.settings = Settings(allow_private_addresses=True)
        create_account(store, name="Shop", actor=ACTOR, clock=system_clock, number=ACCOUNT)

    def tell(self) -> int:
        contexts = Contexts(config_source(), Names(b"k" * 32))
        return tell_people(Bench(self.settings, lambda: self.now, self.ring, self.store, contexts))

    def ask(self, new: NewAlert) -> AlertRule:
        return create_alert(
            self.store, self.ring, account=ACCOUNT, new=new, actor=ACTOR, clock=lambda: self.now
        )

    def rule(self) -> AlertRule:
        [rule] = list_alerts(self.store, ACCOUNT)
        return rule

    def add_job(self, state: str, destination: int | None = None) -> int:
        with self.store.transaction() as conn:
            found = conn.execute(
                "INSERT INTO job (account, kind, label, destination_id, config, state, last_error,"
                " created_by, created_at, updated_at) VALUES (%s, 'export_audience', 'To Braze',"
                " %s, %s, %s, 'The key is refused.', 'cli', now(), now()) RETURNING id",
                (ACCOUNT, destination, CONFIG, state),
            ).fetchone()
        return int((found or (0,))[0])

    def set_state(self, job: int, state: str) -> None:
        with self.store.transaction() as conn:
            conn.execute("UPDATE job SET state = %s WHERE id = %s", (state, job))

    def add_destination(self, *, waiting_since: datetime, parked: int = 0) -> int:
        with self.store.transaction() as conn:
            authorization = conn.execute(
                "INSERT INTO provider_authorization (account, provider, method, label,"
                " config_sealed, created_at, updated_at) VALUES (%s, 'braze', 'api_key', 'Braze',"
                " '', now(), now()) RETURNING id",
                (ACCOUNT,),
            ).fetchone()
            found = conn.execute(
                "INSERT INTO destination (account, authorization_id, form, attribute)"
                " VALUES (%s, %s, 'array', 'segments') RETURNING id",
                (ACCOUNT, (authorization or (0,))[0]),
            ).fetchone()
            number = int((found or (0,))[0])
            for user in range(parked + 1):
                conn.execute(
                    "INSERT INTO outbox (destination, recipient, account, claims, pending, parked,"
                    " waiting_since) VALUES (%s, %s, %s, '', %s, %s, %s)",
                    (
                        number,
                        f"u{user}",
                        ACCOUNT,
                        user == 0,
                        None if user == 0 else "no",
                        waiting_since,
                    ),
                )
        return number


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    with Store.open(database_url) as store:
        yield House(store)


def by_hook(hook: Listener, **changes: object) -> NewAlert:
    new = NewAlert(label="Watch", channel="webhook", target=f"http://127.0.0.1:{hook.port}/s3cret")
    return msgspec.structs.replace(new, **changes)


def bodies(hook: Listener) -> list[tuple[str, str]]:
    found = [msgspec.json.decode(body) for body in hook.received]
    return [(one["state"], one["kind"]) for one in found]


def test_a_failure_is_told_once_again_after_a_day_and_when_it_is_over(
    house: House, hook: Listener
) -> None:
    house.ask(by_hook(hook))
    job = house.add_job("fault")

    assert [house.tell(), house.tell()] == [1, 0]
    house.now += AGAIN
    assert house.tell() == 1
    house.set_state(job, "running")
    assert [house.tell(), house.tell()] == [1, 0]

    assert bodies(hook) == [("raised", "failure"), ("raised", "failure"), ("resolved", "failure")]
    body = msgspec.json.decode(hook.received[0])
    assert (body["type"], body["account"], body["message"]) == (
        "coterie.alert",
        ACCOUNT,
        "The key is refused.",
    )


def test_what_cannot_be_sent_is_tried_again_and_said(house: House, hook: Listener) -> None:
    hook.answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    house.ask(by_hook(hook))
    house.add_job("fault")

    assert house.tell() == 0
    assert "status 500" in str(house.rule().last_error)
    hook.answer = b"HTTP/1.1 204 No Content\r\n\r\n"

    assert house.tell() == 1
    assert house.rule().last_error is None


def test_a_private_address_is_not_told_unless_a_setting_allows_it(
    house: House, hook: Listener
) -> None:
    house.settings = Settings(allow_private_addresses=False)
    house.ask(by_hook(hook))
    house.add_job("fault")

    assert house.tell() == 0
    assert hook.received == []


def test_an_alert_of_one_job_is_not_about_another(house: House, hook: Listener) -> None:
    mine, other = house.add_job("running"), house.add_job("fault")
    house.ask(by_hook(hook, job_id=mine))

    assert house.tell() == 0
    house.set_state(mine, "fault")
    assert house.tell() == 1
    assert f"job {other}" not in hook.received[0]


def test_a_stall_is_something_that_waits_while_nothing_is_delivered(
    house: House, hook: Listener
) -> None:
    house.add_destination(waiting_since=house.now)
    house.ask(by_hook(hook, kinds=("stall",), stall_minutes=10))

    assert house.tell() == 0
    house.now += timedelta(minutes=10)
    assert house.tell() == 1
    assert bodies(hook) == [("raised", "stall")]


def test_a_threshold_tells_only_above_its_number(house: House, hook: Listener) -> None:
    house.add_destination(waiting_since=house.now, parked=3)
    house.ask(by_hook(hook, kinds=("threshold",), metric="refused", above=3))
    assert house.tell() == 0

    house.ask(by_hook(hook, kinds=("threshold",), metric="refused", above=2))
    assert house.tell() == 1


def test_a_webhook_s_address_is_kept_sealed(house: House, hook: Listener) -> None:
    rule = house.ask(by_hook(hook))

    assert rule.target_shown == "127.0.0.1"
    with house.store.transaction() as conn:
        row = conn.execute("SELECT target_sealed FROM alert_rule").fetchone()
    assert row is not None
    assert b"s3cret" not in row[0]


@pytest.mark.parametrize(
    "new",
    [
        NewAlert(label="", channel="email", target="a@example.org"),
        NewAlert(label="x", channel="email", target="a@example.org\nBcc: b@example.org"),
        NewAlert(label="x", channel="email", target="a@example.org, b@example.org"),
        NewAlert(label="x", channel="webhook", target="ftp://example.org"),
        NewAlert(label="x", channel="webhook", target="https://example.org", kinds=("threshold",)),
        NewAlert(label="x", channel="webhook", target="https://example.org", stall_minutes=0),
    ],
)
def test_an_alert_that_cannot_work_is_refused(house: House, new: NewAlert) -> None:
    with pytest.raises(BadAlertError):
        house.ask(new)


def test_a_refused_recipient_is_no_matter_of_time(mail: Listener) -> None:
    mail.recipients = b"550 nobody"
    server = MailServer(
        host="127.0.0.1", port=mail.port, is_tls=False, user="", password="", sender="a@example.org"
    )

    with pytest.raises(MailRefusedError):
        send_mail(server, to="b@example.org", subject="x", text="y", at=system_clock())
