"""A field that gets another name keeps its values, its members and its exports."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House
from tests.functional.flow.renaming import rename
from tests.functional.flow.replaying import confirm, go_on, replay, start

from coterie.app.services import config_source
from coterie.control.definitions.audiences import get_audience
from coterie.control.definitions.schema import publish_lql
from coterie.control.definitions.schema_diff import revert_schema
from coterie.control.jobs import create_export
from coterie.flow.run.lineage import LineageFinder

OSLO = 'FILTER city == "Oslo" -- the capital'


@pytest.fixture
def oslo(house: House) -> House:
    """A house in which u1 lives in Oslo, and one who reads that by name."""
    house.audience("oslo", OSLO)
    house.audience("north", "FILTER INCLUDE oslo")
    house.send({"user_id": "u1", "city": "Oslo"}, {"user_id": "u2", "city": "Rome"})
    house.work()
    house.build()
    return house


def test_values_and_members_stay_and_nobody_is_asked_again(oslo: House) -> None:
    before = oslo.changes()
    rename(oslo, "city", "home town")
    oslo.work()

    found = oslo.profile("user_id", "u1")
    assert (found["home town"], "city" in found) == ("Oslo", False)
    assert sorted(found["audiences"]) == ["north", "oslo"]
    audience = get_audience(oslo.store, oslo.account.number, "oslo")
    assert audience.filter_text == 'FILTER `home town` == "Oslo" -- the capital'
    assert (audience.state, audience.version, audience.size) == ("live", 1, 1)
    assert oslo.changes() == before


def test_what_comes_later_goes_on_under_the_new_name(oslo: House) -> None:
    # Received under the old name, processed under the new one.
    oslo.now += timedelta(seconds=1)
    oslo.send({"user_id": "u2", "city": "Oslo"})
    rename(oslo, "city", "town")
    oslo.send({"user_id": "u1", "city": "Rome"}, {"user_id": "u3", "city": "Oslo"})
    oslo.work()

    members = {user: oslo.profile("user_id", user) for user in ("u1", "u2", "u3")}
    assert {user: one["town"] for user, one in members.items()} == {
        "u1": "Rome", "u2": "Oslo", "u3": "Oslo",
    }  # fmt: skip
    assert [user for user, one in members.items() if "oslo" in one["audiences"]] == ["u2", "u3"]


def test_an_attribute_in_braze_keeps_its_name_and_its_value(oslo: House) -> None:
    job = create_export(
        oslo.store,
        account=oslo.account.number,
        label="Towns",
        authorization_id=oslo.authorize(),
        config={
            "kind": "export_profiles",
            "identifier_field": "user_id",
            "audiences": ["oslo"],
            "attributes": {"home": "city"},
        },
        actor=ACTOR,
        clock=lambda: oslo.now,
    )
    oslo.run_jobs()
    rename(oslo, "city", "town")
    oslo.send({"user_id": "u9", "city": "Oslo"})
    oslo.work()
    oslo.run_jobs()

    with oslo.store.transaction() as conn:
        [(options,)] = conn.execute("SELECT config FROM job WHERE id = %s", [job.id])
        wanted = conn.execute("SELECT recipient, wanted FROM outbox ORDER BY recipient").fetchall()
    assert options["attributes"] == {"home": "town"}
    assert wanted == [("u1", {"home": "Oslo"}), ("u9", {"home": "Oslo"})]


def test_a_value_is_traced_to_its_event_through_the_old_name(oslo: House) -> None:
    rename(oslo, "city", "town")

    finder = LineageFinder(oslo.store, config_source(), oslo.key)
    found = finder.find(oslo.account.number, ("user_id", "u1"), ["town"], oslo.now)

    assert found is not None
    [line] = found
    assert [(one.value, one.seq) for one in line.origins] == [("Oslo", 1)]


def test_going_back_to_the_version_before_gives_the_old_name_back(oslo: House) -> None:
    rename(oslo, "city", "town")
    oslo.now += timedelta(seconds=1)
    revert_schema(
        oslo.store,
        account=oslo.account.number,
        version=1,
        actor=ACTOR,
        clock=lambda: oslo.now,
    )
    oslo.work()

    assert oslo.profile("user_id", "u1")["city"] == "Oslo"
    assert get_audience(oslo.store, oslo.account.number, "oslo").filter_text == OSLO


def test_a_field_of_the_old_name_may_be_made_afterwards_and_is_another(oslo: House) -> None:
    rename(oslo, "city", "town")
    oslo.now += timedelta(seconds=1)
    text = "SELECT tolower(place) AS city FROM default INTO user BY user_id ALIAS places"
    publish_lql(
        oslo.store,
        account=oslo.account.number,
        text=text,
        actor=ACTOR,
        clock=lambda: oslo.now,
    )
    oslo.send({"user_id": "u1", "place": "PORT"})
    oslo.work()

    found = oslo.profile("user_id", "u1")
    assert (found["town"], found["city"]) == ("Oslo", "port")
    assert "oslo" in found["audiences"]


def test_a_replay_after_a_rename_changes_nothing(oslo: House) -> None:
    rename(oslo, "city", "town")
    start(oslo)
    go_on(oslo, until="ready")
    report = replay(oslo).report
    confirm(oslo)
    go_on(oslo, until="done")

    assert report is not None
    told = report[str(oslo.account.number)].audiences
    assert [(one.entering, one.leaving) for one in told] == [(0, 0), (0, 0)]
    found = oslo.profile("user_id", "u1")
    assert (found["town"], sorted(found["audiences"])) == ("Oslo", ["north", "oslo"])
