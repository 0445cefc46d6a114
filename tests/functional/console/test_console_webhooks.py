"""Webhook jobs are made, checked, changed and ended in the browser."""

from pathlib import Path
from typing import Any

import pytest
from tests.functional.console.conftest import ACCOUNT, ACTOR, NOW, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.authorizations import create_authorization
from coterie.control.jobs import create_export, get_job, list_jobs
from coterie.model.control import Job
from coterie.model.exports import Consent, QuietWindow
from coterie.model.webhooks import WebhookConfig

NEW = "/data/jobs/new/webhook"
TEMPLATE = '{\n  "who": {{ data.user_id | json }}\n}'
FORM: dict[str, Any] = {
    "label": "To the CRM",
    "identifier_field": "user_id",
    "audiences": ["fans", "vips"],
    "audience_events": "exits",
    "changes": ["city"],
    "fields": ["email", "first_name"],
    "names": "email = mail\n\ncity=town",
    "http_method": "PUT",
    "batch_size": "50",
    "flush_seconds": "2.5",
    "template": TEMPLATE,
    "do_not_retry": "400, 422",
    "consent_field": "channels",
    "consent_values": "app, web",
    "quiet_start": "22:00",
    "quiet_end": "07:00",
    "quiet_zone": "Europe/Berlin",
}


@pytest.fixture
def receiver(deps: ConsoleDependencies, authorization_id: int) -> int:
    """An authorization for a webhook, beside one for Braze and two audiences."""
    made = create_authorization(
        deps.store,
        deps.ring,
        account=ACCOUNT,
        provider="webhook",
        method="signed",
        label="CRM",
        config={"url": "https://crm.example.com/hooks", "secret": "sixteen characters"},
        actor=ACTOR,
        now=NOW,
    )
    assert made.id != authorization_id
    return made.id


def make_job(deps: ConsoleDependencies, receiver: int, **options: object) -> Job:
    return create_export(
        deps.store,
        account=ACCOUNT,
        label="To the CRM",
        authorization_id=receiver,
        config={
            "kind": "webhook",
            "identifier_field": "user_id",
            "audiences": ["fans", "vips"],
            **options,
        },
        actor=ACTOR,
        clock=deps.clock,
    )


def test_the_wizard_offers_the_addresses_and_tells_how_to_name_the_first(
    admin: Visitor, authorization_id: int, request: pytest.FixtureRequest
) -> None:
    types, without = admin.open("/data/jobs/new").text, admin.open(NEW).text
    receiver = request.getfixturevalue("receiver")
    offered = admin.open(NEW).text

    assert f'href="{NEW}"' in types
    assert 'href="/data/authorizations/new/webhook/signed"' in without
    assert f'href="{NEW}?authorization={receiver}"' in offered
    assert f'href="{NEW}?authorization={authorization_id}"' not in offered


def test_what_the_form_says_becomes_the_job_after_a_look_at_bodies(
    admin: Visitor, receiver: int, deps: ConsoleDependencies
) -> None:
    page, form = f"{NEW}?authorization={receiver}", FORM | {"authorization": receiver}

    checked = admin.send(f"{NEW}/check", page=page, **form)
    jobs_meanwhile = list_jobs(deps.store, ACCOUNT)
    again = admin.send(f"{NEW}/settings", page=page, **form)
    made = admin.send(NEW, page=page, **form)
    job = get_job(deps.store, ACCOUNT, int(Path(made.headers["location"]).name))

    assert (checked.status_code, jobs_meanwhile) == (200, [])
    assert "Braze bills" not in checked.text
    assert "{{ data.user_id | json }}" in again.text
    assert isinstance(job.config, WebhookConfig)
    assert (job.config.audience_events, job.config.existing_users) == ("exits", False)
    assert (job.config.changes, job.config.fields) == (("city",), ("email", "first_name"))
    assert job.config.names == {"email": "mail", "city": "town"}
    assert "city=town\nemail=mail" in admin.open(f"/data/jobs/{job.id}/edit").text
    assert (job.config.http_method, job.config.batch_size) == ("PUT", 50)
    assert (job.config.flush_seconds, job.config.do_not_retry) == (2.5, (400, 422))
    assert job.config.template == TEMPLATE
    assert job.config.consent == Consent(field="channels", values=("app", "web"))
    assert job.config.quiet == QuietWindow(zone="Europe/Berlin", start="22:00", end="07:00")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"batch_size": "many"}, "is no whole number"),
        ({"flush_seconds": "soon"}, "is no number"),
        ({"do_not_retry": "400, never"}, "is no whole number"),
        ({"names": "town"}, "is no name of a field"),
        ({"names": "country=land"}, "no message holds"),
        ({"template": "{% if %}"}, "The template cannot be used"),
        ({"template": "x" * 20_001}, "longer than 20,000 characters"),
        ({"cloud_events": "yes"}, "Choose one"),
        ({"audience_events": "none", "changes": []}, "Choose what is told"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_entered_stays(
    admin: Visitor, receiver: int, wrong: dict[str, Any], said: str
) -> None:
    form = FORM | {"authorization": receiver} | wrong

    answer = admin.send(f"{NEW}/check", page=f"{NEW}?authorization={receiver}", **form)

    assert answer.status_code == 400
    assert said in answer.text
    assert 'value="To the CRM"' in answer.text


def test_a_change_keeps_what_is_past_and_takes_nothing_back(
    admin: Visitor, receiver: int, deps: ConsoleDependencies
) -> None:
    job = make_job(deps, receiver, existing_users=True, do_not_retry=[410], flush_seconds=0.5)
    page = f"/data/jobs/{job.id}/edit"
    form: dict[str, Any] = {
        "label": "Fans only",
        "identifier_field": "user_id",
        "audiences": ["fans"],
        "cloud_events": "yes",
        "do_not_retry": "",
    }

    shown = admin.open(page).text
    checked = admin.send(f"{page}/check", page=page, **form)
    answer = admin.send(page, page=page, **form)
    after = get_job(deps.store, ACCOUNT, job.id)

    assert 'name="do_not_retry" type="text" value="410"' in shown
    assert 'name="flush_seconds" type="text" value="0.5"' in shown
    assert "hears no more of <code>vips</code>" in checked.text
    assert "Take them away" not in checked.text
    assert answer.status_code == 303, answer.text
    assert isinstance(job.config, WebhookConfig)
    assert isinstance(after.config, WebhookConfig)
    assert (after.label, after.config.audiences) == ("Fans only", ("fans",))
    assert (after.config.cloud_events, after.config.do_not_retry) == (True, ())
    assert (after.config.existing_users, after.config.outlet) == (True, job.config.outlet)


def test_the_pages_of_a_webhook_job_speak_of_its_receiver(
    admin: Visitor, receiver: int, deps: ConsoleDependencies
) -> None:
    job = make_job(deps, receiver, changes=["city"])

    shown = admin.open(f"/data/jobs/{job.id}").text
    ending = [admin.open(f"/data/jobs/{job.id}/{step}").text for step in ("kill", "delete")]
    listed = admin.open("/data/deliveries").text
    delivery = admin.open(f"/data/deliveries/{job.destination_id}").text
    killed = admin.send(f"/data/jobs/{job.id}/kill")

    assert f"/data/jobs/{job.id}/edit" in shown
    assert "told to the receiver" in shown
    for page in (shown, *ending, delivery):
        assert "in Braze" not in page
        assert "by Braze" not in page
        assert "given_up" not in page
    assert f"/data/deliveries/{job.destination_id}" in listed
    assert killed.status_code == 303
    assert get_job(deps.store, ACCOUNT, job.id).state == "killed"
