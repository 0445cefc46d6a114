"""What people read of an alert: what it concerns, why, what to do, and where to look."""

from datetime import timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import msgspec
import pytest
from tests.functional.worker.test_alerts import House, Listener, by_hook, hook, house, mail

from coterie.base.settings import Settings
from coterie.control.alerts import NewAlert
from coterie.worker.alerting import console_link

__all__ = ["hook", "house", "mail"]


def test_an_alert_arrives_by_e_mail(house: House, mail: Listener) -> None:
    house.settings = Settings(
        smtp_url=f"smtp://127.0.0.1:{mail.port}",
        smtp_from="coterie@example.org",
        console_url="https://cdp.example.org/",
    )
    house.ask(NewAlert(label="Watch", channel="email", target="ops@example.org"))
    job = house.add_job("failed")

    assert house.tell() == 1
    house.set_state(job, "running")
    assert house.tell() == 1

    failed, over = [message_from_string(text, policy=default) for text in mail.received]
    assert failed["To"] == "ops@example.org"
    # The name comes first, for inboxes show little of a subject.
    assert failed["Subject"] == "To Braze: stopped after errors [Coterie]"
    said = failed.get_content()
    assert "Why: The key is refused." in said
    assert "What to do: Put right what the error names, then choose Resume" in said
    assert f"https://cdp.example.org/data/jobs/{job}" in said.split()
    assert over["Subject"] == "To Braze: works again [Coterie]"


def test_a_mail_says_when_and_from_where_it_comes_in_seven_bits(
    house: House, mail: Listener
) -> None:
    house.settings = Settings(
        smtp_url=f"smtp://127.0.0.1:{mail.port}", smtp_from="Coterie <cdp@shop.example>"
    )
    house.ask(NewAlert(label="Nächtlich", channel="email", target="ops@example.org"))
    house.add_job("failed")

    house.tell()

    [text] = mail.received
    letter = message_from_string(text, policy=default)
    assert letter["From"] == "Coterie <cdp@shop.example>"
    assert letter["Date"].datetime == house.now.replace(microsecond=0)
    assert letter["Message-ID"].endswith("@shop.example>")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert text.isascii()
    assert "because of the alert “Nächtlich”." in letter.get_content()


def test_a_stall_is_called_by_its_job_and_says_why_and_what_to_do(
    house: House, hook: Listener
) -> None:
    destination = house.add_destination(waiting_since=house.now - timedelta(hours=1))
    house.add_job("running", destination)
    house.ask(by_hook(hook, kinds=("stall",), stall_minutes=10))

    calm = house.tell()
    with house.store.transaction() as conn:
        conn.execute("UPDATE destination SET delivery = 'paused' WHERE id = %s", (destination,))
        conn.execute("UPDATE alert_rule SET raised = '{}'")
    paused = house.tell()
    with house.store.transaction() as conn:
        conn.execute("UPDATE outbox SET pending = false WHERE destination = %s", (destination,))
    over = house.tell()

    assert (calm, paused, over) == (1, 1, 1)
    told = [msgspec.json.decode(body) for body in hook.received]
    assert [each["subject"] for each in told] == [
        "To Braze: nothing was delivered for 10 minutes",
        "To Braze: nothing was delivered for 10 minutes",
        "To Braze: delivers again",
    ]
    assert "`coterie doctor`" in told[0]["cure"]
    assert told[1]["message"] == "1 change waits. The delivery is paused."
    assert told[1]["cure"] == "Resume the delivery on its page."
    assert told[1]["link"].endswith(f"/data/deliveries/{destination}")


def test_an_authorization_that_fails_is_told_under_the_names_of_all_jobs_that_need_it(
    house: House, hook: Listener
) -> None:
    house.add_destination(waiting_since=house.now)
    jobs = [house.add_job("running") for _ in range(5)]
    with house.store.transaction() as conn:
        conn.execute(
            "UPDATE provider_authorization SET health = 'unhealthy', health_detail = 'No such key.'"
        )
        conn.execute("UPDATE job SET authorization_id = (SELECT id FROM provider_authorization)")
        for job in jobs:
            conn.execute(
                "UPDATE job SET label = %s WHERE id = %s", (f"Job {'abcde'[job % 5]}", job)
            )
        labels = [row[0] for row in conn.execute("SELECT label FROM job ORDER BY id").fetchall()]
    house.ask(by_hook(hook))

    assert house.tell() == 1

    told = msgspec.json.decode(hook.received[0])
    names = f"{', '.join(labels[:3])}, 2 more"
    assert told["subject"] == f"{names}: the authorization Braze does not work"
    assert told["message"] == "No such key."


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({"console_url": "https://cdp.example.org/"}, "https://cdp.example.org"),
        ({"host": "127.0.0.1", "port": 8080}, "http://127.0.0.1:8080"),
        ({"host": "::1", "port": 8080}, "http://[::1]:8080"),
        ({"port": 0}, ""),
        ({"host": "0.0.0.0"}, ""),  # noqa: S104 - nothing listens
    ],
    ids=["said", "listening", "ipv6", "free-port", "everywhere"],
)
def test_the_console_is_where_it_is_said_to_be_or_where_it_listens(
    changes: dict[str, Any], address: str
) -> None:
    assert console_link(Settings(**changes), "/x") == (address and f"{address}/x")
