"""Versions of a schema are compared, and gone back to."""

from datetime import UTC, datetime, timedelta

import pytest

from coterie.control.accounts import create_account
from coterie.control.definitions.schema import publish_lql
from coterie.control.definitions.schema_diff import find_differences, revert_schema
from coterie.control.definitions.schema_versions import (
    UnknownSchemaError,
    current_schema,
    get_schema,
)
from coterie.model.control import Actor
from coterie.store import Store

ACCOUNT = 3012
ACTOR = Actor(name="test")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LQL = """
SELECT colour SHORTDESC "Colour" KIND string, tolower(city) AS city
FROM default INTO user BY user_id OR email OR phone OR _uids ALIAS more
"""


class Clock:
    """Goes on by a second at each look."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock(store: Store) -> Clock:
    found = Clock()
    create_account(store, name="Test", number=ACCOUNT, actor=ACTOR, clock=found)
    publish_lql(store, account=ACCOUNT, text=LQL, actor=ACTOR, clock=found)
    return found


@pytest.mark.usefixtures("clock")
def test_a_version_says_what_it_changed(store: Store) -> None:
    found = find_differences(store, ACCOUNT, None, None)

    assert (found.since, found.version) == (1, 2)
    assert [(one.what, one.how) for one in found.fields] == [("colour", "new")]
    changed = {one.what: one for one in found.mappings}
    assert changed["default/colour"].how == "new"
    city = changed["default/city"]
    assert (city.how, city.before, city.after) == (
        "modified",
        {"expr": "city"},
        {"expr": "tolower(city)"},
    )


@pytest.mark.usefixtures("clock")
def test_looked_at_backwards_new_is_deleted(store: Store) -> None:
    found = find_differences(store, ACCOUNT, 2, 1)

    assert [(one.what, one.how) for one in found.fields] == [("colour", "deleted")]


def test_going_back_publishes_the_earlier_version_as_the_next_one(
    store: Store, clock: Clock
) -> None:
    made = revert_schema(store, account=ACCOUNT, version=1, actor=ACTOR, clock=clock)

    first = get_schema(store, ACCOUNT, 1)
    assert current_schema(store, ACCOUNT).version == made.version == 3
    assert (made.fields, made.mappings) == (first.fields, first.mappings)
    assert find_differences(store, ACCOUNT, 1, 3).fields == ()


def test_a_field_that_comes_back_is_the_same_field(store: Store, clock: Clock) -> None:
    before = {field.name: field.id for field in current_schema(store, ACCOUNT).fields}
    revert_schema(store, account=ACCOUNT, version=1, actor=ACTOR, clock=clock)

    again = revert_schema(store, account=ACCOUNT, version=2, actor=ACTOR, clock=clock)

    assert {field.name: field.id for field in again.fields} == before


def test_a_version_that_never_was_is_refused(store: Store, clock: Clock) -> None:
    with pytest.raises(UnknownSchemaError):
        revert_schema(store, account=ACCOUNT, version=9, actor=ACTOR, clock=clock)
