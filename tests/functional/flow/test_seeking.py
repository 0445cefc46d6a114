"""Those whom a filter that is not saved holds are found page by page, each once."""

from collections.abc import Iterator

import pytest
from tests.functional.flow.conftest import House

from coterie.app.services import config_source
from coterie.flow.run.insights import InsightSettings
from coterie.flow.run.seek import Seeker
from coterie.model.entity import Found

PEOPLE = 30
OSLO = 'FILTER city = "Oslo"'


@pytest.fixture
def town(house: House) -> House:
    """Thirty people; every third lives in Oslo, every other one has ordered."""
    for number in range(PEOPLE):
        more = {"_e": "order", "price": number} if number % 2 else {}
        city = "Oslo" if number % 3 == 0 else "Rome"
        house.send({"user_id": f"u{number}", "city": city, **more})
    house.work()
    return house


def seeker(house: House, *, most: int = 20_000, seconds: float = 60.0) -> Seeker:
    """Return one whose time stands still; with 0 seconds it is over at once."""
    settings = InsightSettings(house.key, look_seconds=seconds, most_asked=most)
    return Seeker(house.store, config_source(), settings, lambda: 0.0)


def pages(house: House, text: str, asks: Seeker, *, limit: int) -> Iterator[Found]:
    after = ""
    while True:
        found = asks.seek(house.account.number, text, after, limit=limit, now=house.now)
        yield found
        after = found.after
        if not after:
            return


def users(found: list[Found]) -> list[str]:
    return [one.values["user_id"] for page in found for one in page.members]


def test_pages_of_any_size_hold_everybody_who_fits_once(town: House) -> None:
    expected = sorted(f"u{number}" for number in range(0, PEOPLE, 3))

    for limit in (1, 3, 10, 100):
        found = list(pages(town, OSLO, seeker(town), limit=limit))

        assert sorted(users(found)) == expected
        assert all(len(page.members) <= limit for page in found)


def test_a_page_asks_no_more_than_it_may_and_leads_on(town: House) -> None:
    found = list(pages(town, OSLO, seeker(town, most=4), limit=100))

    assert {page.asked for page in found[:-1]} == {4}
    assert sum(page.asked for page in found) == PEOPLE
    assert len(users(found)) == len(set(users(found))) == PEOPLE // 3


def test_a_page_whose_time_is_over_has_asked_somebody(town: House) -> None:
    asks = seeker(town, most=5, seconds=0.0)

    found = list(pages(town, "FILTER NOT EXISTS user_id", asks, limit=100))

    assert users(found) == []
    assert sum(page.asked for page in found) == PEOPLE
    assert all(page.asked for page in found[:-1])


def test_what_people_did_is_read_from_the_log_and_kept_nowhere(town: House) -> None:
    text = 'FILTER AND (count_of("order") >= 1, city = "Oslo")'

    found = list(pages(town, text, seeker(town), limit=4))

    expected = sorted(f"u{number}" for number in range(PEOPLE) if number % 6 == 3)
    assert sorted(users(found)) == expected
    with town.store.transaction() as conn:
        assert conn.execute("SELECT count(*) FROM tracker").fetchone() == (0,)


def test_a_place_that_cannot_be_begins_with_the_first(town: House) -> None:
    asks, account = seeker(town), town.account.number

    odd = asks.seek(account, "FILTER *", "'; --", limit=3, now=town.now)
    first = asks.seek(account, "FILTER *", "", limit=3, now=town.now)

    assert odd == first
