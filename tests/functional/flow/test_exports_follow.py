"""What destinations should hold follows the profiles, in the same transaction."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House


def test_an_audience_made_after_the_events_is_built_from_the_profiles(house: "House") -> None:
    house.send({"user_id": "u1", "city": "Oslo"}, {"user_id": "u2", "city": "Rome"})
    house.work()

    oslo = house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.build()

    assert house.profile("user_id", "u1")["audiences"] == ["in_oslo"]
    assert house.changes() == [("enter", oslo, "backfill")]


def test_existing_members_are_claimed_by_the_job_and_later_ones_by_the_worker(
    house: "House",
) -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()

    house.export("in_oslo")
    house.run_jobs()
    house.send({"user_id": "u2", "city": "Oslo"})
    house.work()

    assert house.outbox() == {"u1": (["in_oslo"], []), "u2": (["in_oslo"], [])}


def test_without_existing_users_only_changes_are_claimed(house: "House") -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.send({"user_id": "stays", "city": "Oslo"}, {"user_id": "leaves", "city": "Oslo"})
    house.work()
    house.now += timedelta(minutes=1)

    house.export("in_oslo", existing=False)
    house.run_jobs()
    house.now += timedelta(minutes=1)
    house.send({"user_id": "leaves", "city": "Rome"}, {"user_id": "enters", "city": "Oslo"})
    house.work()

    assert house.outbox() == {"leaves": ([], ["in_oslo"]), "enters": (["in_oslo"], [])}


def test_a_merge_moves_the_claim_to_the_user_that_the_person_turns_out_to_be(
    house: "House",
) -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.export("in_oslo")
    house.run_jobs()
    house.send({"_uid": "c1", "city": "Oslo"})
    house.work()
    assert house.omissions() == ["no value in field 'user_id'"]

    house.now += timedelta(minutes=1)
    house.send({"_uid": "c1", "user_id": "u1"})
    house.work()

    assert house.outbox() == {"u1": (["in_oslo"], [])}
    assert house.omissions() == []


def test_two_people_who_share_a_cookie_stay_two(house: "House") -> None:
    house.send({"_uid": "c1", "user_id": "u1"})
    house.now += timedelta(minutes=1)
    house.send({"_uid": "c1", "user_id": "u2"})

    house.work()

    first, second = house.profile("user_id", "u1"), house.profile("user_id", "u2")
    assert first["id"] != second["id"]
    assert house.profile("_uids", "c1")["id"] == first["id"]


def test_a_late_old_event_splits_what_a_newer_one_had_joined(house: "House") -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.export("in_oslo")
    house.run_jobs()
    house.trust("till")
    early, late = house.now - timedelta(days=2), house.now - timedelta(days=1)
    house.send({"_uid": "c1", "user_id": "u2", "city": "Oslo"}, stream="till", at=late)
    house.work()
    joined = house.profile("_uids", "c1")["id"]

    house.send({"_uid": "c1", "user_id": "u1"}, stream="till", at=early)
    house.work()

    assert house.profile("_uids", "c1")["id"] == house.profile("user_id", "u1")["id"]
    assert house.profile("user_id", "u2")["id"] != house.profile("user_id", "u1")["id"]
    assert house.profile("user_id", "u2")["audiences"] == ["in_oslo"]
    assert house.outbox() == {"u2": (["in_oslo"], [])}
    assert joined in {house.profile("user_id", "u1")["id"], house.profile("user_id", "u2")["id"]}


def test_everyone_leaves_an_archived_audience(house: "House") -> None:
    oslo = house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()

    house.archive("in_oslo")
    house.build()

    assert house.profile("user_id", "u1")["audiences"] == []
    assert house.changes()[-1] == ("exit", oslo, "definition")


def test_a_killed_export_wants_nothing_and_takes_nothing_away(house: "House") -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    house.export("in_oslo")
    house.run_jobs()

    house.kill_job()
    house.send({"user_id": "u1", "city": "Rome"}, {"user_id": "u2", "city": "Oslo"})
    house.work()

    assert house.outbox() == {}
    assert house.destinations() == []


def test_one_of_two_jobs_killed_leaves_its_values_as_they_are(house: "House") -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.audience("known", "FILTER EXISTS user_id")
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    authorization = house.authorize()
    house.export("known", authorization=authorization)
    house.export("in_oslo", authorization=authorization)
    house.run_jobs()

    house.kill_job()

    [destination] = house.destinations()
    assert destination.held == frozenset({"in_oslo"})
    assert house.outbox() == {"u1": (["in_oslo", "known"], [])}


def test_a_new_job_does_not_want_what_a_killed_one_wanted(house: "House") -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    authorization = house.authorize()
    house.send({"user_id": "u1", "city": "Oslo"}, {"user_id": "u2", "city": "Oslo"})
    house.work()
    house.export("in_oslo", authorization=authorization)
    house.run_jobs()
    house.kill_job()
    house.now += timedelta(minutes=1)
    house.send({"user_id": "u1", "city": "Rome"})
    house.work()

    house.export("in_oslo", authorization=authorization)
    house.run_jobs()

    assert house.outbox() == {"u2": (["in_oslo"], [])}


OLDER = "an older profile has the same user at the destination"


def test_a_long_chain_of_conflicts_does_not_stop_the_lane(house: "House") -> None:
    for number in range(60):
        for email in (number, number + 1):
            house.now += timedelta(seconds=1)
            house.send({"user_id": f"u{number}", "email": f"e{email}@example.org"})
    house.work()

    assert len({house.profile("user_id", f"u{number}")["id"] for number in range(60)}) == 60


def test_the_owner_of_a_user_does_not_depend_on_the_order_of_arrival(house: "House") -> None:
    house.trust("till")
    day, now = timedelta(days=1), house.now
    house.audience("a", 'FILTER city = "Oslo"')
    house.audience("b", 'FILTER city = "Rome"')
    house.export("a", "b", field="email")
    one = {"user_id": "u1", "email": "e@example.org", "city": "Oslo"}
    two = {"user_id": "u2", "email": "e@example.org", "city": "Rome"}
    house.send(one, stream="till", at=now - 3 * day)
    house.send(two, stream="till", at=now - 2 * day)
    house.work()

    house.send({"user_id": "u2", "last_name": "x"}, stream="till", at=now - 9 * day)
    house.work()

    assert house.outbox() == {"e@example.org": (["b"], [])}


def test_a_profile_that_moves_from_one_shadow_to_another_stays_omitted(house: "House") -> None:
    house.audience("a", 'FILTER city = "Oslo"')
    house.export("a", field="email")
    for user, mail in (("u1", "a@x.org"), ("u2", "z@x.org"), ("u3", "z@x.org")):
        house.now += timedelta(minutes=1)
        house.send({"user_id": user, "email": mail, "city": "Oslo"})
        house.work()
    assert house.omissions() == [OLDER]

    house.now += timedelta(minutes=1)
    house.send({"user_id": "u3", "email": "a@x.org"})
    house.work()

    assert house.omissions() == [OLDER]


def test_a_part_that_splits_off_is_asked_about_the_present(house: "House") -> None:
    house.trust("till")
    day, now = timedelta(days=1), house.now
    house.send({"_uid": "c1"}, stream="till", at=now - 9 * day)
    late = ({"_uid": "c1", "user_id": "u2"}, {"user_id": "u2", "city": "Oslo"})
    house.send(*late, stream="till", at=now - 2 * day)
    house.work()

    house.send({"_uid": "c1", "user_id": "u1"}, stream="till", at=now - 5 * day)
    house.work()

    with house.store.transaction() as conn:
        years = {row[0].year for row in conn.execute("SELECT updated_at FROM g1.profile")}
    assert years == {now.year}


@pytest.mark.parametrize(
    ("cookie", "last", "expected"),
    [
        # The person leaves with the merge, so the value is taken away.
        ({"city": "Rome"}, {"city": "Rome"}, {"u1": ([], ["a"])}),
        # The person was and stays a member, so there is nothing to send.
        ({"first_name": "x"}, {}, {}),
    ],
)
def test_without_existing_users_a_merge_is_no_entry(
    house: "House", cookie: dict[str, str], last: dict[str, str], expected: object
) -> None:
    house.audience("a", 'FILTER city = "Oslo"')
    house.send({"_uid": "c1", **cookie})
    house.now += timedelta(minutes=1)
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    house.now += timedelta(minutes=1)
    house.export("a", existing=False)
    house.now += timedelta(minutes=1)

    house.send({"_uid": "c1", "user_id": "u1", **last})
    house.work()

    assert house.outbox() == expected
