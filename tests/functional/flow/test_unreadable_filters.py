"""An audience whose saved filter can no longer be read is set aside; all others go on."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House

from coterie.control.definitions.audiences import create_audience, list_audiences, update_audience
from coterie.control.definitions.saved_filters import find_warnings
from coterie.lang.filterql import FilterError
from coterie.model.control import Audience

OSLO = 'FILTER city = "Oslo"'


def spoil(house: House, slug: str) -> None:
    """Let a saved filter be one of an earlier release, which knew a function that is gone."""
    with house.store.transaction() as conn:
        conn.execute(
            "UPDATE audience SET filter_text = 'FILTER bygone(city)' WHERE slug = %s", [slug]
        )
        conn.execute("UPDATE config_epoch SET epoch = epoch + 1")


def audiences(house: House) -> dict[str, Audience]:
    return {one.slug: one for one in list_audiences(house.store, house.account.number)}


def sizes(house: House) -> dict[str, int]:
    return {slug: one.size for slug, one in audiences(house).items()}


def correct(house: House, slug: str, text: str) -> None:
    update_audience(
        house.store,
        account=house.account.number,
        slug=slug,
        filter_text=text,
        actor=ACTOR,
        clock=lambda: house.now,
    )
    house.build()


@pytest.fixture
def spoilt(house: House) -> House:
    """Return a house whose audience `old` cannot be read; Ann is in all three, Bob in none."""
    house.audience("fine", OSLO)
    house.audience("old", OSLO)
    house.audience("of_old", "FILTER INCLUDE old")
    house.send({"user_id": "ann", "city": "Oslo"}, {"user_id": "bob", "city": "Bergen"})
    house.work()
    house.build()
    assert sizes(house) == {"fine": 1, "old": 1, "of_old": 1}
    spoil(house, "old")
    house.now += timedelta(hours=1)
    return house


def test_events_go_on_and_nobody_enters_or_leaves_what_cannot_be_asked(spoilt: House) -> None:
    spoilt.send({"user_id": "ann", "city": "Bergen"})
    spoilt.send({"user_id": "bob", "city": "Oslo"}, {"user_id": "cy", "city": "Oslo"})
    spoilt.work()

    assert sizes(spoilt) == {"fine": 2, "old": 1, "of_old": 1}


def test_what_is_set_aside_says_why_and_how_to_end_it(spoilt: House) -> None:
    found = audiences(spoilt)

    assert found["fine"].fault is None
    assert "there is no function 'bygone'" in (found["old"].fault or "")
    assert "'old' is corrected" in (found["of_old"].fault or "")
    (problem,) = find_warnings(spoilt.store, spoilt.account.number, "old")
    assert (problem.line, problem.column) == (1, 8)


def test_other_audiences_can_be_saved_meanwhile(spoilt: House) -> None:
    spoilt.audience("bergen", 'FILTER city = "Bergen"')
    spoilt.build()

    assert sizes(spoilt)["bergen"] == 1
    with pytest.raises(FilterError, match="'old' can no longer be read, expected 'old' corrected"):
        spoilt.audience("more_of_old", "FILTER INCLUDE of_old")
    with pytest.raises(FilterError):
        create_audience(
            spoilt.store,
            account=spoilt.account.number,
            slug="other",
            name="other",
            filter_text="FILTER bygone(city)",
            actor=ACTOR,
            clock=lambda: spoilt.now,
        )


def test_a_corrected_filter_is_built_anew_with_all_that_include_it(spoilt: House) -> None:
    spoilt.send({"user_id": "ann", "city": "Bergen"})
    spoilt.work()

    correct(spoilt, "old", 'FILTER city = "Bergen"')

    assert sizes(spoilt) == {"fine": 0, "old": 2, "of_old": 2}
    assert [one.fault for one in audiences(spoilt).values()] == [None] * 3
