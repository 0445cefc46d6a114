"""Identities that are too many: hubs, passengers, groups that are left to maintenance."""

from typing import TYPE_CHECKING

from coterie.flow.identity.maintenance import count_unsettled
from coterie.flow.profiles.storage import get_profile
from coterie.flow.run.generations import enter_live_generation
from coterie.worker.housekeeping import settle_next

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House

    from coterie.model.profile import Body, Fragment

MANY = 600


def held_body(house: "House", profile_id: str) -> "Body":
    with house.store.transaction() as conn:
        enter_live_generation(conn)
        found = get_profile(conn, house.account.number, profile_id)
    assert found is not None
    return found.body


def held(house: "House", profile_id: str) -> "tuple[Fragment, ...]":
    return held_body(house, profile_id).fragments


def flags(house: "House", field: str, value: str) -> tuple[str, ...]:
    found = house.lookup.find_profile(house.account.number, field, value, house.now)
    assert found is not None
    return found.flags


def waiting(house: "House") -> int:
    with house.store.transaction() as conn:
        enter_live_generation(conn)
        return count_unsettled(conn).waiting


def test_a_shared_device_lets_go_of_the_people_whom_it_had_joined(house: "House") -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.send(*({"email": f"e{n}@x.org", "_uid": "library"} for n in range(10)))
    house.send({"email": "e1@x.org", "city": "Oslo"})
    house.work()
    joined = house.profile("email", "e0@x.org")
    assert joined["id"] == house.profile("email", "e9@x.org")["id"]
    assert joined["audiences"] == ["in_oslo"]

    house.send({"email": "e10@x.org", "_uid": "library"})
    house.work()

    people = [house.profile("email", f"e{n}@x.org") for n in range(11)]
    assert len({person["id"] for person in people}) == len(people)
    assert [person["audiences"] for person in people] == [
        ["in_oslo"] if n == 1 else [] for n in range(11)
    ]
    assert {kind for kind, _, _ in house.changes()} == {"enter", "exit", "split"}
    assert flags(house, "_uids", "library") == ("hub",)
    assert flags(house, "email", "e0@x.org") == ()


def test_a_new_leaf_of_a_large_profile_is_its_passenger(house: "House") -> None:
    house.send({"user_id": "u1", "_uid": [f"c{n}" for n in range(MANY)]})
    house.work()

    house.send({"user_id": "u1", "_uid": "late"})
    house.work()
    house.send({"_uid": "late", "city": "Oslo"}, {"_uid": "late", "email": "e@x.org"})
    house.work()

    person = house.profile("user_id", "u1")
    assert house.profile("_uids", "late")["id"] == person["id"]
    assert person["city"] == "Oslo"
    assert flags(house, "user_id", "u1") == ("passengers",)
    assert ("_uids", "late") not in [
        part.identifier for part in held_body(house, person["id"]).fragments
    ]


def test_passengers_go_with_their_carrier_when_profiles_merge(house: "House") -> None:
    house.send({"email": "e@x.org", "_uid": [f"c{n}" for n in range(MANY)]})
    house.work()
    house.send({"email": "e@x.org", "_uid": "late"})
    house.send({"user_id": "u1", "first_name": "Given"})
    house.work()

    house.send({"user_id": "u1", "email": "e@x.org"})
    house.work()
    house.send({"_uid": "late", "city": "Oslo"})
    house.work()

    assert house.profile("_uids", "late")["id"] == house.profile("user_id", "u1")["id"]
    assert house.profile("user_id", "u1")["city"] == "Oslo"


def test_a_group_too_large_for_a_batch_is_flagged_and_settled_by_maintenance(
    house: "House",
) -> None:
    for number in range(3):
        cookies = [f"c{number}.{n}" for n in range(MANY)]
        house.send({"user_id": f"u{number}", "_uid": cookies})
    for one, other in ((0, 1), (1, 2)):
        house.send({"user_id": f"u{one}", "_uid": f"c{other}.0"})
    house.work()

    house.send({"user_id": "u0", "_uid": "c2.1", "city": "Oslo"})
    house.work()

    person = house.profile("user_id", "u0")
    flagged = held_body(house, person["id"])
    assert person["city"] == "Oslo"
    assert flagged.standing is not None
    assert flagged.standing.is_unsettled
    assert [item.rule for item in flagged.refused] == ["unique", "pending"]
    assert waiting(house) > 0
    assert flags(house, "user_id", "u0") == ("unsettled",)

    while settle_next(house.bench):
        pass

    settled = held_body(house, person["id"])
    assert settled.standing is None
    assert [item.rule for item in settled.refused] == ["unique", "unique"]
    assert waiting(house) == 0
