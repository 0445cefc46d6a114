"""The JSON form of a condition says what its text says."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.test_lang_properties import (
    NOW,
    foreseeable_conditions,
    plain_conditions,
    rows,
)

from coterie.base.errors import UserError
from coterie.lang.expr.interpret import World, evaluate_truth
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import Node
from coterie.lang.filterql import read_json_form, write_json_form


@settings(max_examples=500, deadline=None)
@given(foreseeable_conditions)
def test_text_to_json_to_text_is_the_same_text(tree: Node) -> None:
    text = render(parse_expression(render(tree), names_in_single_quotes=True))
    form = write_json_form(parse_expression(text, names_in_single_quotes=True))

    again = read_json_form(msgspec.json.decode(msgspec.json.encode(form)))

    assert render(again) == text


@settings(max_examples=300, deadline=None)
@given(plain_conditions, rows)
def test_json_form_keeps_the_meaning(tree: Node, row: dict[str, object]) -> None:
    again = read_json_form(write_json_form(tree))

    assert evaluate_truth(again, World(row, NOW)) is evaluate_truth(tree, World(row, NOW))


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(("and", "x")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("op", "args", "ident", "val", "seg", "text", "kind", "other")),
            inner | st.sampled_from(("and", "not", ">", "expr", "include", "*", "-", "between")),
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@given(junk)
def test_any_json_is_a_condition_or_a_user_error(form: object) -> None:
    try:
        text = render(read_json_form(form))
    except UserError as error:
        text = error.message

    assert text
