"""One person's spellings of one identifier are one; what names nobody is told apart."""

import pytest

from coterie.lang.identifiers import blocked_values, normalise
from coterie.model.schema import USUAL_BLOCKED, IdentifierRule, Normalise


def rule(how: Normalise, region: str | None = None) -> IdentifierRule:
    return IdentifierRule(rank=0, unique=False, normalise=how, region=region)


@pytest.mark.parametrize(
    ("how", "region", "said", "kept"),
    [
        ("none", None, "  A b ", "A b"),
        ("lower", None, " A B", "a b"),
        ("email", None, " Some.One @Example.ORG ", "some.one@example.org"),
        ("digits", None, "+47 (900) 00-000", "4790000000"),
        ("e164", "NO", "900 00 000", "+4790000000"),
        ("e164", "NO", "+47 900 00 000", "+4790000000"),
        ("e164", None, "0047 900 00 000", "004790000000"),
        ("e164", "DE", "0047 900 00 000", "+4790000000"),
        ("e164", None, "4790000000", "+4790000000"),
        ("e164", "US", "(800) 555-1212", "+18005551212"),
        ("e164", "NO", "12", "12"),
        ("e164", "NO", "none", ""),
    ],
)
def test_an_identifier_has_one_spelling(
    how: Normalise, region: str | None, said: str, kept: str
) -> None:
    assert normalise(rule(how, region), said) == kept


@pytest.mark.parametrize("how", ["none", "email", "lower", "digits", "e164"])
def test_a_spelling_is_its_own_spelling(how: Normalise) -> None:
    for said in (" Some.One@Example.ORG ", "+47 900 00 000", "900-00-000", "x", ""):
        once = normalise(rule(how, "NO"), said)

        assert normalise(rule(how, "NO"), once) == once


def test_blocked_values_are_known_in_every_spelling() -> None:
    blocked = blocked_values(rule("digits"), USUAL_BLOCKED)

    assert {"n/a", "unknown", "", "00000000-0000-0000-0000-000000000000"} <= blocked
    assert "00000000000000000000000000000000" in blocked


def test_a_field_with_blocked_values_of_its_own_blocks_no_others() -> None:
    own = IdentifierRule(rank=0, unique=True, blocked=("Nobody",))

    assert blocked_values(own, USUAL_BLOCKED) == {"nobody"}
