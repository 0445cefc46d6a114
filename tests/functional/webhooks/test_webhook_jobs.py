"""Entries, exits and changes as signed messages, told once, and again when nobody took them."""

from datetime import timedelta
from typing import Any

import pytest
from tests.functional.flow.conftest import ACTOR
from tests.functional.webhooks.conftest import HookShop

from coterie.control.definitions.renaming import rename_field
from coterie.control.definitions.schema import publish_edit
from coterie.control.jobs import BadJobError, kill_job, pause_job, resume_job
from coterie.flow.exports.parked import list_parked, replay_parked
from coterie.model.webhooks import WebhookConfig


def events(hooks: HookShop) -> list[tuple[str, str]]:
    """Return who did what, as the receiver took it."""
    return [
        (message["data"]["user_id"], event["event"])
        for request in hooks.receiver.taken
        for message in (request.json if isinstance(request.json, list) else [request.json])
        for event in message["data"]["segment_events"]
    ]


def test_an_entry_a_change_and_an_exit_are_told_with_chosen_fields(hooks: HookShop) -> None:
    hooks.hook(fields=["first_name", "city"], changes=["first_name"])

    hooks.tell(user_id="ada", city="Oslo", first_name="Ada")
    hooks.now += timedelta(minutes=1)
    hooks.tell(user_id="ada", first_name="Augusta")
    hooks.now += timedelta(minutes=1)
    hooks.tell(user_id="ada", city="Bergen")

    entry, change, leaving = [request.json for request in hooks.receiver.taken]
    assert entry["data"]["first_name"] == "Ada"
    assert entry["data"]["segment_events"][0]["slug"] == "oslo"
    [event] = change["data"]["segment_events"]
    assert (event["event"], event["before"], event["after"]) == ("change", "Ada", "Augusta")
    assert leaving["data"]["city"] == "Bergen"
    assert leaving["data"]["segment_events"][0]["event"] == "exit"
    assert entry["meta"]["subscription_id"] == str(hooks.job.id)


def test_a_renamed_field_keeps_its_key_in_messages_and_is_no_change(hooks: HookShop) -> None:
    hooks.hook(fields=["city"], changes=["first_name"])
    hooks.tell(user_id="ada", city="Oslo", first_name="Ada")
    hooks.now += timedelta(minutes=1)
    publish_edit(
        hooks.store,
        account=hooks.account.number,
        edit=lambda draft: rename_field(
            rename_field(draft, "city", "town"), "first_name", "given_name"
        ),
        actor=ACTOR,
        clock=lambda: hooks.now,
    )

    hooks.tell(user_id="ada", country="NO")
    hooks.tell(user_id="ada", first_name="Augusta")

    entry, change = [request.json for request in hooks.receiver.taken]
    assert (entry["data"]["city"], change["data"]["city"]) == ("Oslo", "Oslo")
    [event] = change["data"]["segment_events"]
    assert (event["field"], event["before"], event["after"]) == ("first_name", "Ada", "Augusta")


def test_two_fields_of_a_message_cannot_have_one_key(hooks: HookShop) -> None:
    with pytest.raises(BadJobError, match="cannot both be called 'country'"):
        hooks.hook(fields=["city", "country"], names={"city": "country"})


def test_fields_and_the_person_are_called_in_messages_as_the_job_says(hooks: HookShop) -> None:
    hooks.hook(
        fields=["city", "first_name"],
        names={"city": " town ", "user_id": "customer", "first_name": ""},
    )

    hooks.tell(user_id="ada", city="Oslo", first_name="Ada")

    [entry] = [request.json for request in hooks.receiver.taken]
    told = entry["data"]
    assert (told["customer"], told["town"], told["first_name"]) == ("ada", "Oslo", "Ada")


