"""What people learn about audiences: estimates, overlaps, values."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.functional.flow.conftest import House

from coterie.app.services import config_source
from coterie.control.definitions.audiences import get_audience, list_audiences
from coterie.flow.run.insights import Insights, InsightSettings
from coterie.model.insights import Estimate

PEOPLE = 60
MIDDLE = "8" + "0" * 31

Ask = Callable[[str], Estimate]


def insights(
    house: House,
    *,
    most: int = 20_000,
    seconds: float = 60.0,
    compared: int = 1_000_000,
    looked_up: int = 400_000,
) -> Insights:
    """Insights whose draw begins in the middle, and whose time stands unless it is 0."""
    settings = InsightSettings(
        house.key,
        look_seconds=seconds,
        most_asked=most,
        most_compared=compared,
        most_looked_up=looked_up,
    )
    return Insights(house.store, config_source(), settings, lambda: 0.0, lambda: MIDDLE)


@pytest.fixture
def town(house: House) -> House:
    """Sixty people; every third lives in Oslo, every other one has ordered."""
    for number in range(PEOPLE):
        more = {"_e": "order", "price": number} if number % 2 else {}
        city = "Oslo" if number % 3 == 0 else "Rome"
        house.send({"user_id": f"u{number}", "city": city, "order_amount": number, **more})
    house.work()
    return house


def test_a_preview_of_a_small_account_is_exact(town: House) -> None:
    found = insights(town).preview(town.account.number, 'FILTER city = "Oslo"', town.now)

    assert (found.size, found.low, found.high) == (20, 20, 20)
    assert (found.asked, found.profiles, found.is_exact) == (PEOPLE, PEOPLE, True)


def test_a_preview_asks_no_more_than_it_has_time_for(town: House) -> None:
    found = insights(town, most=10).preview(town.account.number, 'FILTER city = "Oslo"', town.now)

    # The portion that begins in the middle ends with the last id.
    assert found.asked < PEOPLE
    assert not found.is_exact
    assert found.low < 20 < found.high


def test_a_preview_reads_what_people_did_from_the_log_and_keeps_nothing(town: House) -> None:
    text = 'FILTER AND (count_of("order") >= 1, city = "Oslo")'
    before = town.store

    found = insights(town).preview(town.account.number, text, town.now)

    assert found.size == PEOPLE // 6
    with before.transaction() as conn:
        assert conn.execute("SELECT count(*) FROM tracker").fetchone() == (0,)


def test_a_preview_says_what_building_the_audience_finds(town: House) -> None:
    text = 'FILTER AND (order_total > 20, NOT city = "Oslo")'
    found = insights(town).preview(town.account.number, text, town.now)

    town.audience("rich", text)
    town.build()

    assert found.size == get_audience(town.store, town.account.number, "rich").size > 0


def test_overlaps_are_exact_counts(town: House) -> None:
    town.audience("oslo", 'FILTER city = "Oslo"')
    town.audience("late", "FILTER order_total >= 30")
    town.audience("nobody", 'FILTER city = "Bergen"')
    town.build()
    every = {one.slug: one for one in list_audiences(town.store, town.account.number)}

    found = insights(town).overlaps(
        town.account.number, every["oslo"], [every["late"], every["nobody"]]
    )

    assert [(one.slug, one.both) for one in found] == [("late", 10), ("nobody", 0)]
    assert all(one.is_exact and one.low == one.both == one.high for one in found)
    assert (found[0].of_this, found[0].of_other) == (0.5, round(1 / 3, 4))


def test_of_very_many_members_a_draw_is_looked_up(town: House) -> None:
    town.audience("everyone", "FILTER *")
    town.audience("all", "FILTER *")
    town.audience("oslo", 'FILTER city = "Oslo"')
    town.build()
    every = {one.slug: one for one in list_audiences(town.store, town.account.number)}

    found = insights(town, compared=70, looked_up=60).overlaps(
        town.account.number, every["everyone"], [every["oslo"], every["all"]]
    )

    alike, oslo = found
    assert not alike.is_exact
    assert not oslo.is_exact
    # Whoever was looked up is in both.
    assert (alike.both, alike.high, alike.of_this, alike.of_other) == (PEOPLE, PEOPLE, 1.0, 1.0)
    assert alike.low < PEOPLE
    assert oslo.low <= oslo.both <= oslo.high <= 20


def test_a_small_audience_is_exact_beside_very_large_ones(town: House) -> None:
    town.audience("oslo", 'FILTER city = "Oslo"')
    town.audience("everyone", "FILTER *")
    town.build()
    every = {one.slug: one for one in list_audiences(town.store, town.account.number)}

    (found,) = insights(town, compared=1).overlaps(
        town.account.number, every["oslo"], [every["everyone"]]
    )

    assert (found.both, found.is_exact) == (20, True)


def test_the_values_of_members_are_counted(town: House) -> None:
    audience = town.audience("oslo", 'FILTER city = "Oslo"')
    town.build()

    report = insights(town).field_report(
        town.account.number,
        audience,
        ["city", "order_total", "phone"],
        limit=5,
        hides_personal=False,
        now=town.now,
    )

    fields = {one.field: one for one in report.fields}
    assert (report.size, report.asked, report.is_exact) == (20, 20, True)
    assert [(one.value, one.count) for one in fields["city"].values] == [("Oslo", 20)]
    assert (fields["order_total"].least, fields["order_total"].greatest) == (0, 57)
    assert fields["order_total"].distinct == 20
    assert fields["phone"].present == 0


def test_personal_values_are_not_told_to_who_may_not_see_them(town: House) -> None:
    town.send({"user_id": "u1", "email": "ada@example.org"})
    town.work()

    report = insights(town).field_report(
        town.account.number, None, ["email"], limit=5, hides_personal=True, now=town.now
    )

    [email] = report.fields
    assert (email.present, email.values, email.distinct, email.is_redacted) == (1, (), 0, True)


def test_moving_dates_of_a_preview_are_those_of_its_instant(town: House) -> None:
    ask = insights(town).preview
    number, text = town.account.number, 'FILTER last_seen > "now-1d"'

    now, later = ask(number, text, town.now), ask(number, text, town.now + timedelta(days=2))

    assert (now.size, later.size) == (PEOPLE, 0)
