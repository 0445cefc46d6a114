"""Reads what is true of the crash tests' account once everything has come to rest."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from tests.e2e.crash.expectation import Expected
from tests.e2e.crash.people import Identifier
from tests.e2e.crash.shop import ACCOUNT

from coterie.app.services import Services, config_source
from coterie.base.clock import to_us
from coterie.control.definitions.audiences import list_audiences
from coterie.flow.profiles.storage import lock_profiles
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.generations import enter_live_generation
from coterie.store import Connection

Identifiers = tuple[Identifier, ...]

OUTBOX_AT_ODDS = """
SELECT count(*) FROM outbox
WHERE in_doubt <> '{}' OR pending
   OR wanted <> COALESCE((SELECT jsonb_object_agg(key, value -> 0) FROM jsonb_each(told)), '{}')
"""
MEMBERS_AT_ODDS = """
SELECT count(*) FROM
    (SELECT profile_id, unnest(audiences) AS audience_id FROM profile) p
    FULL JOIN membership m USING (profile_id, audience_id)
WHERE p.profile_id IS NULL OR m.account IS NULL
"""
OWNERS = "SELECT field, value, replace(profile_id::text, '-', '') FROM identity WHERE account = %s"
OUTCOMES = "SELECT kind, count(*) FROM event_outcome GROUP BY kind"
LOGGED = "SELECT count(*) FROM event_log"
MENTIONS = "SELECT count(*), count(DISTINCT (node, received_day, lane, seq)) FROM timeline"


class Facts(msgspec.Struct, frozen=True):
    """The state that must not depend on what was killed on the way.

    `people` gives profile id, values and audiences by the identifiers of each profile; `at_braze`
    the attribute of each user that holds something, `sizes` what the console shows.
    """

    people: dict[Identifiers, dict[str, Any]]
    sizes: dict[str, int]
    at_braze: dict[str, frozenset[str]]


class Books(msgspec.Struct, frozen=True):
    """What must be zero, and what must add up, in the tables themselves."""

    outbox_at_odds: int
    members_at_odds: int
    processed: int
    set_aside: int
    mentions: int
    distinct_mentions: int


def read_facts(services: Services, at_braze: Mapping[str, frozenset[str]]) -> Facts:
    """Return the facts of an account at rest."""
    with services.store.transaction() as conn:
        enter_live_generation(conn)
        people = read_people(conn, ACCOUNT, now=services.clock())
    sizes = {audience.slug: audience.size for audience in list_audiences(services.store, ACCOUNT)}
    return Facts(people, sizes, {user: held for user, held in at_braze.items() if held})


def astray(facts: Facts) -> set[str]:
    """Return the users of whom Braze does not hold what their own profile says."""
    should = {
        value: person["audiences"]
        for identifiers, person in facts.people.items()
        for field, value in identifiers
        if field == "user_id" and person["audiences"]
    }
    return {
        user
        for user in should.keys() | facts.at_braze.keys()
        if should.get(user) != facts.at_braze.get(user)
    }


def read_books(services: Services) -> Books:
    """Return what an auditor asks for."""
    with services.store.transaction() as conn:
        enter_live_generation(conn)
        outcomes: Counter[str] = Counter(dict(conn.execute(OUTCOMES).fetchall()))
        mentions = conn.execute(MENTIONS).fetchone() or (0, 0)
        return Books(
            outbox_at_odds=_count(conn, OUTBOX_AT_ODDS),
            members_at_odds=_count(conn, MEMBERS_AT_ODDS),
            processed=_count(conn, LOGGED) - outcomes.total(),
            set_aside=outcomes["poison"] + outcomes["rejected"],
            mentions=mentions[0],
            distinct_mentions=mentions[1],
        )


def as_facts(expected: Mapping[Identifiers, Expected]) -> Facts:
    """Return what an expectation says, as far as it goes."""
    sizes: Counter[str] = Counter(slug for one in expected.values() for slug in one.audiences)
    at_braze = {
        value: one.audiences
        for one in expected.values()
        for field, value in one.identifiers
        if field == "user_id" and one.audiences
    }
    people = {identifiers: _expected_person(one) for identifiers, one in expected.items()}
    return Facts(people, dict(sizes), at_braze)


def in_common(found: Facts, expected: Facts) -> Facts:
    """Return `found` with those values alone of which an expectation says something."""
    people = {
        identifiers: {name: person[name] for name in expected.people.get(identifiers, person)}
        for identifiers, person in found.people.items()
    }
    return Facts(people, found.sizes, found.at_braze)


def differences(found: Facts, expected: Facts) -> list[str]:
    """Return what is not the same, a line each."""
    return [
        f"{part} {key}: {mine.get(key)} where {theirs.get(key)} is right"
        for part in Facts.__struct_fields__
        for mine, theirs in [(getattr(found, part), getattr(expected, part))]
        for key in sorted(mine.keys() | theirs.keys())
        if mine.get(key) != theirs.get(key)
    ]


def read_people(
    conn: Connection, account: int, *, now: datetime
) -> dict[Identifiers, dict[str, Any]]:
    """Return id, values and audiences of every profile, by its identifiers."""
    schema = config_source()(conn).accounts[account].schemas[-1]
    viewer = Viewer(schema)
    slugs: dict[int, str] = dict(conn.execute("SELECT id, slug FROM audience").fetchall())
    owned: dict[str, list[Identifier]] = defaultdict(list)
    for field, value, owner in conn.execute(OWNERS, (account,)):
        owned[owner].append((field, value))
    profiles = lock_profiles(conn, account, owned.keys())
    assert profiles.keys() == owned.keys(), "identifiers point to profiles that are no more"
    return {
        tuple(sorted(owned[profile_id])): {
            "profile_id": profile_id,
            **viewer.view(profile.body.fragments, to_us(now)),
            "audiences": frozenset(slugs[audience_id] for audience_id in profile.audiences),
        }
        for profile_id, profile in profiles.items()
    }


def _expected_person(one: Expected) -> dict[str, Any]:
    values: dict[str, Any] = {
        "city": one.city,
        "channel_counts": dict(one.channels),
        "audiences": one.audiences,
    }
    if one.orders:
        total = Decimal(one.cents) / 100
        values |= {
            "order_count": one.orders,
            "order_total": int(total) if total == int(total) else total,
            "order_largest": (one.largest or 0) / 100,
        }
    return {name: value for name, value in values.items() if value is not None}


def _count(conn: Connection, query: str) -> int:
    row = conn.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0
