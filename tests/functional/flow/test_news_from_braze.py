"""What Braze says again, and what it says because we wrote it, is no news."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.functional.flow.conftest import ACTOR, House

from coterie.control.definitions.intake import get_intake, set_intake
from coterie.control.definitions.schema import publish_lql

STREAM = "braze_users"
ADA: dict[str, Any] = {"external_id": "u1", "city": "Oslo", "first_name": "Ada"}
LOYALTY = """
SELECT lytics_segments AS br_segments KIND string, count(city) AS told KIND int MERGEOP sum
FROM braze_users INTO user BY user_id ALIAS told"""


@pytest.fixture(autouse=True)
def _count(house: House) -> None:
    publish_lql(
        house.store,
        account=house.account.number,
        text=LOYALTY,
        actor=ACTOR,
        clock=lambda: house.now,
    )


def tell(house: House, *bodies: dict[str, Any], after: timedelta = timedelta()) -> None:
    house.now += after
    house.send(*bodies, stream=STREAM)
    house.work()


def told(house: House) -> int:
    return int(house.profile("user_id", "u1")["told"])


def change(house: House, **rules: Any) -> None:
    now = get_intake(house.store, house.account.number, STREAM).intake
    set_intake(
        house.store,
        account=house.account.number,
        stream=STREAM,
        intake=msgspec.structs.replace(now, **rules),
        actor=ACTOR,
        clock=lambda: house.now,
    )


def test_a_message_that_comes_again_counts_once(house: House) -> None:
    tell(house, ADA, ADA, {**ADA, "dispatch_id": "another"})
    tell(house, ADA, after=timedelta(hours=23))

    assert told(house) == 1


def test_a_change_and_its_undoing_both_count(house: House) -> None:
    tell(house, ADA)
    tell(house, {**ADA, "city": "Bergen"}, after=timedelta(minutes=1))
    tell(house, ADA, after=timedelta(minutes=1))

    assert told(house) == 3
    assert house.profile("user_id", "u1")["city"] == "Oslo"


def test_after_the_window_the_same_is_news_again(house: House) -> None:
    change(house, window_minutes=60)
    tell(house, ADA)
    tell(house, ADA, after=timedelta(minutes=59))
    tell(house, ADA, after=timedelta(minutes=2))

    assert told(house) == 2


def test_keys_that_differ_each_time_can_be_left_out(house: House) -> None:
    change(house, ignore=("sent_at",))
    tell(house, {**ADA, "sent_at": "1"}, {**ADA, "sent_at": "2"})

    assert told(house) == 1


def test_a_stream_may_tell_repeats_by_their_ids_alone(house: House) -> None:
    change(house, repeats="message")
    tell(house, {**ADA, "message_id": "m1"}, {**ADA, "message_id": "m1"}, ADA, ADA)

    assert told(house) == 3


def test_others_are_not_taken_for_a_repeat(house: House) -> None:
    tell(house, ADA, {**ADA, "external_id": "u2"})

    assert house.profile("user_id", "u2")["told"] == 1


def test_our_own_attribute_comes_back_as_nothing(house: House) -> None:
    house.audience("oslo", 'FILTER AND (city = "Oslo", last_seen > "now-1d")')
    house.export("oslo")
    tell(house, ADA)
    seen = house.profile("user_id", "u1")["last_seen"]

    tell(house, {**ADA, "lytics_segments": "oslo"}, after=timedelta(hours=1))
    nested = {**ADA, "custom_attributes": {"lytics_segments": ["oslo"]}}
    tell(house, nested, after=timedelta(hours=1))

    profile = house.profile("user_id", "u1")
    assert "br_segments" not in profile
    assert (profile["last_seen"], profile["audiences"]) == (seen, ["oslo"])
    house.now += timedelta(hours=23)
    house.work()
    assert house.profile("user_id", "u1")["audiences"] == []


def test_what_else_changed_beside_our_attribute_is_news(house: House) -> None:
    house.audience("oslo", 'FILTER city = "Oslo"')
    house.export("oslo")
    tell(house, ADA)
    moved = {**ADA, "city": "Bergen", "lytics_segments": "oslo"}
    tell(house, moved, after=timedelta(hours=1))

    assert told(house) == 2
    assert house.profile("user_id", "u1")["city"] == "Bergen"


def tell_braze(house: House, destination: int, city: str) -> None:
    """Let the outbox say that Braze was told of a city."""
    item = msgspec.json.encode({"city": [city, 0, 1]}).decode()
    with house.store.transaction() as conn:
        conn.execute(
            "UPDATE destination SET form = 'attributes', attribute = '' WHERE id = %s",
            [destination],
        )
        conn.execute(
            """INSERT INTO outbox (destination, recipient, account, claims, told, pending)
               VALUES (%s, 'u1', %s, '\\x90', %s, false)
               ON CONFLICT (destination, recipient) DO UPDATE SET told = EXCLUDED.told""",
            [destination, house.account.number, item],
        )


def test_a_value_that_braze_was_told_is_no_news_and_another_one_is(house: House) -> None:
    house.audience("oslo", 'FILTER city = "Oslo"')
    destination = house.export("oslo")
    tell_braze(house, destination, "Oslo")
    change(house, window_minutes=600)
    tell(house, ADA)
    tell_braze(house, destination, "Bergen")

    tell(house, {**ADA, "city": "Bergen"}, after=timedelta(minutes=1))
    after_the_echo = told(house)
    tell(house, {**ADA, "city": "Paris"}, after=timedelta(minutes=1))

    assert after_the_echo == 1
    assert told(house) == 2
