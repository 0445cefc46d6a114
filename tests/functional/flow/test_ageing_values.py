"""Values that are kept for some days leave audiences on time, with no new data."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House

from coterie.control.definitions.draft import Draft
from coterie.control.definitions.edits import (
    FieldChange,
    NewField,
    add_mapping,
    change_field,
    create_field,
)
from coterie.control.definitions.schema import Edit, publish_edit
from coterie.model.schema import Mapping

INSTANT = timedelta(microseconds=1)


@pytest.fixture
def shop(house: House) -> House:
    """A house whose profiles keep interests for seven days, and visits by page for two."""
    publish(house, keeping("interests", "[]string", "interest", 7))
    publish(house, keeping("pages", "map[string]int", "page", 2))
    return house


def keeping(name: str, kind: str, expr: str, days: int) -> Edit:
    def edit(draft: Draft) -> Draft:
        made = create_field(draft, NewField(name=name, kind=kind, keep_days=days))
        return add_mapping(made, Mapping(stream="default", field=name, expr=expr))

    return edit


def publish(house: House, edit: Edit) -> None:
    number = house.account.number
    publish_edit(house.store, account=number, edit=edit, actor=ACTOR, clock=lambda: house.now)


def slugs(house: House, user_id: str = "u1") -> list[str]:
    house.work()
    found: list[str] = house.profile("user_id", user_id)["audiences"]
    return found


def test_people_leave_when_a_value_was_kept_for_its_days(shop: House) -> None:
    shop.audience("boats", 'FILTER interests INTERSECTS ("boats")')
    shop.send({"user_id": "u1", "interest": "boats"})
    shop.work()

    shop.now += timedelta(days=7) - INSTANT
    just_before = slugs(shop)
    shop.now += INSTANT

    assert just_before == ["boats"]
    assert slugs(shop) == []
    assert [(kind, cause) for kind, _, cause in shop.changes()] == [
        ("enter", "event"),
        ("exit", "instant"),
    ]


def test_people_enter_when_a_value_is_gone(shop: House) -> None:
    shop.audience("calm", "FILTER NOT EXISTS pages")
    shop.send({"user_id": "u1", "page": {"/home": 1}})
    before = slugs(shop)

    shop.now += timedelta(days=2)

    assert before == []
    assert slugs(shop) == ["calm"]


def test_a_value_that_is_seen_again_is_kept_anew(shop: House) -> None:
    shop.audience("boats", 'FILTER interests INTERSECTS ("boats")')
    shop.send({"user_id": "u1", "interest": "boats"})
    shop.work()
    shop.now += timedelta(days=5)
    shop.send({"user_id": "u1", "interest": "boats"})
    shop.work()

    shop.now += timedelta(days=7) - INSTANT
    just_before = slugs(shop)
    shop.now += INSTANT

    assert just_before == ["boats"]
    assert slugs(shop) == []


def test_each_value_goes_at_its_own_time(shop: House) -> None:
    shop.audience("boats", 'FILTER interests INTERSECTS ("boats")')
    shop.audience("cars", 'FILTER interests INTERSECTS ("cars")')
    shop.send({"user_id": "u1", "interest": "boats"})
    shop.work()
    shop.now += timedelta(days=3)
    shop.send({"user_id": "u1", "interest": "cars"})
    both = slugs(shop)

    shop.now += timedelta(days=4)
    one = slugs(shop)
    shop.now += timedelta(days=3)

    assert both == ["boats", "cars"]
    assert one == ["cars"]
    assert slugs(shop) == []


def test_an_audience_that_is_made_later_is_left_on_time_too(shop: House) -> None:
    shop.send({"user_id": "u1", "interest": "boats"})
    shop.work()
    shop.audience("boats", 'FILTER interests INTERSECTS ("boats")')
    shop.build()
    before = slugs(shop)

    shop.now += timedelta(days=7)

    assert before == ["boats"]
    assert slugs(shop) == []


def test_days_that_are_changed_hold_for_those_who_are_there(shop: House) -> None:
    shop.audience("boats", 'FILTER interests INTERSECTS ("boats")')
    shop.audience("sailors", "FILTER INCLUDE boats")
    shop.send({"user_id": "u1", "interest": "boats"})
    shop.work()
    shop.build()
    shop.now += timedelta(days=3)
    before = slugs(shop)

    publish(shop, lambda draft: change_field(draft, "interests", FieldChange(keep_days=4)))
    shop.build()
    between = slugs(shop)
    shop.now += timedelta(days=1)

    assert before == between == ["boats", "sailors"]
    assert slugs(shop) == []


def test_days_that_have_passed_already_let_people_leave_at_once(shop: House) -> None:
    shop.audience("boats", 'FILTER interests INTERSECTS ("boats")')
    shop.send({"user_id": "u1", "interest": "boats"})
    shop.work()
    shop.build()
    shop.now += timedelta(days=3)

    publish(shop, lambda draft: change_field(draft, "interests", FieldChange(keep_days=2)))
    shop.build()

    assert slugs(shop) == []


def test_a_description_builds_nothing_anew(shop: House) -> None:
    shop.audience("boats", 'FILTER interests INTERSECTS ("boats")')
    shop.build()

    publish(shop, lambda draft: change_field(draft, "interests", FieldChange(description="Likes")))

    with shop.store.transaction() as conn:
        states = conn.execute("SELECT state, version FROM audience").fetchall()
    assert states == [("live", 1)]
