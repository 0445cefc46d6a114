import pytest
from tests.functional.worker.conftest import Crew

from coterie.worker.pace import TRIES_BEFORE_BISECTION


def orders(*user_ids: str) -> list[dict[str, object]]:
    return [{"user_id": user_id, "order_amount": 1} for user_id in user_ids]


def with_damaged_user(crew: Crew) -> None:
    crew.send({"user_id": "damaged"})
    crew.work_hard()
    crew.damage("damaged")


def test_an_event_that_cannot_be_processed_is_set_aside_and_its_neighbours_are_not(
    crew: Crew,
) -> None:
    with_damaged_user(crew)
    neighbours = [f"u{number}" for number in range(20)]

    crew.send(*orders(*neighbours[:13], "damaged", *neighbours[13:]))
    crew.work_with(crew.hire(limit=16))

    [(seq, (kind, reason))] = crew.outcomes().items()
    assert (seq, kind) == (15, "poison")
    assert reason.startswith("ValidationError") or "MessagePack" in reason
    assert [crew.profile("user_id", one)["order_count"] for one in neighbours] == [1] * 20


def test_several_poison_events_in_a_row_are_all_set_aside(crew: Crew) -> None:
    with_damaged_user(crew)

    crew.send(*orders("u1", "damaged", "damaged", "u2", "damaged"))
    crew.work_with(crew.hire())

    assert {seq: kind for seq, (kind, _) in crew.outcomes().items()} == {
        3: "poison",
        4: "poison",
        6: "poison",
    }
    assert crew.profile("user_id", "u2")["order_count"] == 1


def test_a_lane_that_goes_well_does_not_hide_one_that_fails(crew: Crew) -> None:
    with_damaged_user(crew)
    worker = crew.hire(limit=1)
    crew.send(*orders("damaged", "u1"))

    for number in range(3 * TRIES_BEFORE_BISECTION):
        crew.send(*orders(f"busy{number}"), lane=1)
        worker.turn()

    assert [kind for kind, _ in crew.outcomes().values()] == ["poison"]
    assert crew.profile("user_id", "u1")["order_count"] == 1


def test_workers_that_fail_in_turn_set_the_right_event_aside(crew: Crew) -> None:
    with_damaged_user(crew)
    workers = [crew.hire(), crew.hire()]
    crew.send(*orders("u1", "damaged", "u2", "u3", "u4", "damaged", "u5"))

    for turn in range(100):
        workers[turn % 2].turn()

    assert sorted(crew.outcomes()) == [3, 7]
    assert all(crew.profile("user_id", f"u{n}")["order_count"] == 1 for n in range(1, 6))


@pytest.mark.parametrize("value", ["a\x00b", "x" * 1_001, "é" * 501])
def test_what_can_identify_nobody_is_no_identifier_and_no_poison(crew: Crew, value: str) -> None:
    crew.send({"user_id": value}, {"user_id": value, "email": "a@example.com", "city": "Oslo"})

    crew.work_with(crew.hire())

    assert {seq: kind for seq, (kind, _) in crew.outcomes().items()} == {1: "rejected"}
    found = crew.profile("email", "a@example.com")
    assert found["city"] == "Oslo"
    assert "user_id" not in found
    assert crew.lookup.find_profile(crew.account.number, "user_id", value, crew.now) is None


def test_an_identifier_of_full_length_is_one(crew: Crew) -> None:
    value = "é" * 500

    crew.send({"user_id": value, "city": "Oslo"})
    crew.work_with(crew.hire())

    assert crew.profile("user_id", value)["city"] == "Oslo"
