"""A page of an audience's members costs what it holds, not what the audience holds."""

from collections.abc import Iterator
from hashlib import md5
from typing import Any

import pytest

from coterie.flow.audiences.membership import members_after
from coterie.store import Store, load_queries

ACCOUNT, BIG, SMALL = 1, 1, 2
PEOPLE, LIMIT = 20_000, 50
NOBODY, HALFWAY = "0" * 32, f"{2**127:032x}"
AUDIENCES, PROFILES = load_queries("audiences"), load_queries("profiles")
PAGES = {"members": AUDIENCES.members_after, "profiles of members": PROFILES.read_members_after}


@pytest.fixture
def crowd(database_url: str) -> Iterator[Store]:
    """Everybody is in one audience, every tenth in another, and the planner knows it."""
    with Store.open(database_url) as store:
        with store.transaction(generation=1) as conn:
            conn.execute(
                "INSERT INTO profile"
                " (account, profile_id, version, first_seen, updated_at, audiences, body)"
                " SELECT %s, md5(n::text)::uuid, 1, now(), now(), '{1}', '\\x90'"
                " FROM generate_series(1, %s) n",
                (ACCOUNT, PEOPLE),
            )
            conn.execute(
                "INSERT INTO membership (account, audience_id, profile_id, since)"
                " SELECT %s, a, md5(n::text)::uuid, now()"
                " FROM generate_series(1, %s) n, unnest(ARRAY[1, 2]) a WHERE a = 1 OR n %% 10 = 0",
                (ACCOUNT, PEOPLE),
            )
        with store.connect(autocommit=True) as conn:
            conn.execute("ANALYZE g1.profile, g1.membership")
        yield store


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_the_middle_reads_little_more_than_it_returns(crowd: Store, page: str) -> None:
    values = {"account": ACCOUNT, "audience_id": BIG, "after": HALFWAY, "limit": LIMIT}

    with crowd.transaction(generation=1) as conn:
        query = f"EXPLAIN (ANALYZE, FORMAT JSON) {PAGES[page]}"
        ((explained,),) = conn.execute(query.encode(), values)

    assert most_rows(explained[0]["Plan"]) <= 10 * LIMIT


def test_pages_of_several_audiences_hold_everybody_once(crowd: Store) -> None:
    seen: list[str] = []

    with crowd.transaction(generation=1) as conn:
        after = NOBODY
        while page := members_after(conn, ACCOUNT, [SMALL, BIG], after, limit=3_000):
            seen += page
            after = page[-1]

    assert seen == sorted(md5(str(n).encode()).hexdigest() for n in range(1, PEOPLE + 1))  # noqa: S324


def most_rows(step: dict[str, Any]) -> float:
    """Return the most rows that any step of a plan worked on."""
    own: float = step["Actual Rows"] * step["Actual Loops"] + step.get("Rows Removed by Filter", 0)
    return max([own, *(most_rows(part) for part in step.get("Plans", []))])
