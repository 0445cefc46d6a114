"""When identifiers that nobody remembers are taken as new."""

from coterie.flow.identity.newcomers import Newcomers


def test_newcomers_are_expected_once_enough_was_looked_up_in_vain() -> None:
    newcomers = Newcomers(enough=100)
    newcomers.note_lookup(1, asked=60, found=0)
    assert not newcomers.are_expected(1)

    newcomers.note_lookup(1, asked=40, found=0)

    assert newcomers.are_expected(1)
    assert not newcomers.are_expected(2)


def test_somebody_who_is_found_ends_the_expectation() -> None:
    newcomers = Newcomers(enough=100)
    newcomers.note_lookup(1, asked=100, found=0)

    newcomers.note_lookup(1, asked=100, found=1)

    assert not newcomers.are_expected(1)


def test_a_mistake_makes_careful_for_some_batches() -> None:
    newcomers = Newcomers(enough=100, careful=2)
    newcomers.note_lookup(1, asked=100, found=0)

    newcomers.note_mistake(1)
    expected = []
    for _ in range(3):
        newcomers.note_lookup(1, asked=100, found=0)
        expected.append(newcomers.are_expected(1))

    assert expected == [False, False, True]
