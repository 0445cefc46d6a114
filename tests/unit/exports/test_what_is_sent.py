from hypothesis import given
from hypothesis import strategies as st

from coterie.flow.exports.delivery import BACK_OFF_LIMIT, back_off_seconds, difference
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


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_back_off_grows_to_a_quarter_of_an_hour_and_no_further(
    attempts: int, chance: float
) -> None:
    seconds = back_off_seconds(attempts, chance=chance)

    assert 0.5 <= seconds <= BACK_OFF_LIMIT
    assert back_off_seconds(attempts + 1, chance=chance) >= seconds
