import pytest

from coterie.control.definitions.draft import (
    Column,
    Draft,
    SchemaError,
    StreamQuery,
    add_query,
    choose_op,
    draft_of,
    drop_mappings,
    put_field,
)
from coterie.model.merging import OPS
from coterie.model.schema import MAP_KINDS, SCALAR_KINDS, SET_KINDS, SPECIAL_KINDS, Field


def query(*columns: Column, by: tuple[str, ...] = (), where: str | None = None) -> StreamQuery:
    return StreamQuery(stream="shop", columns=columns, by=by, where=where)


def column(field: str, *, kind: str | None = None, op: str | None = None, expr: str = "") -> Column:
    return Column(field=field, expr=expr or field, kind=kind, op=op)


def names(draft: Draft) -> list[str]:
    return [field.name for field in draft.fields]


def get(draft: Draft, name: str) -> Field:
    field = draft.find_field(name)
    assert field is not None
    return field


def test_new_fields_get_the_next_ids_in_the_order_of_the_query() -> None:
    draft = add_query(Draft(next_field_id=7), query(column("a"), column("b", kind="int")))

    assert [(field.id, field.name) for field in draft.fields] == [(7, "a"), (8, "b")]
    assert draft.next_field_id == 9


def test_a_known_field_keeps_its_id_and_kind() -> None:
    before = add_query(Draft(), query(column("points", kind="int", op="sum")))

    after = add_query(before, query(column("points", expr="toint(p)")))

    assert after.fields == before.fields
    assert [mapping.expr for mapping in after.mappings] == ["toint(p)"]


def test_a_field_cannot_change_its_kind() -> None:
    before = add_query(Draft(), query(column("points", kind="int")))

    with pytest.raises(SchemaError, match="is int and cannot become string"):
        put_field(before, column("points", kind="string"))


def test_a_field_cannot_change_its_operator() -> None:
    before = add_query(Draft(), query(column("points", kind="int", op="sum")))

    with pytest.raises(SchemaError, match="merges by sum and cannot change to max"):
        put_field(before, column("points", op="max"))


def test_only_mappings_of_the_same_stream_and_field_are_replaced() -> None:
    other = StreamQuery(stream="web", columns=(column("a", expr="w"),), by=())
    before = add_query(add_query(Draft(), query(column("a"), column("b"))), other)

    after = add_query(before, query(column("a", expr="oneof(x, y)")))

    found = {(mapping.stream, mapping.field, mapping.expr) for mapping in after.mappings}
    assert found == {("shop", "b", "b"), ("web", "a", "w"), ("shop", "a", "oneof(x, y)")}


def test_two_columns_of_a_query_may_fill_one_field() -> None:
    draft = add_query(Draft(), query(column("a", expr="x"), column("a", expr="y")))

    assert [mapping.expr for mapping in draft.mappings] == ["x", "y"]
    assert names(draft) == ["a"]


def test_new_identifiers_rank_after_those_there_are() -> None:
    first = add_query(Draft(), query(column("id"), column("email"), by=("id", "email")))

    after = add_query(first, query(column("card"), column("id"), by=("card", "id")))

    ranks = {f.name: f.identifier.rank for f in after.fields if f.identifier is not None}
    assert ranks == {"id": 0, "email": 1, "card": 2}


def test_a_set_identifies_by_many_values_and_a_scalar_by_one() -> None:
    columns = (column("id"), column("cookies", kind="[]string"))

    draft = add_query(Draft(), query(*columns, by=("id", "cookies")))

    rules = [field.identifier for field in draft.fields]
    assert [rule is not None and rule.unique for rule in rules] == [True, False]


@pytest.mark.parametrize(
    ("columns", "by", "message"),
    [
        ((column("a"),), ("b",), "BY names 'b'"),
        ((column("seen", kind="date"),), ("seen",), "cannot identify anyone"),
        ((column("a", kind="text"),), (), "no known kind"),
        ((column("a", kind="string", op="sum"),), (), "cannot merge by sum"),
        ((column("a`b"),), (), "cannot name a field"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(
    columns: tuple[Column, ...], by: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SchemaError, match=message):
        add_query(Draft(), query(*columns, by=by))


def test_a_condition_of_a_stream_is_replaced_and_can_be_taken_away() -> None:
    with_rule = add_query(Draft(), query(column("a"), where="x > 1"))

    without = add_query(with_rule, query(column("a")))

    assert [rule.where for rule in with_rule.streams] == ["x > 1"]
    assert without.streams == ()


def test_dropping_a_mapping_keeps_its_field() -> None:
    before = add_query(Draft(), query(column("a"), column("b")))

    after = drop_mappings(before, "shop", "a")

    assert names(after) == ["a", "b"]
    assert [mapping.field for mapping in after.mappings] == ["b"]


def test_dropping_a_mapping_that_is_not_there_is_refused() -> None:
    with pytest.raises(SchemaError, match="no mapping to 'a'"):
        drop_mappings(Draft(), "shop", "a")


def test_every_kind_of_the_model_has_operators() -> None:
    assert set(OPS) == {*SCALAR_KINDS, *SET_KINDS, *MAP_KINDS, *SPECIAL_KINDS}


@pytest.mark.parametrize(
    ("kind", "op", "expected"),
    [
        ("string", None, "latest"),
        ("int", "SUM", "sum"),
        ("[]string", None, "merge"),
        ("map[string]time", "LATEST", "latestmap"),
        ("map[string]intsum", None, "mapsum"),
        ("map[string]int", "max", "mapmax"),
        ("map[string]string", "merge", "latestmap"),
    ],
)
def test_an_operator_is_chosen_by_kind_and_word(kind: str, op: str | None, expected: str) -> None:
    assert choose_op("a", kind, op) == expected


def test_a_draft_of_nothing_is_empty() -> None:
    assert draft_of(None, next_field_id=3) == Draft(next_field_id=3)
