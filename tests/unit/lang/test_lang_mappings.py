"""Mappings: which rules yield a value, what they read, and that bad data never breaks them."""

from datetime import UTC, datetime

import pytest

from coterie.lang.lql import Column, LqlError, MappingRule, compile_mapping, parse_lql, render_lql

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def test_rules_without_a_value_are_absent() -> None:
    rules = [MappingRule("a", "a"), MappingRule("b", "b"), MappingRule("c", "toint(c)")]

    found = compile_mapping(rules).apply({"a": 1, "b": None, "c": "x"}, NOW)

    assert found == [(0, 1)]


def test_where_drops_what_does_not_satisfy_it() -> None:
    mapping = compile_mapping([MappingRule("a", "a")], where='event == "buy"')

    assert mapping.apply({"a": 1, "event": "buy"}, NOW) == [(0, 1)]
    assert mapping.apply({"a": 1, "event": "view"}, NOW) is None
    assert mapping.apply({"a": 1}, NOW) is None


def test_where_that_is_not_evaluable_drops_the_record() -> None:
    mapping = compile_mapping([MappingRule("a", "a")], where="NOT price BETWEEN 1 AND 5")

    assert mapping.apply({"a": 1}, NOW) is None


def test_guard_holds_back_one_rule() -> None:
    rules = [MappingRule("a", "a", "exists(b)"), MappingRule("c", "a")]

    assert compile_mapping(rules).apply({"a": 1}, NOW) == [(1, 1)]
    assert compile_mapping(rules).apply({"a": 1, "b": 0}, NOW) == [(0, 1), (1, 1)]


def test_now_is_the_time_of_the_event() -> None:
    rules = [MappingRule("at", "now()"), MappingRule("soon", 'todate("now+1M")')]

    found = compile_mapping(rules).apply({}, NOW)

    assert found == [(0, NOW), (1, datetime(2026, 5, 1, 12, tzinfo=UTC))]


def test_mapping_knows_the_keys_it_reads() -> None:
    rules = [
        MappingRule("a", "tolower(name)", "exists(guard)"),
        MappingRule("b", "address.city"),
        MappingRule("c", 'match("user.", "score_")'),
    ]

    mapping = compile_mapping(rules, where="kind == 1")

    assert mapping.reads == {
        *("name", "guard", "kind", "address", "address.city"),
        *("user.*", "user", "score_*", "score_"),
    }


def test_ids_are_the_same_when_an_event_is_mapped_again() -> None:
    mapping = compile_mapping([MappingRule("id", "uuid()")])

    first, again, other = (mapping.apply(event, NOW) for event in ({"a": 1}, {"a": 1}, {"a": 2}))

    assert first == again
    assert first != other


BAD: tuple[object, ...] = (
    None,
    True,
    10**400,
    float("nan"),
    "",
    "x" * 10_000,
    [],
    [None],
    {},
    {"a": {}},
    "\ud800",
)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad)[:9])
def test_bad_data_never_breaks_a_mapping(bad: object) -> None:
    exprs = (
        "todate(x)", "toint(x)", "email(x)", "map(x, x)", "x.a.b", "host(x)", "hash.md5(x)",
        "split(x, x)", "filter(x, x)", "x IN x", "x BETWEEN x AND x", "unixtrunc(x, x)", "x * x",
    )  # fmt: skip
    mapping = compile_mapping([MappingRule(f"f{n}", expr) for n, expr in enumerate(exprs)])

    assert isinstance(mapping.apply({"x": bad}, NOW), list)


@pytest.mark.parametrize("text", ["INCLUDE other", "*", "tolowr(x)", "a +", "a b"])
def test_expression_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(LqlError):
        compile_mapping([MappingRule("a", text)])


def test_query_in_parts_is_the_query_in_text() -> None:
    query = parse_lql(
        "SELECT id, map(event, todate(ts)) AS times IF event != `old event` KIND map[string]time "
        'MERGEOP latest LONGDESC "when" FROM web INTO user BY id OR email WHERE ok ALIAS q'
    )

    assert query.columns[1] == Column(
        expr_text="map(event, todate(ts))",
        field="times",
        guard_text="event != `old event`",
        kind="map[string]time",
        mergeop="latest",
        longdesc="when",
    )
    assert (query.stream, query.table, query.by, query.alias) == (
        "web",
        "user",
        ("id", "email"),
        "q",
    )
    assert parse_lql(render_lql(query)) == query
