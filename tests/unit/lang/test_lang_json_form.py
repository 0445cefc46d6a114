"""The JSON form of conditions, as Lytics publishes it and beyond."""

import pytest

from coterie.lang.filterql import JsonFormError, json_form_text, parse_filter, write_json_form

PUBLISHED = {
    "op": "and",
    "args": [{"op": ">", "args": [{"ident": "x"}, {"val": "5"}]}, {"seg": "slug"}],
}


def test_the_published_example_reads_as_its_text() -> None:
    assert json_form_text(PUBLISHED) == 'FILTER AND (x > "5", INCLUDE slug)'


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("*", {"op": "*"}),
        ("x == 5", {"op": "=", "args": [{"ident": "x"}, {"val": 5}]}),
        ("x != true", {"op": "!=", "args": [{"ident": "x"}, {"val": True}]}),
        ("x == NULL", {"op": "=", "args": [{"ident": "x"}, {"val": None}]}),
        ('x == "true"', {"op": "=", "args": [{"ident": "x"}, {"val": "true", "kind": "string"}]}),
        ("EXISTS hits.foo", {"op": "exists", "args": [{"ident": "hits.foo"}]}),
        ("EXISTS `a.b`.`c`", {"op": "exists", "args": [{"ident": ["a.b", "c"]}]}),
        (
            "NOT x BETWEEN 1 AND 2",
            {"op": "not", "args": [{"op": "between", "args": [
                {"ident": "x"}, {"val": 1}, {"val": 2}]}]},
        ),
        (
            'x IN ("a", "b")',
            {"op": "in", "args": [{"ident": "x"}, {"args": [{"val": "a"}, {"val": "b"}]}]},
        ),
        (
            'tolower(email) == "x.org"',
            {"op": "=", "args": [
                {"op": "expr", "args": [{"ident": "tolower"}, {"ident": "email"}]},
                {"val": "x.org"}]},
        ),
        ("a AND b", {"op": "&&", "args": [{"ident": "a"}, {"ident": "b"}]}),
        ("-(a) + 1 > 2", {"op": ">", "args": [
            {"op": "+", "args": [{"op": "-", "args": [{"ident": "a"}]}, {"val": 1}]}, {"val": 2}]}),
    ],
)  # fmt: skip
def test_a_condition_has_one_json_form(text: str, form: dict[str, object]) -> None:
    tree = parse_filter(text).tree

    assert write_json_form(tree) == form
    assert write_json_form(parse_filter(json_form_text(form)).tree) == form


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"op": "AND", "args": [{"op": "exists", "args": [{"ident": "x"}]}]}, "EXISTS x"),
        ({"op": "include", "args": [{"ident": "vip"}]}, "INCLUDE vip"),
        ({"op": "=", "args": [{"ident": "x"}, {"val": "true"}]}, "x == true"),
        ({"op": "exists", "args": [{"ident": "`a.b`.`c`"}]}, "EXISTS `a.b`.`c`"),
        (
            {"op": "and", "args": [{"op": "and", "args": [{"ident": "a"}, {"ident": "b"}]},
                                   {"ident": "c"}]},
            "AND (a, b, c)",
        ),
    ],
)  # fmt: skip
def test_what_lytics_writes_is_read(form: dict[str, object], text: str) -> None:
    assert json_form_text(form) == f"FILTER {text}"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ([], "At $: a JSON object belongs here."),
        ({}, "At $: this has none of op, ident, val, seg and args."),
        ({"op": "containz", "args": []}, "Did you mean 'contains'?"),
        ({"op": "not", "args": []}, "At $.args: 'not' takes 1 argument, not 0."),
        ({"op": "and", "args": [{"val": {}}]}, "At $.args[0].val: a text, a number"),
        ({"op": "include", "args": []}, "the name of one audience"),
        ({"op": "expr", "args": []}, "the name of a function first"),
        ({"op": "exists", "args": [{"ident": 5}]}, "At $.args[0].ident: a text belongs here."),
        ({"op": "exists", "args": "x"}, "At $.args: a list belongs here."),
    ],
)
def test_a_mistake_is_named_with_its_place(form: object, said: str) -> None:
    with pytest.raises(JsonFormError) as caught:
        json_form_text(form)

    assert said in caught.value.message


def test_a_form_that_is_nested_too_deep_is_refused() -> None:
    form: dict[str, object] = {"ident": "x"}
    for _ in range(200):
        form = {"op": "not", "args": [form]}

    with pytest.raises(JsonFormError, match="levels deep"):
        json_form_text(form)
