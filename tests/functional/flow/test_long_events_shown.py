"""How much of an event is handed out for looking at."""

from tests.functional.flow.conftest import START, House

from coterie.flow.run.lookup import BODY_SHOWN


def test_long_events_are_cut_and_say_so(house: House) -> None:
    house.send({"text": "ü" * 300_000})
    house.send({"text": "short"})

    found = house.lookup.latest_events(house.account.number, "default", 5)

    sizes = {(len(event.body), event.is_cut) for event in found}
    assert sizes == {(BODY_SHOWN, True), (len('{"text":"short"}'), False)}


def test_long_rejected_bodies_are_cut_and_say_so(house: House) -> None:
    bodies = [b"\xff" + b"x" * 5_000_000, b"x" * BODY_SHOWN, b"short"]
    with house.store.transaction() as conn:
        for body in bodies:
            conn.execute(
                "INSERT INTO rejected_event (account, stream, received_at, source, reason, body)"
                " VALUES (%s, 'default', %s, 'http', 'unreadable', %s)",
                (house.account.number, START, body),
            )

    found = house.lookup.rejected_events(house.account.number, "default", 5)

    assert [(len(event.body), event.is_cut) for event in reversed(found)] == [
        (BODY_SHOWN, True),
        (BODY_SHOWN, False),
        (5, False),
    ]
