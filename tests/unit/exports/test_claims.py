"""What jobs want at a destination, as profiles change."""

from datetime import UTC, datetime

import pytest

from coterie.base.clock import to_us
from coterie.flow.exports.claims import Exporter, Snapshot
from coterie.flow.exports.ledger import OutboxState, apply_claim, omissions_of
from coterie.flow.exports.rules import identifying_value
from coterie.model.changes import ClaimChange
from coterie.model.config import ExportSpec
from coterie.model.exports import ExportIdentifier

START = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE, AFTER = to_us(START) - 1, to_us(START) + 1
VIP, NEW = 1, 2


def spec(job_id: int = 1, *, existing: bool = True, destination: int = 9) -> ExportSpec:
    return ExportSpec(
        job_id=job_id,
        destination_id=destination,
        identifiers=(ExportIdentifier(kind="external_id", field="user_id"),),
        names={VIP: "vip", NEW: "new"},
        values=frozenset({"vip", "new"}),
        existing=existing,
        started_at=START,
        state="active",
    )


def person(
    since: dict[int, int], *, user_id: str | None = "u1", profile_id: str = "p1", first: int = 5
) -> Snapshot:
    view = {} if user_id is None else {"user_id": user_id}
    return Snapshot(profile_id, first, since, view)


def wanted(changes: tuple[ClaimChange, ...]) -> dict[tuple[str, str], tuple[str, ...] | None]:
    return {
        (item.recipient, item.profile_id): None if item.items is None else tuple(item.items)
        for item in changes
    }


def test_entering_an_audience_claims_its_name() -> None:
    plan = Exporter([spec()]).plan(person({}), person({VIP: AFTER}))

    assert wanted(plan.claims) == {("u1", "p1"): ("vip",)}


def test_leaving_the_last_audience_withdraws_the_claim() -> None:
    plan = Exporter([spec()]).plan(person({VIP: AFTER}), person({}))

    assert wanted(plan.claims) == {("u1", "p1"): None}


def test_nothing_is_written_while_nothing_changes() -> None:
    same = person({VIP: AFTER})

    plan = Exporter([spec()]).plan(same, same)

    assert plan.claims == ()
    assert plan.omissions == ()


def test_another_user_id_withdraws_from_the_old_user_and_sets_the_new_one() -> None:
    plan = Exporter([spec()]).plan(
        person({VIP: AFTER}, user_id="old"), person({VIP: AFTER}, user_id="new")
    )

    assert wanted(plan.claims) == {("old", "p1"): None, ("new", "p1"): ("vip",)}


def test_a_profile_that_merged_away_gives_its_claim_up() -> None:
    plan = Exporter([spec()]).plan(person({VIP: AFTER}), None)

    assert wanted(plan.claims) == {("u1", "p1"): None}


def test_a_profile_that_goes_on_under_another_id_hands_its_claim_over() -> None:
    plan = Exporter([spec()]).plan(
        person({VIP: AFTER}), person({VIP: AFTER}, profile_id="p0", first=1)
    )

    assert wanted(plan.claims) == {("u1", "p1"): None, ("u1", "p0"): ("vip",)}


def test_without_existing_users_earlier_members_are_not_sent() -> None:
    exporter = Exporter([spec(existing=False)])

    plan = exporter.plan(person({VIP: BEFORE}), person({VIP: BEFORE, NEW: AFTER}))

    assert wanted(plan.claims) == {("u1", "p1"): ("new",)}


def test_without_existing_users_earlier_members_that_leave_are_taken_away() -> None:
    [claim] = Exporter([spec(existing=False)]).plan(person({VIP: BEFORE}), person({})).claims

    state = apply_claim(OutboxState(), claim)

    assert state.wanted == {}
    assert list(state.in_doubt) == ["vip"]
    assert state.touched


def test_two_jobs_of_one_destination_want_the_union() -> None:
    one = spec(1, existing=False)
    two = spec(2)

    plan = Exporter([one, two]).plan(None, person({VIP: BEFORE, NEW: AFTER}))

    assert wanted(plan.claims) == {("u1", "p1"): ("new", "vip")}


def test_members_without_the_field_are_omitted_with_the_reason() -> None:
    [omission] = Exporter([spec()]).plan(None, person({VIP: AFTER}, user_id=None)).omissions

    assert (omission.job_id, omission.profile_id) == (1, "p1")
    assert omission.reason == "no value in field 'user_id'"


def test_an_omission_ends_when_the_field_gets_a_value() -> None:
    plan = Exporter([spec()]).plan(person({VIP: AFTER}, user_id=None), person({VIP: AFTER}))

    assert [item.reason for item in plan.omissions] == [None]
    assert wanted(plan.claims) == {("u1", "p1"): ("vip",)}


def claim(profile_id: str, first: int, *names: str) -> ClaimChange:
    return ClaimChange(
        destination=9,
        recipient="u1",
        profile_id=profile_id,
        first_us=first,
        items=dict.fromkeys(names, True),
        job_ids=(1,),
    )


def test_the_older_of_two_profiles_owns_the_user_whoever_came_first() -> None:
    older, younger = claim("p1", 1, "vip"), claim("p2", 2, "new")

    one = apply_claim(apply_claim(OutboxState(), older), younger)
    other = apply_claim(apply_claim(OutboxState(), younger), older)

    assert one.wanted == other.wanted == {"vip": True}
    [omission] = omissions_of(OutboxState(), one)
    assert omission.profile_id == "p2"
    assert "older profile" in (omission.reason or "")


def test_the_younger_profile_inherits_the_user_when_the_older_lets_go() -> None:
    both = apply_claim(apply_claim(OutboxState(), claim("p1", 1, "vip")), claim("p2", 2, "new"))
    gone = ClaimChange(destination=9, recipient="u1", profile_id="p1", first_us=1, items=None)

    after = apply_claim(both, gone)

    assert after.wanted == {"new": True}
    assert [item.reason for item in omissions_of(both, after)] == [None]


def test_the_same_claim_twice_does_not_touch_the_row() -> None:
    state = OutboxState(
        wanted={"vip": True}, claims=apply_claim(OutboxState(), claim("p", 1, "vip")).claims
    )

    assert not apply_claim(state, claim("p", 1, "vip")).touched


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        (7, "7"),
        (["new", "old"], "new"),
        ([], None),
        (None, None),
        ({"a": 1}, None),
        ("", None),
    ],
)
def test_the_user_is_named_by_a_scalar_or_the_newest_of_a_set(
    value: object, expected: str | None
) -> None:
    assert identifying_value(value) == expected
