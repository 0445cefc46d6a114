"""Events become profiles, memberships, changes: the data plane on a real database."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House


def test_events_of_one_person_become_one_profile(house: "House") -> None:
    house.send({"_uid": "c1", "city": "Oslo"}, {"_uid": "c1", "email": "A@Example.com"})
    house.send({"email": "a@example.com", "user_id": "u1", "first_name": "Given"}, lane=1)

    house.work()

    by_cookie = house.profile("_uids", "c1")
    assert by_cookie["city"] == "Oslo"
    assert by_cookie["first_name"] == "Given"
    assert by_cookie["id"] == house.profile("user_id", "u1")["id"]


def test_a_message_sent_twice_counts_once(house: "House") -> None:
    order = {"user_id": "u1", "amount": 12.5, "_e": "order", "message_id": "m1"}

    house.send(order, order)
    house.send(order, lane=1)
    house.work()

    with house.store.transaction() as conn:
        kinds = conn.execute("SELECT kind FROM event_outcome").fetchall()
    assert kinds == [("duplicate",), ("duplicate",)]


def test_people_enter_and_leave_as_their_data_changes(house: "House") -> None:
    oslo = house.audience("in_oslo", 'FILTER city = "Oslo"')

    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    house.now += timedelta(minutes=1)
    house.send({"user_id": "u1", "city": "Rome"})
    house.work()

    assert house.changes() == [("enter", oslo, "event"), ("exit", oslo, "event")]
    assert house.profile("user_id", "u1")["audiences"] == []


def test_time_alone_moves_people_out(house: "House") -> None:
    fresh = house.audience("fresh", 'FILTER last_seen > "now-1d"')
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    assert house.profile("user_id", "u1")["audiences"] == ["fresh"]

    house.now += timedelta(days=1, seconds=2)
    house.work()

    assert house.changes()[-1] == ("exit", fresh, "instant")
    assert house.profile("user_id", "u1")["audiences"] == []


def test_an_event_without_identifier_is_kept_with_the_reason(house: "House") -> None:
    house.send({"city": "Oslo"})

    house.work()

    [event] = house.lookup.latest_events(house.account.number, "default", 5)
    assert event.outcome == "rejected"
    assert "no identifier" in event.reason


def test_spellings_of_one_phone_number_are_one_person(house: "House") -> None:
    house.send({"phone": "+47 900 00 000", "city": "Oslo"}, {"phone": "4790000000", "user_id": "u"})

    house.work()

    assert house.profile("user_id", "u")["city"] == "Oslo"
    assert house.profile("phone", "(+47) 900-00-000")["phone"] == "+4790000000"


def test_a_value_that_means_nobody_joins_nobody(house: "House") -> None:
    for user in ("u1", "u2"):
        house.send({"user_id": user, "email": "TEST@test.com", "phone": "N/A", "_uid": "undefined"})

    house.work()

    assert house.profile("user_id", "u1")["id"] != house.profile("user_id", "u2")["id"]
    assert "email" not in house.profile("user_id", "u1")
