"""Fields of people as attributes of Braze users, and consents as subscription groups."""

from datetime import timedelta
from typing import Any

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.flow.conftest import ACTOR

from coterie.app.dry_runs import DryRuns
from coterie.control.jobs import BadJobError, create_export
from coterie.model.control import Job
from coterie.model.dry_run import DryRun


@pytest.fixture
def people(shop: Shop) -> Shop:
    """Ada and Bo, who are buyers in Oslo."""
    shop.audience("oslo", 'FILTER city = "Oslo"')
    shop.build()
    shop.send(
        {
            "user_id": "ada", "email": "ada@example.com", "city": "Oslo", "first_name": "Ada",
            "order_amount": 2.5, "channel": "app", "birth_date": "1982-01-31",
        },
        {"user_id": "bo", "city": "Oslo", "order_amount": 7},
    )  # fmt: skip
    shop.work()
    shop.now += timedelta(hours=1)
    return shop


NEWS = "8e6a1c0e-7f5d-4a6e-9b1c-0d2f3a4b5c6d"
ATTRIBUTES = {
    "first_name": "first_name",
    "home_city": "city",
    "dob": "birth_date",
    "spent": "order_total",
    "shop.orders": "order_count",
    "shop.channels": "channels",
    "born": "birth_date",
}


def export(shop: Shop, **options: Any) -> Job:
    given: dict[str, Any] = {"kind": "export_profiles", "identifier_field": "user_id"}
    if "kind" not in options:
        given["attributes"] = ATTRIBUTES
    shop.job = create_export(
        shop.store,
        account=shop.account.number,
        label="Profiles",
        authorization_id=shop.authorization,
        config={"audiences": ["oslo"], **given, **options},
        actor=ACTOR,
        clock=lambda: shop.now,
    )
    follow(shop)
    return shop.job


def follow(shop: Shop) -> None:
    shop.work()
    shop.run_jobs()
    shop.deliver()


def at_braze(shop: Shop, user: str) -> dict[str, Any]:
    found = shop.braze.user(user)
    assert found is not None, f"Braze does not know {user}"
    return {**found["fields"], **found["custom_attributes"]}


def test_fields_become_standard_custom_and_nested_attributes(people: Shop) -> None:
    export(people)

    ada = at_braze(people, "ada")
    assert (ada["first_name"], ada["home_city"], ada["dob"]) == ("Ada", "Oslo", "1982-01-31")
    assert ada["spent"] == 2.5
    assert ada["shop"] == {"orders": 1, "channels": ["app"]}
    assert str(ada["born"]).startswith("1982-01-31")
    assert "first_name" not in at_braze(people, "bo")
    assert at_braze(people, "bo")["spent"] == 7


def test_only_what_changed_is_sent_again(people: Shop) -> None:
    export(people)
    spent = people.braze.data_points()

    people.send({"user_id": "bo", "first_name": "Bo"})
    follow(people)

    assert at_braze(people, "bo")["first_name"] == "Bo"
    assert people.braze.data_points() == spent + 1


def test_data_points_are_foreseen_and_counted_as_braze_counts_them(people: Shop) -> None:
    config = {
        "kind": "export_profiles",
        "identifier_field": "user_id",
        "audiences": ["oslo"],
        "attributes": {**ATTRIBUTES, "shop.seen.last_city": "city"},
    }
    foreseen = DryRuns(people.store, lambda: people.now, most_seen=1_000).of_new(
        account=people.account.number, authorization_id=people.authorization, config=config
    )

    export(people, **{name: value for name, value in config.items() if name != "kind"})
    first = people.braze.data_points()
    people.send({"user_id": "ada", "order_amount": 1})
    follow(people)

    assert isinstance(foreseen, DryRun)
    assert foreseen.data_points == first
    assert first > len(ATTRIBUTES)
    with people.store.transaction() as conn:
        spent = conn.execute("SELECT sum(data_points) FROM destination").fetchone()
    assert spent == (people.braze.data_points(),)


def test_a_field_that_is_exported_no_more_is_deleted_with_clean_up(people: Shop) -> None:
    export(people)

    people.change(attributes={"spent": "order_total"}, clean_up=True)
    follow(people)

    assert at_braze(people, "ada") == {"spent": 2.5}


