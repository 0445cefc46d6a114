"""People are told of numbers that are too small or too large."""

from datetime import timedelta

import msgspec
import pytest
from tests.functional.worker.test_alerts import (
    ACCOUNT,
    House,
    Listener,
    bodies,
    by_hook,
    hook,
    house,
)

from coterie.control.alerts import BadAlertError
from coterie.control.definitions.audiences import UnknownAudienceError

__all__ = ["hook", "house"]


def add_audience(house: House, size: int, *, state: str = "live") -> int:
    with house.store.transaction() as conn:
        found = conn.execute(
            "INSERT INTO audience (account, slug, name, filter_text, state, created_at, updated_at)"
            " VALUES (%s, 'vips', 'Best customers', '*', %s, now(), now()) RETURNING id",
            (ACCOUNT, state),
        ).fetchone()
    number = int((found or (0,))[0])
    note_size(house, number, size)
    return number


def note_size(house: House, audience: int, size: int) -> None:
    with house.store.transaction() as conn:
        conn.execute(
            "INSERT INTO audience_size (audience_id, hour, size) VALUES (%s, %s, %s)",
            (audience, house.now, size),
        )


def add_request(house: House, destination: int, objects: int, *, number: int) -> None:
    """Add a request that was answered now."""
    with house.store.transaction() as conn:
        conn.execute(
            "INSERT INTO delivery_request (id, authorization_id, destination, opened_at, objects,"
            " closed_at, outcome, status) SELECT %s, authorization_id, id, %s, %s, %s, 'answered',"
            " 201 FROM destination WHERE id = %s",
            (number, house.now, objects, house.now, destination),
        )


def test_an_audience_that_shrinks_below_a_number_is_told_of(house: House, hook: Listener) -> None:
    vips = add_audience(house, 1_000)
    bounds = {"below": 1_000, "above": 5_000}
    house.ask(by_hook(hook, kinds=("threshold",), metric="size", audience="vips", **bounds))

    told = [house.tell()]
    for size in (999, 998, 1_001, 5_001):
        house.now += timedelta(hours=1)
        note_size(house, vips, size)
        told.append(house.tell())

    assert told == [0, 1, 0, 1, 1]
    messages = [msgspec.json.decode(body)["message"] for body in hook.received]
    assert messages[0].startswith("Best customers has 999 members, which is below 1,000.")
    assert messages[2].startswith("Best customers has 5,001 members, which is above 5,000.")
    assert [state for state, _ in bodies(hook)] == ["raised", "resolved", "raised"]


def test_an_audience_that_is_being_built_is_not_small(house: House, hook: Listener) -> None:
    add_audience(house, 0, state="building")
    house.ask(by_hook(hook, kinds=("threshold",), metric="size", audience="vips", below=10))

    assert house.tell() == 0


def test_a_delivery_that_sent_too_little_in_a_day_is_told_of(house: House, hook: Listener) -> None:
    destination = house.add_destination(waiting_since=house.now)
    job = house.add_job("running", destination)
    house.ask(by_hook(hook, kinds=("threshold",), metric="sent", below=10))

    young = house.tell()
    with house.store.transaction() as conn:
        made_at = house.now - timedelta(days=2)
        conn.execute("UPDATE job SET created_at = %s WHERE id = %s", (made_at, job))
    silent = house.tell()
    add_request(house, destination, 10, number=1)
    enough = house.tell()
    house.now += timedelta(days=1, seconds=1)
    add_request(house, destination, 9, number=2)
    too_few = house.tell()

    assert [young, silent, enough, too_few] == [0, 1, 1, 1]
    assert [state for state, _ in bodies(hook)] == ["raised", "resolved", "raised"]
    last = msgspec.json.decode(hook.received[-1])
    assert last["subject"] == "To Braze: 9 sent within 24 hours"
    assert last["message"] == "9 sent within 24 hours, which is below 10."
    assert "events still arrive" in last["cure"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metric": "size", "below": 1}, "name one"),
        ({"metric": "sent", "audience": "vips", "below": 1}, "name one"),
        ({"metric": "sent"}, "needs a metric and a number"),
        ({"metric": "sent", "below": 9, "above": 3}, "fall below"),
        ({"metric": "sent", "below": -1}, "0 or more"),
        (
            {"metric": "size", "audience": "vips", "below": 1, "kinds": ("failure", "threshold")},
            "about no job",
        ),
    ],
    ids=["no-audience", "an-audience-too-many", "no-number", "crossed", "negative", "two-things"],
)
def test_a_threshold_that_makes_no_sense_is_not_kept(
    house: House, hook: Listener, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(BadAlertError, match=said):
        house.ask(by_hook(hook, **{"kinds": ("threshold",), **changes}))


def test_an_audience_that_is_unknown_has_no_threshold(house: House, hook: Listener) -> None:
    new = by_hook(hook, kinds=("threshold",), metric="size", audience="nobody", below=1)

    with pytest.raises(UnknownAudienceError):
        house.ask(new)
