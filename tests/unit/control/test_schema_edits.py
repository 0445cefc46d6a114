from collections.abc import Callable

import pytest

from coterie.control.definitions.draft import Draft, SchemaError
from coterie.control.definitions.edits import (
    FieldChange,
    FieldExistsError,
    NewField,
    add_mapping,
    change_field,
    create_field,
    read_normalise,
    replace_mappings,
)
from coterie.model.schema import Mapping

TAGS = create_field(Draft(), NewField(name="tags", kind="[]string", capacity=5))


def mapping(expr: str, *, field: str = "tags", stream: str = "shop") -> Mapping:
    return Mapping(stream=stream, field=field, expr=expr)


def test_a_new_field_takes_the_usual_operator_of_its_kind() -> None:
    (field,) = TAGS.fields

    assert (field.op, field.capacity, field.identifier, field.is_pii) == ("merge", 5, None, False)


def test_a_new_identifier_is_weaker_than_those_there_are() -> None:
    first = create_field(Draft(), NewField(name="card", is_identifier=True))

    both = create_field(first, NewField(name="seat", is_identifier=True, is_unique=False))

    rules = [field.identifier for field in both.fields]
    assert [(rule.rank, rule.unique) for rule in rules if rule] == [(0, True), (1, False)]


def test_a_field_that_is_there_is_not_made_again() -> None:
    with pytest.raises(FieldExistsError, match="field update"):
        create_field(TAGS, NewField(name="tags"))


def test_what_is_not_given_stays_and_zero_takes_the_limit_off() -> None:
    described = change_field(TAGS, "tags", FieldChange(description="Labels", is_personal=True))

    (field,) = change_field(described, "tags", FieldChange(capacity=0)).fields
    assert (field.description, field.is_pii, field.capacity) == ("Labels", True, None)


def test_days_that_values_are_kept_can_be_changed_and_taken_off() -> None:
    made = create_field(Draft(), NewField(name="tags", kind="[]string", keep_days=30))
    shorter = change_field(made, "tags", FieldChange(keep_days=7))

    assert [field.keep_days for field in (*made.fields, *shorter.fields)] == [30, 7]
    (field,) = change_field(shorter, "tags", FieldChange(keep_days=0)).fields
    assert field.keep_days is None


def test_a_mapping_is_added_beside_others_or_replaces_those_of_its_stream() -> None:
    two = add_mapping(add_mapping(TAGS, mapping("a")), mapping("b"))
    other = add_mapping(two, mapping("c", stream="web"))

    after = replace_mappings(other, mapping("d"))

    assert [one.expr for one in two.mappings] == ["a", "b"]
    assert sorted(one.expr for one in after.mappings) == ["c", "d"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda: create_field(Draft(), NewField(name="n", capacity=3)), "holds one value"),
        (lambda: create_field(Draft(), NewField(name="n", keep_days=3)), "merges by latest"),
        (lambda: change_field(TAGS, "tags", FieldChange(keep_days=36_501)), "36,500 days"),
        (lambda: change_field(TAGS, "nope", FieldChange()), "no field 'nope'"),
        (lambda: add_mapping(TAGS, mapping("a", field="nope")), "no field 'nope'"),
        (lambda: add_mapping(add_mapping(TAGS, mapping("a")), mapping("a")), "already"),
        (lambda: replace_mappings(TAGS, mapping("a")), "no mapping to 'tags'"),
        (lambda: read_normalise("upper"), "no way of spelling"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(edit: Callable[[], object], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        edit()
