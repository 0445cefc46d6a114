"""Merged and unmerged again is as never merged: values, audiences, and what Braze is to hold."""

from random import Random
from typing import Any

import pytest
from tests.functional.flow.conftest import House

AUDIENCES = {"oslo": 'FILTER city = "Oslo"', "big": "FILTER order_total >= 8"}


def story(who: str, chance: Random) -> list[dict[str, Any]]:
    """Two people, each with a device, and one event by mistake that names both."""
    user, mail = {"user_id": f"{who}1"}, {"email": f"{who}@example.org"}
    told: list[dict[str, Any]] = [
        {**user, "city": "Oslo", "order_amount": 5},
        {**user, "_uid": f"{who}-phone", "order_amount": 1},
        {**mail, "city": "Rome", "order_amount": 9},
        {**mail, "_uid": f"{who}-desk"},
        {"_uid": f"{who}-desk", "order_amount": 2},
        {**user, **mail, "order_amount": 4},
    ]
    chance.shuffle(told)
    return told


def seen(house: House, who: str) -> list[dict[str, Any]]:
    """What is known of both, in words that do not depend on who."""
    found = []
    for field, value in (("user_id", f"{who}1"), ("email", f"{who}@example.org")):
        known = house.profile(field, value)
        known.pop("id")
        plain = {
            name: str(held).replace(f"{who}1", "1").replace(f"{who}@", "@").replace(f"{who}-", "-")
            for name, held in known.items()
        }
        found.append(plain)
    return found


def take(house: House, events: list[dict[str, Any]], chance: Random) -> None:
    while events:
        size = chance.randint(1, 3)
        house.send(*events[:size], lane=0)
        house.work()
        events = events[size:]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_who_were_merged_and_parted_are_as_if_they_had_never_met(
    house: House, seed: int
) -> None:
    for slug, text in AUDIENCES.items():
        house.audience(slug, text)
    house.build()
    house.export(*AUDIENCES, field="user_id")
    house.run_jobs()
    before, after = story("a", Random(seed)), story("b", Random(seed))
    apart = {who: (("user_id", f"{who}1"), ("email", f"{who}@example.org")) for who in "ab"}

    house.pin("pin_apart", *apart["a"])
    house.work()
    take(house, before, Random(seed))
    take(house, after, Random(seed + 1))
    together = {house.profile(field, value)["id"] for field, value in apart["b"]}
    house.pin("pin_apart", *apart["b"])
    house.work()

    assert len(together) == 1
    assert seen(house, "b") == seen(house, "a")
    outbox = house.outbox()
    assert outbox["b1"] == outbox["a1"]
