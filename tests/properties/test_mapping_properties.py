"""What the generated code of a stream's mapping says of an event is what its parts define."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.flow.mapping.coerce import coercion
from coterie.flow.mapping.mapper import Mapper, RejectedMapping
from coterie.lang.expr.interpret import World, evaluate
from coterie.lang.expr.parser import parse_expression
from coterie.lang.identifiers import blocked_values, normalise
from coterie.model.config import AccountConfig
from coterie.model.events import LoggedEvent
from coterie.model.mapped import can_identify
from coterie.model.schema import Field, IdentifierRule, Mapping, Schema, StreamRule

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS = [
    ("email", "string", "email(mail)", IdentifierRule(rank=1, unique=False, normalise="email")),
    ("tel", "string", "phone", IdentifierRule(rank=1, unique=False, normalise="e164", region="NO")),
    ("cookies", "[]string", "cookie", IdentifierRule(rank=2, unique=False)),
    ("number", "int", "toint(id)", IdentifierRule(rank=0, unique=True, blocked=("13",))),
    ("cookies", "[]string", 'split(more, ",")', IdentifierRule(rank=2, unique=False)),
    ("tags", "[]string", "set(tag)", None),
    ("total", "number", "tonumber(amount)", None),
    ("paid", "bool", "paid", None),
    ("at", "date", "todate(at)", None),
    ("counts", "map[string]intsum", "valuect(event)", None),
    ("any", "dynamic", "any", None),
    ("city", "string", "address.city", None),
    ("hours", "[]timebucket", "todate(at)", None),
    ("name", "string", "any", None),
    ("pieces", "int", "toint(amount)", None),
    ("since", "date", "todate(any)", None),
    ("agreed", "bool", "tobool(paid)", None),
    ("words", "string", "toint(any)", None),
    ("guarded", "int", "toint(any)", None),
]
GUARDS = {"city": "exists(event)", "guarded": "exists(event)"}
FIELDS = {
    name: Field(id=number, name=name, kind=kind, op="latest", identifier=rule)
    for number, (name, kind, _, rule) in enumerate(COLUMNS, start=1)
}
SCHEMA = Schema(
    version=1,
    published_at=NOW - timedelta(days=1),
    fields=tuple(FIELDS.values()),
    mappings=tuple(
        Mapping(stream="s", field=name, expr=expr, guard=GUARDS.get(name))
        for name, _, expr, _ in COLUMNS
    ),
    streams=(StreamRule(stream="s", where="NOT EXISTS dropped"),),
)
MAPPER = Mapper(
    AccountConfig(
        number=1,
        schemas=(SCHEMA,),
        trusted_streams=frozenset(),
        audiences=(),
        slugs={},
        exports=(),
    )
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(0, 20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            "",
            " A@b.C ",
            "x y @z.de",
            "n/a",
            " N/A ",
            "13",
            "+47 900 00 000",
            "2026-03-01",
            "true",
            "7",
            " 7",
            "$5,555.10",
            "1e3",
            "0.50",
            "٣",
            "9" * 40,
            "now-1d",
        ]
    ),
    st.text(max_size=5),
    st.text(min_size=1_001, max_size=1_001, alphabet="a"),
)
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(st.sampled_from(["city", "a", "lat"]), scalars, max_size=2),
)
KEYS = [
    *("mail", "phone", "cookie", "id", "more", "tag", "amount", "paid", "at", "event", "any"),
    *("address", "dropped"),
]
events = st.dictionaries(st.sampled_from(KEYS), values, max_size=8)


def logged(body: dict[str, Any]) -> LoggedEvent:
    return LoggedEvent(
        lane=0,
        seq=1,
        account=1,
        stream="s",
        received_at=NOW,
        body=msgspec.json.encode(body).decode(),
    )


def spelt(field: Field, rule: IdentifierRule, value: Any) -> Any:
    """Return what of a value of an identifying field names somebody."""
    blocked = blocked_values(rule, SCHEMA.blocked_values)
    kept = []
    for said in map(str, value if isinstance(value, list) else [value]):
        text = normalise(rule, said)
        is_blocked = text.lower() in blocked or said.strip().lower() in blocked
        if not is_blocked and can_identify(text):
            kept.append(text)
    if field.kind.startswith("[]"):
        return kept or None
    return kept[0] if kept else None


def defined(body: dict[str, Any]) -> tuple[set[tuple[str, str]], list[tuple[int, Any]]] | None:
    """Return identifiers and values as the definitions of the parts give them."""
    row = msgspec.json.decode(msgspec.json.encode(body))
    if evaluate(parse_expression("NOT EXISTS dropped"), World(row, NOW)) is not True:
        return None
    named, found = set(), []
    for name, kind, expr, rule in COLUMNS:
        guard = GUARDS.get(name)
        if guard and evaluate(parse_expression(guard), World(row, NOW)) is not True:
            continue
        value = evaluate(parse_expression(expr), World(row, NOW))
        value = None if value is None else coercion(kind)(value)
        if value is not None and rule is not None:
            value = spelt(FIELDS[name], rule, value)
            texts = value if isinstance(value, list) else [value] if value is not None else []
            named |= {(name, text) for text in texts}
        if value is not None:
            found.append((FIELDS[name].id, value))
    return named, found


def in_order(values: list[tuple[int, Any]]) -> list[str]:
    return sorted(map(repr, values))


@settings(max_examples=300, deadline=None)
@given(events)
def test_an_event_says_what_its_schema_defines(body: dict[str, Any]) -> None:
    expected = defined(body)

    said = MAPPER.map(logged(body))

    if expected is None or not expected[0]:
        assert isinstance(said, RejectedMapping)
        return
    assert not isinstance(said, RejectedMapping)
    ranks = {name: rule.rank for name, _, _, rule in COLUMNS if rule is not None}
    assert list(said.identifiers) == sorted(expected[0], key=lambda item: (ranks[item[0]], item))
    assert in_order(list(said.values)) == in_order(expected[1])


@settings(max_examples=100, deadline=None)
@given(events)
def test_the_origin_of_values_tells_the_same_values(body: dict[str, Any]) -> None:
    event = logged(body)
    said = MAPPER.map(event)

    traced = MAPPER.trace(event)

    if not isinstance(said, RejectedMapping):
        assert [(one.field_id, one.value) for one in traced] == list(said.values)
    for one in traced:
        assert FIELDS[one.mapping.field].id == one.field_id
