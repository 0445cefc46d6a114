"""Behavioural audiences on a real database: what people did makes them enter and leave."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.functional.flow.conftest import START, House

from coterie.app.services import config_source
from coterie.control.definitions.audiences import get_audience
from coterie.control.definitions.pipeline import load_config
from coterie.control.definitions.trackers import TooManyTrackersError, list_trackers
from coterie.flow.run.explain import Explainer
from coterie.lang.filterql import FilterError
from coterie.model.profile import Body

DAY = timedelta(days=1)
LOYAL = 'FILTER count_of("order", "now-90d") >= 2'
MARKETERS = """FILTER AND (
    count_of("order", "now-90d") >= 3
    last_of("order", price) > 50
    NOT did("push_open", last_time_of("order"))
)"""


def order(user: str, price: float = 10, **more: Any) -> dict[str, Any]:
    return {"user_id": user, "_e": "order", "price": price, **more}


def audiences(house: House, user: str) -> list[str]:
    found = house.profile("user_id", user)["audiences"]
    assert isinstance(found, list)
    return found


def members(house: House, slug: str) -> int:
    return get_audience(house.store, house.account.number, slug).size


def hidden_states(house: House) -> dict[str, list[int]]:
    """The trackers of which each identifier's fragment holds a state."""
    with house.store.transaction() as conn:
        bodies = conn.execute("SELECT body FROM g1.profile").fetchall()
    return {
        fragment.value: [key for key in fragment.states if key < 0]
        for (body,) in bodies
        for fragment in msgspec.msgpack.decode(body, type=Body).fragments
    }


def test_people_enter_with_the_event_that_makes_it_enough(house: House) -> None:
    loyal = house.audience("loyal", LOYAL)

    house.send(order("u1"), {"user_id": "u1", "_e": "view"}, order("u2"))
    house.work()
    assert house.changes() == []
    house.send(order("u1"))
    house.work()

    assert house.changes() == [("enter", loyal, "event")]
    assert audiences(house, "u1") == ["loyal"]
    assert audiences(house, "u2") == []


def test_people_leave_when_the_window_passes_over_an_event(house: House) -> None:
    loyal = house.audience("loyal", LOYAL)
    house.send(order("u1"))
    house.work()
    house.now += 40 * DAY
    house.send(order("u1"))
    house.work()

    house.now = START + 90 * DAY
    house.work()
    assert audiences(house, "u1") == ["loyal"]
    house.now += timedelta(seconds=1)
    house.work()

    assert house.changes() == [("enter", loyal, "event"), ("exit", loyal, "instant")]


def test_the_question_of_the_marketers_is_kept_current(house: House) -> None:
    house.audience("target", MARKETERS)
    house.send(order("u1"), order("u1"), order("u1", 60))
    house.work()
    assert audiences(house, "u1") == ["target"]

    house.now += DAY
    house.send({"user_id": "u1", "_e": "push_open"})
    house.work()
    assert audiences(house, "u1") == []

    house.now += DAY
    house.send(order("u1", 51))
    house.work()
    assert audiences(house, "u1") == ["target"]


def test_conditions_look_into_events_and_at_their_stream(house: House) -> None:
    house.trust("shop")
    text = 'FILTER sum_of("order", price, item.kind == "book" AND _stream == "shop") >= 30'
    house.send(order("u1", 40, item={"kind": "book"}))
    house.send(
        order("u1", 20, item={"kind": "book"}), order("u1", 90, item={"kind": "cd"}), stream="shop"
    )
    house.work()
    house.audience("readers", text)
    house.build()
    assert audiences(house, "u1") == []

    house.send(order("u1", 10.5, item={"kind": "book"}), stream="shop")
    house.work()

    assert audiences(house, "u1") == ["readers"]


def test_trackers_are_shared_and_go_when_nobody_asks(house: House) -> None:
    house.audience("loyal", LOYAL)
    house.audience("buyers", 'FILTER did("order")')
    house.build()
    [tracker] = list_trackers(house.store, house.account.number)
    assert tracker.text == 'track("order", NULL, *)'
    assert tracker.filled_at == house.now
    assert tracker.known_since is None

    house.archive("loyal")
    assert list_trackers(house.store, house.account.number) == [tracker]
    house.archive("buyers")

    assert list_trackers(house.store, house.account.number) == []


def test_what_is_not_asked_any_more_leaves_the_profile_with_the_next_event(house: House) -> None:
    house.audience("loyal", LOYAL)
    house.build()
    house.send(order("u1"))
    house.work()
    assert len(hidden_states(house)["u1"]) == 1

    house.archive("loyal")
    house.send(order("u1"))
    house.work()

    assert hidden_states(house)["u1"] == []


def test_accounts_without_behaviour_keep_nothing(house: House) -> None:
    house.audience("plain", "FILTER EXISTS user_id")
    house.send(order("u1"))
    house.work()

    with house.store.transaction() as conn:
        config = load_config(conn).accounts[house.account.number]
    assert config.trackers == ()
    assert hidden_states(house) == {"u1": []}


def test_why_a_person_is_in_an_audience_shows_what_they_did(house: House) -> None:
    house.audience("loyal", LOYAL)
    house.audience("many", "FILTER INCLUDE loyal")
    house.send(order("u1"), order("u1"), order("u1"))
    house.work()
    explainer = Explainer(house.store, config_source())

    for slug in ("loyal", "many"):
        audience = get_audience(house.store, house.account.number, slug)
        found = explainer.explain(house.account.number, ("user_id", "u1"), audience, house.now)
        assert found is not None
        assert found.explained.answer is True
        condition = found.explained if slug == "loyal" else found.explained.parts[0]
        assert [seen.value for seen in condition.seen] == [3]
        # All three happened at the same instant.
        assert condition.changes_at == house.now + 90 * DAY + timedelta(seconds=1)


def test_a_wrong_condition_is_refused_with_its_place(house: House) -> None:
    with pytest.raises(FilterError) as error:
        house.audience("wrong", 'FILTER count_of(order, "now-90d") >= 2')

    assert "column 17" in error.value.message


def test_too_many_different_questions_are_refused(house: House) -> None:
    conditions = "\n".join(f'did("order", price > {number})' for number in range(201))

    with pytest.raises(TooManyTrackersError):
        house.audience("many", f"FILTER OR ({conditions})")
