from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from coterie.flow.exports.delivery import (
    BACK_OFF_LIMIT,
    back_off_seconds,
    difference,
    plan_shipments,
)
from coterie.model.delivery import OutboxRow, Told

values = st.frozensets(st.sampled_from("abcde"))


def row(
    wanted: frozenset[str],
    told: frozenset[str] = frozenset(),
    in_doubt: frozenset[str] = frozenset(),
) -> OutboxRow:
    return OutboxRow(
        destination=1,
        recipient="u1",
        wanted=dict.fromkeys(wanted, True),
        told=dict.fromkeys(told, Told(True, 1, 1)),
        in_doubt=dict.fromkeys(in_doubt, Told(True, 1, 1)),
        version=1,
        attempts=0,
    )


@given(wanted=values, told=values)
def test_without_doubt_only_differences_are_sent(
    wanted: frozenset[str], told: frozenset[str]
) -> None:
    sent = difference(row(wanted, told), held=frozenset())

    assert set(sent.put) == wanted - told
    assert set(sent.drop) == told - wanted


@given(wanted=values, told=values, in_doubt=values, is_there=st.data())
def test_sending_makes_the_destination_hold_what_is_wanted(
    wanted: frozenset[str], told: frozenset[str], in_doubt: frozenset[str], is_there: st.DataObject
) -> None:
    unknown = is_there.draw(st.frozensets(st.sampled_from(sorted(in_doubt)))) if in_doubt else set()
    held_there = (told - in_doubt) | unknown

    sent = difference(row(wanted, told, in_doubt), held=frozenset())

    assert (held_there | set(sent.put)) - set(sent.drop) == wanted
    assert not set(sent.put) & set(sent.drop)


@given(wanted=values, told=values, in_doubt=values, held=values)
def test_held_values_are_left_alone(
    wanted: frozenset[str], told: frozenset[str], in_doubt: frozenset[str], held: frozenset[str]
) -> None:
    sent = difference(row(wanted, told, in_doubt), held=held)
    all_sent = difference(row(wanted, told, in_doubt), held=frozenset())

    assert set(sent.put) == set(all_sent.put) - held
    assert set(sent.drop) == set(all_sent.drop) - held


def test_a_value_in_doubt_never_cancels_out() -> None:
    doubtful = row(frozenset(), frozenset(), frozenset({"vip"}))

    assert difference(doubtful, held=frozenset()).drop == ("vip",)


@given(wanted=values, told=values, in_doubt=values, held=values)
def test_told_item_by_item_it_comes_to_the_same(
    wanted: frozenset[str], told: frozenset[str], in_doubt: frozenset[str], held: frozenset[str]
) -> None:
    whole = difference(row(wanted, told, in_doubt), held=held)
    put, drop, parts = set[str](), set[str](), 0
    has_more = True
    while has_more:
        now = row(wanted, (told | put) - drop, in_doubt - put - drop)
        (part,) = plan_shipments([now], held=held, one_item=True)
        put |= part.difference.put.keys()
        drop |= frozenset(part.difference.drop)
        parts += 1
        has_more = part.difference.has_more

    assert (put, drop) == (set(whole.put), set(whole.drop))
    assert parts == max(1, len(whole.keys))


@given(wishes=st.lists(values, max_size=20))
def test_users_of_one_item_are_told_together(wishes: list[frozenset[str]]) -> None:
    rows = [row(wanted) for wanted in wishes]
    requests: list[str] = []
    while any(each.wanted for each in rows):
        shipments = plan_shipments(rows, held=frozenset(), one_item=True)
        common = Counter(key for each in rows for key in each.wanted)
        (key, _), *_ = sorted(common.items(), key=lambda item: (item[1], item[0]), reverse=True)
        assert all(set(one.difference.put) == {key} for one in shipments if key in one.row.wanted)
        requests.append(key)
        rows = [row(frozenset(each.wanted) - {key}) for each in rows]

    assert sorted(requests) == sorted(frozenset().union(*wishes))


@given(uncertain=values, wanted=values, held=values)
def test_what_is_uncertain_stays_so_until_its_own_part_is_told(
    uncertain: frozenset[str], wanted: frozenset[str], held: frozenset[str]
) -> None:
    left, again = uncertain, set[str]()
    has_more = True
    while has_more and left:
        unsure = msgspec.structs.replace(row(wanted, wanted), uncertain=tuple(sorted(left)))
        (part,) = plan_shipments([unsure], held=held, one_item=True)
        again |= frozenset(part.difference.keys)
        assert frozenset(part.difference.left) == left - frozenset(part.difference.keys)
        left, has_more = frozenset(part.difference.left), part.difference.has_more

    assert again == uncertain - held
    assert left == uncertain & held


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_back_off_grows_to_a_quarter_of_an_hour_and_no_further(
    attempts: int, chance: float
) -> None:
    seconds = back_off_seconds(attempts, chance=chance)

    assert 0.5 <= seconds <= BACK_OFF_LIMIT
    assert back_off_seconds(attempts + 1, chance=chance) >= seconds
