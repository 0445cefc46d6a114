"""Braze is told of audiences as cohorts: who is in, who leaves, and nothing twice."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.exports.test_forgetting_at_braze import deliver_in_time, erase, forget
from tests.functional.flow.conftest import ACTOR

from coterie.app.dry_runs import DryRuns
from coterie.connectors.braze.probe import probe_braze
from coterie.control.authorizations import update_authorization
from coterie.control.definitions.audiences import update_audience
from coterie.control.jobs import BadJobError
from coterie.control.providers import BadConfigError
from coterie.model.dry_run import DryRun

KEYS = {
    "cohort_partner": "coterie",
    "cohort_partner_key": "partner-key",
    "cohort_import_key": "import-key",
}
COHORTS = "/partners/coterie/cohorts"
USERS = f"{COHORTS}/users"


@pytest.fixture
def people(shop: Shop) -> Shop:
    """Three people in Oslo whom Braze knows, two of whom have bought; its cohorts are open."""
    shop.braze.call(
        "POST",
        "/partners",
        {"name": "coterie", "partner_api_key": "partner-key", "client_secret": "import-key"},
    )
    known = [{"external_id": user} for user in ("u1", "u2", "u3")]
    shop.braze.post("/users/track", {"attributes": known})
    configure(shop)
    shop.audience("oslo", 'FILTER city = "Oslo"')
    shop.audience("buyers", "FILTER EXISTS last_order")
    shop.build()
    shop.send(
        {"user_id": "u1", "city": "Oslo", "order_amount": 5},
        {"user_id": "u2", "city": "Oslo", "order_amount": 7},
        {"user_id": "u3", "city": "Oslo"},
    )
    shop.work()
    shop.now += timedelta(hours=1)
    return shop


def configure(shop: Shop, **changes: str) -> None:
    update_authorization(
        shop.store,
        shop.ring,
        account=shop.account.number,
        authorization_id=shop.authorization,
        config={"apikey": shop.braze.key, "endpoint_url": shop.braze.url, **KEYS, **changes},
        actor=ACTOR,
        now=shop.now,
    )


def start(shop: Shop, *slugs: str, **options: Any) -> None:
    shop.create(*slugs, form="cohorts", **options)
    follow(shop)


def follow(shop: Shop) -> None:
    """Run jobs and deliver, while the clock goes on so that pauses end."""
    shop.run_jobs()
    deliver(shop)


def deliver(shop: Shop) -> None:
    def tick() -> None:
        shop.now += timedelta(seconds=1)
        shop.run_jobs()

    shop.deliver(jobs=tick)


def cohorts(shop: Shop) -> dict[str, list[str]]:
    """Return who is in which cohort at Braze."""
    found: dict[str, list[str]] = {key.partition("/")[2]: [] for key in names(shop)}
    for user in shop.braze.users():
        for cohort in user["cohorts"]:
            found[cohort.partition("/")[2]].append(user["external_id"])
    return {cohort: sorted(users) for cohort, users in found.items()}


def names(shop: Shop) -> dict[str, str]:
    """Return how Braze calls each cohort."""
    return {each["id"]: each["name"] for each in shop.braze.call("GET", "/cohorts")["cohorts"]}


def rename(shop: Shop, slug: str, name: str) -> None:
    update_audience(
        shop.store,
        account=shop.account.number,
        slug=slug,
        name=name,
        actor=ACTOR,
        clock=lambda: shop.now,
    )


def bodies(shop: Shop) -> list[dict[str, Any]]:
    """Return what was sent of users, in no promised order."""
    return [msgspec.json.decode(each["request"]) for each in shop.braze.requests(USERS)]


def test_members_are_put_into_cohorts_that_bear_the_names_of_their_audiences(people: Shop) -> None:
    rename(people, "oslo", "People of Oslo")

    start(people, "oslo", "buyers", names={"buyers": "b-7"})

    assert cohorts(people) == {"oslo": ["u1", "u2", "u3"], "b-7": ["u1", "u2"]}
    assert names(people) == {"coterie/oslo": "People of Oslo", "coterie/b-7": "buyers"}
    assert people.braze.count_requests("/users/track") == 1


def test_a_renamed_audience_renames_its_cohort_with_the_next_user(people: Shop) -> None:
    start(people, "oslo")

    rename(people, "oslo", "Osloers")
    people.send({"user_id": "u4", "city": "Oslo"})
    people.work()
    deliver(people)

    assert names(people) == {"coterie/oslo": "Osloers"}


def test_a_request_names_one_cohort_and_all_its_users(people: Shop) -> None:
    start(people, "oslo", "buyers")

    sent = {body["cohort_id"]: body["cohort_changes"] for body in bodies(people)}
    assert len(bodies(people)) == 2
    assert {cohort: len(changes) for cohort, changes in sent.items()} == {"oslo": 1, "buyers": 1}
    assert sorted(sent["oslo"][0]["user_ids"]) == ["u1", "u2", "u3"]
    assert sent["oslo"][0]["should_remove"] is False


def test_entering_and_leaving_sends_the_difference_alone(people: Shop) -> None:
    start(people, "oslo", "buyers")
    before = len(bodies(people))

    people.send({"user_id": "u3", "order_amount": 9}, {"user_id": "u1", "city": "Rome"})
    people.work()
    people.deliver()

    assert cohorts(people) == {"oslo": ["u2", "u3"], "buyers": ["u1", "u2", "u3"]}
    assert len(bodies(people)) == before + 2
    people.deliver()
    assert len(bodies(people)) == before + 2


def test_an_alias_names_a_user_too(people: Shop) -> None:
    alias = {"alias_name": "ada@example.com", "alias_label": "mail"}
    people.braze.post(
        "/users/track",
        {"attributes": [{"user_alias": alias, "_update_existing_only": False, "a": 1}]},
    )
    people.send({"email": "ada@example.com", "city": "Oslo"})
    people.work()

    start(people, "oslo", alias_field="email", alias_label="mail")

    assert people.braze.call("GET", "/cohorts")["cohorts"][0]["users"] == 4
    [body] = bodies(people)
    [change] = body["cohort_changes"]
    assert change["aliases"] == [alias]


def test_a_device_names_a_user_who_has_no_other_name(people: Shop) -> None:
    token = {"app_id": "app", "token": "t1", "device_id": "device-0001"}
    people.braze.post(
        "/users/track", {"attributes": [{"external_id": "u9", "push_tokens": [token]}]}
    )
    # Any field can hold it; this one is no identifier of ours.
    people.send({"email": "ada@example.com", "first_name": "device-0001", "city": "Oslo"})
    people.work()

    start(people, "oslo", device_id_field="first_name")

    assert cohorts(people) == {"oslo": ["u1", "u2", "u3", "u9"]}
    changes = [change for body in bodies(people) for change in body["cohort_changes"]]
    assert [change["device_ids"] for change in changes if "device_ids" in change] == [
        ["device-0001"]
    ]

    people.send({"email": "ada@example.com", "city": "Rome"})
    people.work()
    deliver(people)

    assert cohorts(people) == {"oslo": ["u1", "u2", "u3"]}


def test_who_is_named_by_a_device_can_be_forgotten(people: Shop) -> None:
    people.send({"user_id": "u8", "city": "Oslo", "first_name": "u8"})
    people.work()
    start(people, "oslo", identifier_field="", device_id_field="first_name")

    made = forget(people, "u8")
    erase(people, made)
    deliver(people)
    done = erase(people, made, later=timedelta(hours=1))

    # Braze deletes nobody by a device, and an erasure must not wait for that.
    assert done.deletions == 0
    assert done.state == "done"
    told = [
        (change["device_ids"], change["should_remove"])
        for body in bodies(people)
        for change in body["cohort_changes"]
        if "device_ids" in change
    ]
    assert sorted(told) == [(["u8"], False), (["u8"], True)]


def test_only_cohorts_know_people_by_a_device(people: Shop) -> None:
    with pytest.raises(BadJobError, match="Only cohorts know users by a device"):
        people.create("oslo", device_id_field="first_name")


def test_a_removed_audience_leaves_its_cohort_empty_when_asked(people: Shop) -> None:
    start(people, "oslo", "buyers")

    people.change(audiences=["oslo"], clean_up=True)
    follow(people)

    assert cohorts(people) == {"oslo": ["u1", "u2", "u3"], "buyers": []}


def test_a_job_that_ends_with_clean_up_empties_its_cohorts(people: Shop) -> None:
    start(people, "oslo", "buyers")

    people.delete(clean_up=True)
    deliver(people)
    # The job looks now and then whether all is taken away, and is over when it sees that.
    people.now += timedelta(minutes=10)
    people.run_jobs()

    assert cohorts(people) == {"oslo": [], "buyers": []}
    assert people.state().state == "deleted"


def test_who_is_forgotten_is_deleted_at_braze(people: Shop) -> None:
    start(people, "oslo")

    erase(people, forget(people, "u1"))
    deliver_in_time(people)

    assert people.braze.user("u1") is None
    assert cohorts(people) == {"oslo": ["u2", "u3"]}


def test_a_request_without_an_answer_is_sent_again_and_harms_nothing(people: Shop) -> None:
    people.braze.fail(path=USERS, cut=True, after_work=True)

    start(people, "oslo")

    assert cohorts(people) == {"oslo": ["u1", "u2", "u3"]}
    assert len(bodies(people)) >= 2


def test_a_name_without_an_answer_leaves_nobody_in_doubt(people: Shop) -> None:
    people.braze.fail(path=COHORTS, cut=True, after_work=True)

    start(people, "oslo")
    people.now += timedelta(days=1)
    people.send({"user_id": "u1", "city": "Rome"})
    people.work()
    deliver(people)

    assert cohorts(people) == {"oslo": ["u2", "u3"]}
    assert [len(body["cohort_changes"][0]["user_ids"]) for body in bodies(people)] == [1, 3]


def test_a_name_that_braze_refuses_parks_its_users_with_the_reason(people: Shop) -> None:
    message = "name must be a non-empty string"
    people.braze.fail(path=COHORTS, status=400, body={"message": message})

    start(people, "oslo")

    assert bodies(people) == []
    with people.store.transaction() as conn:
        parked = conn.execute("SELECT parked FROM outbox ORDER BY recipient").fetchall()
    assert len(parked) == 3
    assert all(message in reason for (reason,) in parked)


def test_a_locked_cohort_is_tried_again(people: Shop) -> None:
    people.braze.fail(path=USERS, status=423, body={"message": "Resource locked"})

    start(people, "oslo")

    assert cohorts(people) == {"oslo": ["u1", "u2", "u3"]}


def test_a_dry_run_says_what_the_start_then_sends_and_spends(people: Shop) -> None:
    runs = DryRuns(people.store, lambda: people.now)
    options = {"identifier_field": "user_id", "audiences": ["oslo", "buyers"], "form": "cohorts"}
    found = runs.of_new(
        account=people.account.number, authorization_id=people.authorization, config=options
    )
    spent = people.braze.data_points()

    start(people, "oslo", "buyers")

    assert isinstance(found, DryRun)
    assert (found.users, found.added, found.removed) == (3, 5, 0)
    assert found.requests == len(bodies(people))
    assert found.data_points == people.braze.data_points() - spent
    assert found.objects_per_request == 1_000
    assert "key" not in str(found.samples)


def test_a_cohort_job_needs_an_authorization_with_access_to_cohorts(shop: Shop) -> None:
    shop.audience("oslo", 'FILTER city = "Oslo"')

    with pytest.raises(BadJobError, match="cohort_partner"):
        shop.create("oslo", form="cohorts")


def test_only_identifiers_that_cohorts_know_are_taken(people: Shop) -> None:
    with pytest.raises(BadJobError, match="external id, alias or device, not by email"):
        people.create("oslo", form="cohorts", email_field="email")


def test_the_three_options_of_cohorts_are_given_together(people: Shop) -> None:
    with pytest.raises(BadConfigError, match="cohort_partner is missing"):
        configure(people, cohort_partner="")


def test_the_test_of_an_authorization_tries_cohorts_and_changes_nothing(people: Shop) -> None:
    config = {"apikey": people.braze.key, "endpoint_url": people.braze.url, **KEYS}

    good = probe_braze(config, allow_private_addresses=True)
    bad = probe_braze({**config, "cohort_import_key": "other"}, allow_private_addresses=True)
    unknown = probe_braze({**config, "cohort_partner": "nobody"}, allow_private_addresses=True)

    assert good.ok
    assert "cohorts of the partner coterie" in good.detail
    assert not bad.ok
    assert "Partner Integrations" in bad.detail
    assert not unknown.ok
    assert "import-key" not in unknown.detail
    assert cohorts(people) == {}
