"""Which mappings read a raw key, and which it could have."""

import pytest
from tests.unit.collect.test_collect_segment import NOW

from coterie.control.definitions.raw_keys import field_name, suggest, used_by
from coterie.control.definitions.schema import default_draft
from coterie.lang.lql import parse_mapping
from coterie.model.schema import Schema


@pytest.fixture(scope="module")
def schema() -> Schema:
    draft = default_draft()
    return Schema(version=1, published_at=NOW, fields=draft.fields, mappings=draft.mappings)


@pytest.mark.parametrize(
    ("stream", "key", "fields"),
    [
        ("default", "city", ("city",)),
        ("default", "loyalty_tier", ()),
        ("segment", "traits.plan", ("traits",)),
        ("segment", "traits.address.city", ("city", "traits")),
        ("braze_users", "phone_number", ("phone",)),
        ("nowhere", "city", ()),
    ],
)
def test_mappings_that_read_a_key_are_found(
    schema: Schema, stream: str, key: str, fields: tuple[str, ...]
) -> None:
    assert used_by(schema, stream, key) == fields


@pytest.mark.parametrize(
    ("key", "kinds", "expected"),
    [
        ("loyaltyTier", {"string": 9}, ("loyalty_tier", "string", "loyaltyTier")),
        ("points", {"int": 5, "numeric": 4}, ("points", "number", "tonumber(points)")),
        ("member since", {"date": 9}, ("member_since", "date", "todate(`member since`)")),
        ("opted_in", {"bool": 9, "null": 90}, ("opted_in", "bool", "tobool(opted_in)")),
        ("interests", {"array": 9}, ("interests", "[]string", "set(interests)")),
        ("work_email", {"email": 9}, ("work_email", "string", "email(work_email)")),
        ("properties.city", {"string": 1}, ("city", "string", "properties.city")),
    ],
)
def test_a_key_that_nobody_reads_gets_a_mapping_by_its_name_and_values(
    schema: Schema, key: str, kinds: dict[str, int], expected: tuple[str, str, str]
) -> None:
    found = suggest(schema, "web", key, kinds)

    assert found is not None
    assert (found.field, found.kind, found.expr) == expected
    assert found.is_new is (found.field != "city")
    parse_mapping(found.expr)


@pytest.mark.parametrize(
    ("stream", "key", "kinds"),
    [
        ("web", "message_id", {"string": 9}),
        ("web", "orders", {"objects": 9}),
        ("web", "mixed", {"string": 5, "array": 5}),
        ("web", "empty", {"null": 5}),
        ("web", "123", {"string": 5}),
        ("web", "birth_date", {"string": 5}),
        ("default", "city", {"string": 5}),
    ],
)
def test_where_a_guess_would_be_wrong_there_is_none(
    schema: Schema, stream: str, key: str, kinds: dict[str, int]
) -> None:
    assert suggest(schema, stream, key, kinds) is None


def test_names_of_fields_are_made_of_keys() -> None:
    assert field_name("context.traits.firstName") == "first_name"
    assert field_name("a-b c") == "a_b_c"
    assert field_name("9lives") == ""