def test_a_name_is_for_a_field_of_the_messages_and_goes_with_it(hooks: HookShop) -> None:
    with pytest.raises(BadJobError, match="no message holds"):
        hooks.hook(fields=["city"], names={"country": "land"})
    with pytest.raises(BadJobError, match="cannot both be called 'user_id'"):
        hooks.hook(fields=["city"], names={"city": "user_id"})
    hooks.hook(fields=["city", "first_name"], names={"city": "town", "first_name": "given"})

    changed = hooks.change(fields=["city"])

    assert isinstance(changed.config, WebhookConfig)
    assert changed.config.names == {"city": "town"}


def test_every_message_is_signed_and_carries_the_headers_of_the_authorization(
    hooks: HookShop,
) -> None:
    hooks.hook()

    hooks.tell(user_id="ada", city="Oslo")

    [request] = hooks.receiver.requests
    assert request.is_authentic
    assert request.headers["x-team"] == "crm"
    assert request.headers["webhook-id"] == request.json["id"]


def test_a_change_of_a_field_that_is_only_brought_along_is_no_message(hooks: HookShop) -> None:
    hooks.hook(fields=["first_name"])
    hooks.tell(user_id="ada", city="Oslo", first_name="Ada")

    hooks.tell(user_id="ada", first_name="Augusta")

    assert events(hooks) == [("ada", "enter")]


def test_a_message_that_failed_is_sent_again_under_the_same_id(hooks: HookShop) -> None:
    hooks.hook()
    hooks.receiver.statuses.extend([500])
    hooks.send({"user_id": "ada", "city": "Oslo"})
    hooks.work()

    hooks.deliver(jobs=lambda: setattr(hooks, "now", hooks.now + timedelta(seconds=30)))

    first, second = hooks.receiver.requests
    assert first.json["id"] == second.json["id"]
    assert first.json["data"] == second.json["data"]
    assert events(hooks) == [("ada", "enter")]


def test_a_listed_status_is_not_tried_again_and_can_be_replayed(hooks: HookShop) -> None:
    job = hooks.hook(do_not_retry=[422])
    hooks.receiver.statuses.extend([422])
    hooks.tell(user_id="ada", city="Oslo")
    assert (len(hooks.receiver.requests), events(hooks)) == (1, [])

    with hooks.store.transaction() as conn:
        [parked] = list_parked(conn, job.destination_id or 0)
        assert "422" in parked.reason
        assert replay_parked(conn, job.destination_id or 0) == 1
    hooks.deliver()

    assert events(hooks) == [("ada", "enter")]


@pytest.mark.parametrize(("existing", "told"), [(True, ["enter", "exit"]), (False, ["exit"])])
def test_existing_users_are_told_or_only_noted(
    hooks: HookShop, existing: bool, told: list[str]
) -> None:
    hooks.tell(user_id="ada", city="Oslo", first_name="Ada")
    hooks.now += timedelta(hours=1)

    hooks.hook(existing_users=existing, fields=["first_name"])
    hooks.tell(user_id="ada", city="Bergen")

    assert [event for _, event in events(hooks)] == told
    assert hooks.receiver.taken[-1].json["data"]["first_name"] == "Ada"


def test_without_consent_nothing_leaves_and_a_withdrawal_tells_no_fields(hooks: HookShop) -> None:
    hooks.hook(fields=["city"], consent={"field": "gender", "values": ["yes"]})
    hooks.tell(user_id="bo", city="Oslo")
    assert hooks.receiver.requests == []

    hooks.tell(user_id="ada", city="Oslo", gender="yes")
    hooks.now += timedelta(minutes=1)
    hooks.tell(user_id="ada", gender="no")

    assert events(hooks) == [("ada", "enter"), ("ada", "exit")]
    assert "city" not in hooks.receiver.taken[-1].json["data"]