def test_who_leaves_keeps_attributes_unless_they_are_to_be_deleted(people: Shop) -> None:
    export(people, attributes={"spent": "order_total"})

    people.send({"user_id": "ada", "city": "Rome"})
    follow(people)
    kept = at_braze(people, "ada")
    people.change(on_leaving="delete")
    follow(people)
    people.send({"user_id": "bo", "city": "Rome"})
    follow(people)

    assert kept == {"spent": 2.5}
    assert at_braze(people, "bo") == {}
    assert at_braze(people, "ada") == {}


def test_a_change_of_the_job_leaves_to_leavers_what_they_have(people: Shop) -> None:
    export(people, attributes={"spent": "order_total"})
    people.send({"user_id": "ada", "city": "Rome"})
    follow(people)

    people.change(attributes={"spent": "order_total", "home_city": "city"})
    follow(people)

    assert at_braze(people, "ada") == {"spent": 2.5}
    assert at_braze(people, "bo") == {"spent": 7, "home_city": "Oslo"}


def test_a_withdrawn_consent_takes_back_also_what_leavers_kept(people: Shop) -> None:
    people.send({"user_id": "ada", "last_name": "yes"})
    consent = {"field": "last_name", "values": ["yes"]}
    follow(people)
    export(people, attributes={"spent": "order_total"}, consent=consent)
    people.send({"user_id": "ada", "city": "Rome"})
    follow(people)
    kept = at_braze(people, "ada")

    people.now += timedelta(seconds=1)
    people.send({"user_id": "ada", "last_name": "no"})
    follow(people)

    assert kept == {"spent": 2.5}
    assert at_braze(people, "ada") == {}
    assert people.braze.user("bo") is None


def test_a_profile_export_deleted_with_clean_up_deletes_its_attributes(people: Shop) -> None:
    export(people)

    people.delete(clean_up=True)

    def tick() -> None:
        people.now += timedelta(seconds=2)
        people.run_jobs()

    people.deliver(jobs=tick)
    tick()

    assert people.state().state == "deleted"
    assert at_braze(people, "ada") == {}


def test_consents_become_subscription_groups(people: Shop) -> None:
    groups = {NEWS: {"field": "last_name", "yes": ["yes"], "no": ["no"]}}
    people.send({"user_id": "ada", "last_name": "YES"}, {"user_id": "bo", "last_name": "perhaps"})
    follow(people)

    export(people, kind="export_subscriptions", groups=groups)
    joined = [people.braze.user(name) for name in ("ada", "bo")]
    people.now += timedelta(seconds=1)
    people.send({"user_id": "ada", "last_name": "no"})
    follow(people)

    assert joined[0] is not None
    assert joined[0]["subscription_groups"] == {NEWS: "subscribed"}
    assert joined[1] is None
    left = people.braze.user("ada")
    assert left is not None
    assert left["subscription_groups"] == {NEWS: "unsubscribed"}


def test_a_subscription_that_was_set_is_not_promised_to_be_taken_away(people: Shop) -> None:
    groups = {NEWS: {"field": "last_name", "yes": ["yes"]}}
    export(people, kind="export_subscriptions", groups=groups)

    with pytest.raises(BadJobError, match="so what the job set stays"):
        people.delete(clean_up=True)
    people.delete()

    assert people.state().state == "deleted"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attributes": {}}, "at least one field"),
        ({"attributes": {"external_id": "user_id"}}, "means something of its own"),
        ({"attributes": {"email.work": "email"}}, "cannot be a nested attribute"),
        ({"attributes": {"a": "email", "a.b": "email"}}, "cannot be a nested attribute"),
        ({"attributes": {"a": "email"}, "types": {"b": "string"}}, "type is given for 'b'"),
        ({"attributes": {"a": "email"}, "types": {"a": "colour"}}, "do not fit"),
        ({"kind": "export_subscriptions", "groups": {}}, "at least one subscription group"),
        (
            {"kind": "export_subscriptions", "groups": {NEWS: {"field": "email", "yes": []}}},
            "which values of 'email'",
        ),
        (
            {"kind": "export_subscriptions", "groups": {"g": {"field": "email", "yes": ["y"]}}},
            "no id of a subscription group",
        ),
        ({"kind": "export_everything"}, "no export of kind"),
    ],
)
def test_what_braze_could_not_hold_is_refused(
    people: Shop, options: dict[str, Any], message: str
) -> None:
    given = {"kind": "export_profiles", "identifier_field": "user_id", "audiences": ["oslo"]}

    with pytest.raises(BadJobError, match=message):
        create_export(
            people.store,
            account=people.account.number,
            label="Profiles",
            authorization_id=people.authorization,
            config={**given, **options},
            actor=ACTOR,
            clock=lambda: people.now,
        )
