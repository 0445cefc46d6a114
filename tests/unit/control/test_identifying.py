import pytest

from coterie.control.definitions.draft import Draft, SchemaError
from coterie.control.definitions.identifying import (
    IdentifierChange,
    change_identifier,
    identifiers_of,
    set_region,
)
from coterie.control.definitions.schema import default_draft
from coterie.model.schema import USUAL_BLOCKED, IdentifierRule


def names(draft: Draft) -> list[str]:
    return [field.name for field in identifiers_of(draft)]


def rule_of(draft: Draft, name: str) -> IdentifierRule:
    field = draft.find_field(name)
    assert field is not None
    assert field.identifier is not None
    return field.identifier


def test_a_rank_moves_one_identifier_and_the_others_close_up() -> None:
    before = names(default_draft())

    after = change_identifier(default_draft(), "phone", IdentifierChange(rank=0))

    assert names(after) == ["phone", *[name for name in before if name != "phone"]]
    assert [rule_of(after, name).rank for name in names(after)] == list(range(len(before)))


def test_a_field_that_identified_nobody_does_so_ranked_last() -> None:
    after = change_identifier(default_draft(), "city", IdentifierChange(is_unique=False))

    assert names(after)[-1] == "city"
    assert not rule_of(after, "city").unique


def test_what_is_not_named_stays() -> None:
    before = rule_of(default_draft(), "email")

    after = rule_of(
        change_identifier(default_draft(), "email", IdentifierChange(neighbour_limit=3)), "email"
    )

    assert after.neighbour_limit == 3
    assert (after.normalise, after.view_limit, after.rank, after.blocked) == (
        before.normalise,
        before.view_limit,
        before.rank,
        None,
    )


def test_the_first_blocked_value_gives_a_field_a_list_of_its_own() -> None:
    change = IdentifierChange(block=(" Shop@Example.org ",), unblock=("guest",))

    blocked = rule_of(change_identifier(default_draft(), "email", change), "email").blocked

    assert blocked is not None
    assert set(blocked) == {*USUAL_BLOCKED, "shop@example.org"} - {"guest"}


def test_a_region_is_given_to_phone_numbers_only() -> None:
    draft = set_region(default_draft(), "no")

    assert {name for name in names(draft) if rule_of(draft, name).region == "NO"} == {"phone"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (IdentifierChange(region="Norway"), "no country"),
        (IdentifierChange(neighbour_limit=0), "between 1 and"),
        (IdentifierChange(unblock=("nothing",)), "is not blocked"),
        (IdentifierChange(block=("x" * 300,)), "at most 250"),
        (IdentifierChange(block=tuple(map(str, range(2_000)))), "At most 1,000"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(change: IdentifierChange, said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        change_identifier(default_draft(), "email", change)


def test_an_unknown_field_and_one_that_cannot_identify_are_refused() -> None:
    with pytest.raises(SchemaError, match="no field"):
        change_identifier(default_draft(), "nothing", IdentifierChange())
    with pytest.raises(SchemaError, match="cannot identify"):
        change_identifier(default_draft(), "order_total", IdentifierChange())
