"""Deliveries in the console: what waits, what was set aside, what Braze holds of someone."""

import pytest
from tests.functional.console.conftest import ACCOUNT, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.store import Store


@pytest.fixture
def destination(deps: ConsoleDependencies) -> int:
    return fill(deps.store)


def fill(store: Store) -> int:
    """Make a destination that holds something of u-1, waits for u-3, and refused u-2."""
    with store.transaction() as conn:
        authorization = conn.execute(
            "INSERT INTO provider_authorization (account, provider, method, label, config_sealed,"
            " created_at, updated_at) VALUES (%s, 'braze', 'api_key', 'Braze', '', now(), now())"
            " RETURNING id",
            (ACCOUNT,),
        ).fetchone()
        found = conn.execute(
            "INSERT INTO destination (account, authorization_id, form, attribute)"
            " VALUES (%s, %s, 'array', 'lytics_segments') RETURNING id",
            (ACCOUNT, (authorization or (0,))[0]),
        ).fetchone()
        number = int((found or (0,))[0])
        conn.execute(
            "INSERT INTO outbox (destination, recipient, account, claims, wanted, told, pending,"
            " parked, last_answer) VALUES"
            " (%(d)s, 'u-1', %(a)s, '', '{}', '{\"vip\": [true, 1764178000000, 7]}', false,"
            "  NULL, NULL),"
            " (%(d)s, 'u-2', %(a)s, '', '{\"vip\": true}', '{}', false, 'too long', '{\"a\": 1}'),"
            " (%(d)s, 'u-3', %(a)s, '', '{\"vip\": true}', '{}', true, NULL, NULL)",
            {"d": number, "a": ACCOUNT},
        )
    return number


def test_a_delivery_shows_its_figures_and_what_was_refused(
    admin: Visitor, destination: int
) -> None:
    listed = admin.open("/data/deliveries")
    shown = admin.open(f"/data/deliveries/{destination}")

    assert "lytics_segments" in listed.text
    assert "too long" in shown.text
    assert "1 refused, 0 doubtful" in shown.text


def test_steps_and_replays_are_taken_and_said(
    admin: Visitor, destination: int, deps: ConsoleDependencies
) -> None:
    where = f"/data/deliveries/{destination}"

    admin.send(f"{where}/step", page=where, step="pause")
    paused = admin.open(where)
    admin.send(f"{where}/replay", page=where, state="parked", reason="TOO")

    assert "Paused" in paused.text
    assert "Resume" in paused.text
    found = deps.deliveries.find(ACCOUNT, destination)
    assert found is not None
    assert (found.delivery, found.parked, found.waiting) == ("paused", 0, 2)


def test_what_braze_holds_of_someone_is_found_by_their_id(admin: Visitor, destination: int) -> None:
    page = admin.send("/data/deliveries/held", recipient="u-1")
    nobody = admin.send("/data/deliveries/held", recipient="nobody")

    assert destination
    assert "vip" in page.text
    assert "2025-11-26" in page.text
    assert "No destination was ever told" in nobody.text
