"""Drafts wait, ended audiences let everyone go, and sizes are kept."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House

from coterie.control.definitions.audience_life import (
    activate_audience,
    build_again,
    expire_overdue,
    set_expiry,
)
from coterie.control.definitions.audiences import (
    BadAudienceError,
    create_audience,
    get_audience,
    update_audience,
)
from coterie.control.definitions.sizes import list_sizes, size_history
from coterie.control.definitions.starter import install_starters, list_starters
from coterie.control.definitions.trackers import list_trackers
from coterie.worker.housekeeping import tidy

HOUR = timedelta(hours=1)
OSLO = 'FILTER city = "Oslo"'


def draft(house: House, slug: str, text: str) -> None:
    create_audience(
        house.store,
        account=house.account.number,
        slug=slug,
        name=slug,
        filter_text=text,
        is_draft=True,
        actor=ACTOR,
        clock=lambda: house.now,
    )


def activate(house: House, slug: str) -> None:
    number = house.account.number
    activate_audience(house.store, account=number, slug=slug, actor=ACTOR, clock=lambda: house.now)


def end(house: House, slug: str, hours: int | None) -> None:
    set_expiry(
        house.store,
        account=house.account.number,
        slug=slug,
        expires_at=None if hours is None else house.now + hours * HOUR,
        actor=ACTOR,
        clock=lambda: house.now,
    )


def standing(house: House, slug: str) -> tuple[str, int]:
    found = get_audience(house.store, house.account.number, slug)
    return found.state, found.size


def test_a_draft_holds_nobody_until_it_is_activated(house: House) -> None:
    draft(house, "oslo", OSLO)
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    house.build()
    waiting = standing(house, "oslo")

    activate(house, "oslo")
    house.build()

    assert waiting == ("draft", 0)
    assert standing(house, "oslo") == ("live", 1)


def test_a_draft_that_is_edited_stays_a_draft(house: House) -> None:
    draft(house, "oslo", OSLO)

    update_audience(
        house.store,
        account=house.account.number,
        slug="oslo",
        filter_text='FILTER city = "Rome"',
        actor=ACTOR,
        clock=lambda: house.now,
    )

    assert standing(house, "oslo") == ("draft", 0)


def test_nothing_is_watched_for_on_behalf_of_a_draft(house: House) -> None:
    draft(house, "loyal", 'FILTER count_of("order") >= 2')
    before = list_trackers(house.store, house.account.number)

    activate(house, "loyal")

    assert before == []
    assert len(list_trackers(house.store, house.account.number)) == 1


def test_when_an_audience_ends_everyone_leaves_and_destinations_are_told(house: House) -> None:
    house.audience("oslo", OSLO)
    house.audience("friends", "FILTER INCLUDE oslo")
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    house.build()
    house.export("oslo", "friends")
    house.run_jobs()
    end(house, "oslo", 1)

    house.now += HOUR
    ended = expire_overdue(house.store, lambda: house.now)
    house.build()

    assert ended == 1
    assert standing(house, "oslo") == ("expired", 0)
    assert standing(house, "friends") == ("live", 0)
    assert house.outbox()["u1"][0] == []
    house.send({"user_id": "u2", "city": "Oslo"})
    house.work()
    assert house.profile("user_id", "u2")["audiences"] == []


def test_a_later_end_brings_an_expired_audience_back(house: House) -> None:
    house.audience("oslo", OSLO)
    house.audience("friends", "FILTER INCLUDE oslo")
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    end(house, "oslo", 1)
    house.now += HOUR
    expire_overdue(house.store, lambda: house.now)
    house.build()

    end(house, "oslo", None)
    house.build()

    assert standing(house, "oslo") == ("live", 1)
    assert standing(house, "friends") == ("live", 1)


def test_an_end_has_to_be_to_come(house: House) -> None:
    house.audience("oslo", OSLO)

    with pytest.raises(BadAudienceError, match="has to be to come"):
        end(house, "oslo", 0)


def test_an_audience_that_is_built_again_changes_nobody(house: House) -> None:
    house.audience("oslo", OSLO)
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    house.build()
    before = house.changes()

    build_again(
        house.store,
        account=house.account.number,
        slug="oslo",
        actor=ACTOR,
        clock=lambda: house.now,
    )
    house.build()

    assert standing(house, "oslo") == ("live", 1)
    assert house.changes() == before


def test_sizes_are_kept_by_the_hour_and_later_by_the_day(house: House) -> None:
    audience = house.audience("oslo", OSLO)
    house.build()
    start = house.now
    for number in range(4):
        house.send({"user_id": f"u{number}", "city": "Oslo"})
        house.work()
        tidy(house.bench)
        house.now += HOUR

    hourly = list_sizes(house.store, audience, since=start)
    house.now += timedelta(days=40)
    tidy(house.bench)
    daily = list_sizes(house.store, audience, since=start)

    assert [point.size for point in hourly] == [1, 2, 3, 4]
    assert [(point.at, point.size) for point in daily] == [
        (start + 3 * HOUR, 4),
        (house.now, 4),
    ]


def test_the_history_of_sizes_ends_with_now(house: House) -> None:
    start = house.now
    house.audience("oslo", OSLO)
    house.build()
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    house.now += HOUR / 2

    points = size_history(
        house.store,
        get_audience(house.store, house.account.number, "oslo"),
        since=start,
        now=house.now,
    )

    assert [(point.at, point.size) for point in points] == [(start, 0), (house.now, 1)]


def test_every_audience_of_the_starter_set_can_be_saved(house: House) -> None:
    number = house.account.number

    found = install_starters(house.store, account=number, actor=ACTOR, clock=lambda: house.now)
    again = install_starters(house.store, account=number, actor=ACTOR, clock=lambda: house.now)

    assert len(found.made) == len(list_starters())
    assert (again.made, again.kept) == ((), found.made)


def test_starters_come_with_what_they_include(house: House) -> None:
    found = install_starters(
        house.store,
        account=house.account.number,
        slugs=["ly_uses_mobile"],
        is_draft=False,
        actor=ACTOR,
        clock=lambda: house.now,
    )
    house.send({"user_id": "u1", "context": {"os": {"name": "iOS"}}})
    house.work()

    assert found.made == ("ly_uses_android", "ly_uses_ios", "ly_uses_mobile")
    assert house.profile("user_id", "u1")["audiences"] == ["ly_uses_ios", "ly_uses_mobile"]
