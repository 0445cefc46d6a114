from uuid import UUID

import pytest

from coterie.base.ids import keyed_hash
from coterie.flow.profiles import counting
from coterie.flow.profiles.counting import estimate_profiles
from coterie.flow.run.generations import enter_live_generation
from coterie.store import Connection, Store

PEOPLE = 20_000


def add(conn: Connection, account: int, people: int) -> None:
    ids = [UUID(bytes=keyed_hash(b"k" * 32, "profile", str(n))) for n in range(people)]
    conn.execute(
        "INSERT INTO profile"
        " (account, profile_id, version, first_seen, updated_at, audiences, body)"
        " SELECT %s, n, 1, now(), now(), '{}', '' FROM unnest(%s::uuid[]) AS n",
        (account, ids),
    )


def test_a_small_account_is_counted_exactly(database_url: str) -> None:
    with Store.open(database_url) as store, store.transaction() as conn:
        enter_live_generation(conn)
        add(conn, 1, 300)
        add(conn, 2, 5)

        found = estimate_profiles(conn, 1)

    assert (found.profiles, found.doubt) == (300, 0.0)


def test_a_large_account_is_estimated_as_well_as_it_says(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "LOOKED_AT", 1 / 16)
    monkeypatch.setattr(counting, "EXACT_UP_TO", 1_000)
    monkeypatch.setattr(counting, "COUNTED", 5_000)
    with Store.open(database_url) as store, store.transaction() as conn:
        enter_live_generation(conn)
        add(conn, 1, PEOPLE)

        found = estimate_profiles(conn, 1)

    assert 0.02 < found.doubt < 0.03
    # Ids are hashes of fixed texts: what is found is the same in every run.
    assert abs(found.profiles / PEOPLE - 1) <= found.doubt
