"""The stream of changes skips nothing and tells nothing twice."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House

from coterie.app.services import config_source
from coterie.control.accounts import create_account
from coterie.flow.changes.read import ForgottenChangesError
from coterie.flow.run.retention import Retention, forget
from coterie.flow.run.stream import BadCursorError, ChangePage, ChangeStream, Wanted

DAY = timedelta(days=1)
OSLO = 'FILTER city = "Oslo"'


class Reader:
    """Follows the stream of an account with small pages."""

    def __init__(self, house: House, wanted: Wanted | None = None, *, start: str = "begin") -> None:
        self._house = house
        self._stream = ChangeStream(house.store, config_source())
        self._wanted = wanted or Wanted()
        self.cursor = start
        self.page: ChangePage

    def read(self, *, limit: int = 3) -> list[str]:
        """All there is now, a word each."""
        found: list[str] = []
        while True:
            self.page = self._stream.read(
                self._house.account.number,
                self.cursor,
                self._wanted,
                limit=limit,
                now=self._house.now,
            )
            self.cursor = self.page.cursor
            found += [f"{one.kind} {one.audience}" for one in self.page.changes]
            if not self.page.has_more:
                return found


def test_a_reader_gets_each_change_once_whatever_its_pages(house: House) -> None:
    house.audience("oslo", OSLO)
    for number in range(10):
        house.send({"user_id": f"u{number}", "city": "Oslo"}, lane=number % 2)
    house.work()
    reader, slow = Reader(house), Reader(house)
    first = reader.read()
    for number in range(4):
        house.send({"user_id": f"u{number}", "city": "Rome"}, lane=1 - number % 2)
    house.work()

    second = reader.read(limit=1)
    third = reader.read()

    assert first == ["enter oslo"] * 10
    assert second == ["exit oslo"] * 4
    assert third == []
    assert sorted(slow.read(limit=2)) == sorted(first + second)


def test_changes_name_their_time_cause_and_version(house: House) -> None:
    house.audience("new", 'FILTER first_seen > "now-1d"')
    house.send({"user_id": "u1"}, {"user_id": "u2"})
    house.work()
    house.now += DAY
    house.work()
    reader = Reader(house)

    reader.read(limit=50)

    entered, left = reader.page.changes[0], reader.page.changes[-1]
    assert (entered.kind, entered.cause, entered.event) == ("enter", "event", "0/1")
    assert (left.kind, left.cause, left.event) == ("exit", "instant", None)
    assert (left.audience_version, left.changed_at - entered.changed_at) == (1, DAY)


def test_from_now_on_leaves_out_what_was(house: House) -> None:
    house.audience("oslo", OSLO)
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    reader = Reader(house, start="now")
    before = reader.read()

    house.send({"user_id": "u2", "city": "Oslo"}, lane=1)
    house.work()

    assert (before, reader.read()) == ([], ["enter oslo"])


def test_only_what_is_wanted_is_told_and_the_cursor_still_leads_on(house: House) -> None:
    house.audience("oslo", OSLO)
    house.audience("all", "FILTER *")
    for number in range(40):
        house.send({"user_id": f"u{number}", "city": "Oslo"})
    house.send({"user_id": "u1", "city": "Rome"})
    house.work()
    wanted = Wanted(audiences=frozenset({"oslo"}), kinds=frozenset({"exit"}))

    reader = Reader(house, wanted)

    assert reader.read(limit=1) == ["exit oslo"]


def test_an_account_is_not_told_of_another(house: House) -> None:
    house.audience("oslo", OSLO)
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    other = create_account(house.store, name="Other", actor=ACTOR, clock=lambda: house.now)

    stream = ChangeStream(house.store, config_source())
    page = stream.read(other.number, "begin", Wanted(), limit=10, now=house.now)

    assert page.changes == ()


def test_values_are_those_of_now_and_personal_ones_only_for_who_may_see_them(
    house: House,
) -> None:
    house.audience("oslo", OSLO)
    house.send({"user_id": "u1", "city": "Oslo", "email": "ada@example.org"})
    house.work()
    fields = frozenset({"email", "city"})

    reader = Reader(house, Wanted(fields=fields))
    reader.read()
    blind = Reader(house, Wanted(fields=fields, hides_personal=True))
    blind.read()

    assert reader.page.changes[0].values == {"city": "Oslo", "email": "ada@example.org"}
    assert blind.page.changes[0].values == {"city": "Oslo"}


@pytest.mark.parametrize(
    "cursor", ["x", "bm9uc2Vuc2U", "W1sxLDJdXQ", "é", "W1sxLDksOTk5OTk5OTk5OTk5OTk5OTk5OTldXQ"]
)
def test_what_is_no_cursor_is_refused(house: House, cursor: str) -> None:
    with pytest.raises(BadCursorError):
        Reader(house, start=cursor).read()


def test_a_reader_that_is_too_far_behind_is_told_and_a_new_one_begins_with_what_is_kept(
    house: House,
) -> None:
    house.audience("oslo", OSLO)
    house.send({"user_id": "u1", "city": "Oslo"})
    house.work()
    behind, up_to_date = Reader(house), Reader(house)
    up_to_date.read()
    behind.read(limit=1)
    house.send({"user_id": "u1", "city": "Rome"})
    house.work()
    up_to_date.read()
    house.now += 3 * DAY
    forget(house.store, Retention(log_days=0, change_days=1, rejected_days=0), now=house.now)
    house.send({"user_id": "u2", "city": "Oslo"})
    house.work()

    with pytest.raises(ForgottenChangesError):
        behind.read()
    assert up_to_date.read() == ["enter oslo"]
    assert Reader(house).read() == ["enter oslo"]
