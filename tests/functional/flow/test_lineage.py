"""Where values come from, in a profile that several identifiers and many events made."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.functional.flow.conftest import House

from coterie.app.services import config_source
from coterie.flow.run import lineage
from coterie.flow.run.lineage import LineageFinder
from coterie.model.entity import FieldLineage

Trace = Callable[[str], FieldLineage]


@pytest.fixture
def trace(house: House) -> Trace:
    """Return the lineage of one field of u1."""
    finder = LineageFinder(house.store, config_source(), house.key)

    def find(field: str) -> FieldLineage:
        found = finder.find(house.account.number, ("user_id", "u1"), [field], house.now)
        assert found is not None
        (one,) = found
        return one

    return find


def test_a_value_that_came_before_the_sign_in_is_traced_through_the_merge(
    house: House, trace: Trace
) -> None:
    house.send({"email": "ann@example.org", "city": "Oslo"})
    house.work()
    house.now += timedelta(minutes=1)
    house.send({"user_id": "u1", "email": "ann@example.org"})
    house.work()

    city = trace("city")

    assert [(one.value, one.seq) for one in city.origins] == [("Oslo", 1)]
    assert city.is_whole


def test_what_others_said_is_not_taken_for_this_person_s(house: House, trace: Trace) -> None:
    house.send({"user_id": "u1", "city": "Oslo"})
    house.send({"user_id": "u2", "city": "Bergen"})
    house.work()
    # A refused edge: the event mentions the address of u1, and is about u2.
    house.send({"user_id": "u1", "email": "ann@example.org"})
    house.work()
    house.send({"user_id": "u2", "email": "ann@example.org", "city": "Tromso"})
    house.work()

    city = trace("city")

    assert [one.value for one in city.origins] == ["Oslo"]
    assert city.events == 1


def test_events_that_are_too_many_are_admitted(
    house: House, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage, "MOST_EVENTS", 2)
    for amount in (1, 2, 3):
        house.send({"user_id": "u1", "order_amount": amount, "city": "Oslo"})
        house.work()

    total, city = trace("order_total"), trace("city")

    assert (total.events, total.is_whole) == (2, False)
    assert (city.events, city.is_whole) == (2, True)


def test_large_events_are_read_up_to_a_limit(
    house: House, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage, "MOST_LETTERS", 10)
    monkeypatch.setattr(lineage, "EVENTS_AT_ONCE", 1)
    for city in ("Oslo", "Bergen"):
        house.now += timedelta(minutes=1)
        house.send({"user_id": "u1", "city": city})
        house.work()

    found = trace("city")

    assert ([one.value for one in found.origins], found.events) == (["Bergen"], 1)
