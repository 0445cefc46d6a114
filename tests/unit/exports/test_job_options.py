"""What the options of an export job make of a profile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from coterie.base.clock import to_us
from coterie.flow.exports.claims import Exporter, Snapshot
from coterie.flow.exports.destinations import find_held, find_kept
from coterie.model.changes import ClaimChange, OmissionChange
from coterie.model.config import AttributeSpec, ExportSpec
from coterie.model.exports import (
    Consent,
    ExportAudienceConfig,
    ExportIdentifier,
    QuietWindow,
)
from coterie.model.recipients import Recipient, read_recipient, write_recipient

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = to_us(START + timedelta(hours=1))
VIP, NEW, GONE = 1, 2, 3
NIGHT = QuietWindow(zone="Europe/Berlin", start="22:00", end="07:00")
BASE = ExportSpec(
    job_id=1,
    destination_id=9,
    identifiers=(ExportIdentifier(kind="external_id", field="user_id"),),
    names={VIP: "vip", NEW: "new"},
    values=frozenset({"vip", "new"}),
    existing=True,
    started_at=START,
    state="active",
)


def spec(**changes: object) -> ExportSpec:
    return msgspec.structs.replace(BASE, **changes)


def person(*audiences: int, since: int = LATER, **view: Any) -> Snapshot:
    return Snapshot("p1", 5, dict.fromkeys(audiences, since), {"user_id": "u1", **view})


def names(claims: tuple[ClaimChange, ...]) -> list[tuple[str, tuple[str, ...] | None]]:
    return [(item.recipient, None if item.items is None else tuple(item.items)) for item in claims]


@pytest.mark.parametrize(
    ("view", "recipient"),
    [
        ({"user_id": "u1", "email": "a@b.example"}, "u1"),
        ({"user_id": None, "email": "a@b.example"}, "email:a@b.example"),
    ],
)
def test_the_first_identifier_that_has_a_value_names_the_user(
    view: dict[str, Any], recipient: str
) -> None:
    chosen = (*BASE.identifiers, ExportIdentifier(kind="email", field="email"))

    [claim] = Exporter([spec(identifiers=chosen)]).plan(None, person(VIP, **view)).claims

    assert claim.recipient == recipient


def test_without_any_identifier_the_reason_names_all_fields() -> None:
    chosen = (*BASE.identifiers, ExportIdentifier(kind="email", field="email"))
    exporter = Exporter([spec(identifiers=chosen)])

    [omission] = exporter.plan(None, person(VIP, user_id=None)).omissions

    assert omission.reason == "no value in any of the fields 'user_id', 'email'"


@pytest.mark.parametrize(
    ("identifier", "value", "text"),
    [
        (ExportIdentifier(kind="external_id", field="f"), "u1", "u1"),
        (ExportIdentifier(kind="external_id", field="f"), "email:x", "external_id:email:x"),
        (ExportIdentifier(kind="braze_id", field="f"), "ab12", "braze_id:ab12"),
        (ExportIdentifier(kind="phone", field="f"), "+4930", "phone:+4930"),
        (
            ExportIdentifier(kind="alias", field="f", label="shop: a/b"),
            "x:y",
            "alias:shop%3A a%2Fb:x:y",
        ),
    ],
)
def test_a_recipient_is_read_as_it_was_written(
    identifier: ExportIdentifier, value: str, text: str
) -> None:
    assert write_recipient(identifier, value) == text
    read = Recipient(kind=identifier.kind, value=value, label=identifier.label)
    assert read_recipient(text) == read


def test_the_order_of_identifiers_can_be_chosen() -> None:
    config = ExportAudienceConfig(
        audiences=("vip",),
        identifier_field="user_id",
        email_field="email",
        alias_field="shop_id",
        alias_label="shop",
        identifier_order=("email",),
    )

    assert [item.kind for item in config.identifiers] == ["email", "external_id", "alias"]


def test_who_is_in_a_suppressing_audience_is_withdrawn_and_listed() -> None:
    exporter = Exporter([spec(suppressed_by={GONE: "left_us"})])

    plan = exporter.plan(person(VIP), person(VIP, GONE))
    back = exporter.plan(person(VIP, GONE), person(VIP))

    assert names(plan.claims) == [("u1", None)]
    assert [item.reason for item in plan.omissions] == ["suppressed by audience 'left_us'"]
    assert names(back.claims) == [("u1", ("vip",))]
    assert [item.reason for item in back.omissions] == [None]


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ("Yes", True),
        (True, True),
        (["no", "true"], True),
        (None, False),
        ("no", False),
        ([], False),
    ],
)
def test_consent_is_one_of_the_named_values(value: object, given: bool) -> None:
    assert Consent(field="agreed", values=("yes", "true")).is_given(value) is given


def test_without_consent_nothing_leaves_and_a_withdrawal_takes_back() -> None:
    exporter = Exporter([spec(consent=Consent(field="agreed", values=("yes",)))])

    never = exporter.plan(None, person(VIP))
    withdrawn = exporter.plan(person(VIP, agreed="yes"), person(VIP, agreed="no"))

    assert never.claims == ()
    assert [item.reason for item in never.omissions] == ["no consent in field 'agreed'"]
    assert names(withdrawn.claims) == [("u1", None)]


def test_a_consent_holds_for_all_jobs_of_the_destination() -> None:
    careful = spec(job_id=2, consent=Consent(field="agreed", values=("yes",)))
    elsewhere = spec(job_id=3, destination_id=8)

    plan = Exporter([BASE, careful, elsewhere]).plan(None, person(VIP))

    assert [claim.destination for claim in plan.claims] == [8]
    assert {item.job_id for item in plan.omissions} == {1, 2}


def test_a_job_of_exits_tells_exits_alone() -> None:
    exporter = Exporter([spec(events="exits")])

    entered = exporter.plan(person(), person(VIP))
    [left] = exporter.plan(person(VIP), person()).claims

    assert entered.claims == ()
    assert (left.items, left.left) == (None, ("vip",))


def test_values_of_a_job_of_entries_are_never_taken_away() -> None:
    entries = spec(events="enters")
    both = spec(job_id=2, values=frozenset({"vip"}))

    assert find_kept([entries]) == {"vip", "new"}
    assert find_kept([entries, both]) == {"new"}
    assert find_kept([msgspec.structs.replace(entries, state="cleaning")]) == frozenset()


@pytest.mark.parametrize(
    ("hour", "quiet"), [(20, False), (21, True), (23, True), (5, True), (6, False), (12, False)]
)
def test_a_quiet_window_is_a_time_of_day_in_its_zone(hour: int, quiet: bool) -> None:
    # In January Berlin is one hour ahead of UTC.
    assert NIGHT.is_quiet(START.replace(hour=hour)) is quiet


def test_what_changes_in_a_quiet_window_waits() -> None:
    quiet = spec(quiet=NIGHT)

    assert find_held([quiet], now=START.replace(hour=22)) == {"vip", "new"}
    assert find_held([quiet], now=START) == frozenset()
    assert find_held([quiet, spec(job_id=2)], now=START.replace(hour=22)) == frozenset()


def test_a_dropping_window_never_tells_who_enters_or_leaves_in_it() -> None:
    exporter = Exporter([spec(quiet=msgspec.structs.replace(NIGHT, drop=True))])
    night = to_us(START.replace(hour=23))

    entered = exporter.plan(person(), person(VIP, since=night), at_us=night)
    left = exporter.plan(person(VIP), person(), at_us=night)
    left_by_day = exporter.plan(person(VIP), person(), at_us=LATER)

    assert entered.claims == ()
    assert left.claims == ()
    assert names(left_by_day.claims) == [("u1", None)]


DROPPING = msgspec.structs.replace(NIGHT, drop=True)
NIGHT_US = to_us(START.replace(hour=23))
LEFT_VIP = OmissionChange(
    job_id=1, profile_id="p1", reason="'vip' was left in quiet hours: dropped"
)
NOT_LISTED = OmissionChange(job_id=1, profile_id="p1", reason=None)


def test_who_left_in_a_dropping_window_is_listed_until_the_next_telling() -> None:
    exporter = Exporter([spec(quiet=DROPPING)])

    left = exporter.plan(person(VIP, NEW), person(NEW), at_us=NIGHT_US)
    unchanged = exporter.plan(person(NEW), person(NEW, city="Oslo"), at_us=LATER)
    entered = exporter.plan(person(NEW), person(VIP, NEW), at_us=LATER)
    told_of_another = exporter.plan(person(NEW), person(), at_us=LATER)
    gone = exporter.plan(person(NEW), None, at_us=LATER)

    assert (left.claims, left.omissions) == ((), (LEFT_VIP,))
    assert unchanged.omissions == ()
    assert entered.omissions == told_of_another.omissions == gone.omissions == (NOT_LISTED,)


def test_an_exit_of_who_was_never_told_of_is_listed_where_it_would_be_told() -> None:
    entered_at_night = person(VIP, since=NIGHT_US)
    following = Exporter([spec(quiet=DROPPING)])
    newcomers = Exporter([spec(quiet=DROPPING, existing=False)])
    early = to_us(START - timedelta(days=1))

    untold = following.plan(entered_at_night, person(), at_us=NIGHT_US)
    told_of_exits = newcomers.plan(person(VIP, since=early), person(), at_us=NIGHT_US)
    without_name = newcomers.plan(
        person(VIP, since=early, user_id=None), person(user_id=None), at_us=NIGHT_US
    )

    assert untold.omissions == (NOT_LISTED,)
    assert told_of_exits.omissions == (LEFT_VIP,)
    assert without_name.omissions == ()


def test_of_an_audience_added_later_earlier_members_count_only_with_existing_users() -> None:
    joined = {NEW: START + timedelta(hours=2)}

    without = Exporter([spec(existing=False, joined=joined)]).plan(None, person(VIP, NEW))
    with_them = Exporter([spec(existing=True, joined=joined)]).plan(None, person(VIP, NEW))

    assert names(without.claims) == [("u1", ("vip",))]
    assert names(with_them.claims) == [("u1", ("new", "vip"))]


def test_values_that_were_given_up_are_left_as_they_are_until_a_job_wants_them_again() -> None:
    assert find_held([BASE], ["old", "vip"], now=START) == {"old"}
    assert find_held([spec(state="cleaning")], now=START) == frozenset()
    assert find_held([spec(state="ended")], now=START) == {"vip", "new"}


KEEPING = spec(
    attributes=(AttributeSpec(path=("town",), field="city"),),
    values=frozenset({"town"}),
    keeps_leavers=True,
)


def test_who_left_and_is_no_more_loses_what_they_kept() -> None:
    exporter = Exporter([KEEPING])

    left = exporter.plan(person(VIP, city="Oslo"), person(city="Oslo"))
    erased = exporter.plan(person(city="Oslo"), None)
    renamed = exporter.plan(person(city="Oslo"), person(city="Oslo", user_id="u2"))

    assert left.claims == ()
    assert names(erased.claims) == [("u1", None)]
    assert names(renamed.claims) == [("u1", None)]
