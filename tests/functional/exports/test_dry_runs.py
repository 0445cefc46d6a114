"""What an export would do is counted before it starts, and is what it then does."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.flow.conftest import ACTOR

from coterie.app.dry_runs import DryRuns
from coterie.control.authorizations import update_authorization
from coterie.control.jobs import BadJobError, list_jobs
from coterie.model.dry_run import DryRun


@pytest.fixture
def people(shop: Shop) -> Shop:
    """Four people in Oslo: two buyers, one without a user id, one who gave no consent."""
    shop.audience("oslo", 'FILTER city = "Oslo"')
    shop.audience("buyers", "FILTER order_count > 0")
    shop.build()
    shop.send(
        {"user_id": "u1", "city": "Oslo", "channel": "app", "order_amount": 5},
        {"user_id": "u2", "city": "Oslo", "channel": "app", "order_amount": 5},
        {"user_id": "u3", "city": "Oslo"},
        {"email": "nobody@example.com", "city": "Oslo", "channel": "app"},
    )
    shop.work()
    return shop


OPTIONS = {
    "identifier_field": "user_id",
    "audiences": ["oslo", "buyers"],
    "consent": {"field": "channels", "values": ["app"]},
}


def foresee(shop: Shop, *, most: int = 1_000, **options: object) -> DryRun:
    found = DryRuns(shop.store, lambda: shop.now, most_seen=most).of_new(
        account=shop.account.number,
        authorization_id=shop.authorization,
        config={**OPTIONS, **options},
    )
    assert isinstance(found, DryRun)
    return found


def test_a_dry_run_says_what_the_start_then_does(people: Shop) -> None:
    found = foresee(people)
    nothing = people.braze.count_requests("/users/track")

    people.create("oslo", "buyers", consent=OPTIONS["consent"])
    people.run_jobs()
    people.deliver()

    assert nothing == 0
    assert (found.members, found.seen, found.is_estimate) == (4, 4, False)
    assert (found.users, found.added, found.removed) == (2, 4, 0)
    assert found.requests == people.braze.count_requests("/users/track")
    assert found.data_points == people.braze.data_points()
    assert found.reasons == {
        "no consent in field 'channels'": 1,
        "no value in field 'user_id'": 1,
    }
    assert sorted(found.reasons) == sorted(people.omissions())
    assert {one.reason for one in found.omitted_people} == set(found.reasons)
    [request] = people.braze.requests("/users/track")
    sent = msgspec.json.decode(request["request"])["attributes"]
    assert {each["external_id"]: each for each in sent} == {
        body["attributes"][0]["external_id"]: body["attributes"][0] for body in found.samples
    }


def test_a_dry_run_writes_nothing(people: Shop) -> None:
    foresee(people)

    assert list_jobs(people.store, people.account.number) == []
    assert people.outbox() == {}
    assert people.destinations() == []


def test_a_dry_run_of_a_job_that_runs_counts_only_what_differs(people: Shop) -> None:
    people.create("oslo")
    people.run_jobs()
    people.deliver()
    runs = DryRuns(people.store, lambda: people.now)
    asked: dict[str, Any] = {"account": people.account.number, "job_id": people.job.id}

    now = runs.of_change(**asked, options={})
    added = runs.of_change(**asked, options={"audiences": ["oslo", "buyers"]})
    cleaned = runs.of_change(**asked, options={"audiences": ["buyers"]}, clean_up=True)

    assert isinstance(now, DryRun)
    assert isinstance(added, DryRun)
    assert isinstance(cleaned, DryRun)
    assert (now.users, now.omitted) == (0, 1)
    assert (added.users, added.added, added.removed) == (2, 2, 0)
    assert (cleaned.cleaned, cleaned.removed) == (3, 2)


def test_a_sample_is_projected_to_everyone(people: Shop) -> None:
    people.send(*({"user_id": f"v{number}", "city": "Oslo"} for number in range(1_500)))
    people.work()

    found = foresee(people, most=500, consent=None)

    assert found.is_estimate
    assert (found.members, found.seen) == (1_504, 1_000)
    assert found.users == pytest.approx(1_503, abs=3)
    assert found.requests == 21


def test_who_would_hold_more_values_than_an_array_does_is_counted(people: Shop) -> None:
    update_authorization(
        people.store,
        people.ring,
        account=people.account.number,
        authorization_id=people.authorization,
        config={"array_limit": 1, "apikey": people.braze.key, "endpoint_url": people.braze.url},
        actor=ACTOR,
        now=people.now,
    )

    found = foresee(people)

    assert (found.over_limit, found.array_limit) == (2, 1)


def test_without_existing_users_nothing_is_sent_at_the_start(people: Shop) -> None:
    people.now += timedelta(seconds=1)

    found = foresee(people, existing_users=False)

    assert (found.members, found.users, found.omitted) == (4, 0, 0)


def test_a_dry_run_refuses_what_the_start_would_refuse(people: Shop) -> None:
    with pytest.raises(BadJobError, match="at least one audience"):
        foresee(people, audiences=[])


def test_a_dry_run_can_be_written_as_json(people: Shop) -> None:
    assert b'"users":2' in msgspec.json.encode(foresee(people))