def test_who_withdraws_while_a_job_is_paused_is_never_told_of(hooks: HookShop) -> None:
    hooks.hook(fields=["city"], consent={"field": "gender", "values": ["yes"]})
    said: Any = {
        "account": hooks.account.number,
        "job_id": hooks.job.id,
        "actor": ACTOR,
        "clock": lambda: hooks.now,
    }
    pause_job(hooks.store, **said)
    for body in (
        {"user_id": "ada", "city": "Oslo", "gender": "yes"},
        {"user_id": "bo", "city": "Oslo", "gender": "yes"},
        {"user_id": "ada", "gender": "no"},
    ):
        hooks.send(body)
        hooks.work()
        hooks.now += timedelta(minutes=1)
    resume_job(hooks.store, **said)
    hooks.deliver_until(1)

    assert events(hooks) == [("bo", "enter")]


def test_batches_hold_as_many_messages_as_asked(hooks: HookShop) -> None:
    hooks.send(*({"user_id": f"u{number}", "city": "Oslo"} for number in range(25)))
    hooks.work()
    hooks.now += timedelta(minutes=1)

    hooks.hook(batch_size=10)

    assert sorted(len(request.json) for request in hooks.receiver.taken) == [5, 10, 10]
    assert all(request.is_authentic for request in hooks.receiver.taken)
    assert len(events(hooks)) == 25


def test_cloud_events_are_structured(hooks: HookShop) -> None:
    hooks.hook(cloud_events=True, cloud_event_type="com.shop.member")

    hooks.tell(user_id="ada", city="Oslo")

    [request] = hooks.receiver.taken
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert (request.json["specversion"], request.json["type"]) == ("1.0", "com.shop.member")
    assert request.json["data"]["user_id"] == "ada"


def test_a_template_makes_the_body(hooks: HookShop) -> None:
    template = '{"who": {{ data.user_id | upcase | json }}, "n": {{ data.segment_events.size }}}'
    hooks.hook(template=template, http_method="PUT")

    hooks.tell(user_id="ada", city="Oslo")

    [request] = hooks.receiver.taken
    assert (request.method, request.json) == ("PUT", {"who": "ADA", "n": 1})


def test_a_paused_job_tells_afterwards_what_is_still_so(hooks: HookShop) -> None:
    job = hooks.hook()
    step: dict[str, Any] = {
        "account": hooks.account.number,
        "job_id": job.id,
        "actor": ACTOR,
        "clock": lambda: hooks.now,
    }
    pause_job(hooks.store, **step)
    hooks.tell(user_id="ada", city="Oslo")
    assert hooks.receiver.requests == []

    resume_job(hooks.store, **step)
    hooks.deliver_until(1)

    assert events(hooks) == [("ada", "enter")]
    with pytest.raises(BadJobError, match="taken back"):
        kill_job(hooks.store, **step, clean_up=True)


def test_two_jobs_of_one_address_tell_apart(hooks: HookShop) -> None:
    hooks.hook(audience_events="enters")
    hooks.hook(audience_events="exits")

    hooks.tell(user_id="ada", city="Oslo")
    hooks.now += timedelta(minutes=1)
    hooks.tell(user_id="ada", city="Bergen")
    hooks.now += timedelta(minutes=1)
    hooks.tell(user_id="ada", city="Oslo")

    assert [event for _, event in events(hooks)] == ["enter", "exit", "enter"]


def test_who_enters_in_quiet_hours_that_drop_is_counted_until_they_enter_at_another_time(
    hooks: HookShop,
) -> None:
    # It is noon in the house.
    hooks.hook(quiet={"zone": "UTC", "start": "11:00", "end": "13:00", "drop": True})
    hooks.send({"user_id": "ada", "city": "Oslo"})
    hooks.work()
    hooks.deliver()
    dropped = hooks.omissions()

    hooks.now += timedelta(hours=2)
    hooks.tell(user_id="bo", city="Oslo")
    hooks.tell(user_id="ada", city="Rome")
    left = hooks.omissions()
    hooks.now += timedelta(minutes=1)
    hooks.tell(user_id="ada", city="Oslo")

    assert dropped == ["'oslo' was entered in quiet hours: dropped"]
    assert left == []
    assert events(hooks) == [("bo", "enter"), ("ada", "enter")]
    assert hooks.omissions() == []
