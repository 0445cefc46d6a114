"""Fields and mappings of a schema, and LQL texts, are one thing in two forms."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.base.clock import from_us
from coterie.control.definitions.draft import Draft, SchemaError, draft_of
from coterie.control.definitions.lql import read_query
from coterie.control.definitions.lql_settings import merge_query
from coterie.control.definitions.lql_text import write_queries, write_query
from coterie.control.definitions.schema import default_draft
from coterie.lang.lql import format_lql, parse_lql
from coterie.model.schema import USUAL_BLOCKED, Field, Schema


def published(draft: Draft) -> Schema:
    return Schema(
        version=1,
        published_at=from_us(0),
        fields=draft.fields,
        mappings=draft.mappings,
        streams=draft.streams,
        blocked_values=USUAL_BLOCKED if draft.blocked_values is None else draft.blocked_values,
    )


def read_all(texts: dict[str, str], draft: Draft | None = None) -> Draft:
    draft = draft or Draft()
    for text in texts.values():
        draft = merge_query(draft, read_query(text))
    return draft


def test_publishing_the_texts_of_the_default_schema_changes_nothing() -> None:
    schema = published(default_draft())

    again = read_all(write_queries(schema), draft_of(schema, next_field_id=1_000))

    assert published(again) == schema


def test_the_default_schema_can_be_made_from_its_texts() -> None:
    schema = published(default_draft())

    made = read_all(write_queries(schema))

    assert made.mappings == schema.mappings
    assert without_ids(made) == without_ids(schema)


def without_ids(schema: Draft | Schema) -> dict[str, Field]:
    return {field.name: msgspec.structs.replace(field, id=0) for field in schema.fields}


def test_texts_are_in_the_one_layout() -> None:
    for text in write_queries(published(default_draft())).values():
        assert format_lql(text) == text


def test_a_stream_that_names_nobody_has_no_text() -> None:
    draft = default_draft()
    anonymous = msgspec.structs.replace(
        draft,
        fields=tuple(msgspec.structs.replace(field, identifier=None) for field in draft.fields),
    )

    with pytest.raises(SchemaError, match="maps no identifier"):
        write_query(published(anonymous), "default")
    with pytest.raises(SchemaError, match="no mappings"):
        write_query(published(draft), "nowhere")


NAMES = ("card", "visits", "tags", "spend", "odd name", "from")
KINDS = {"visits": "int", "tags": "[]string", "spend": "map[string]number"}
OPS = {
    "visits": ("", " MERGEOP max", " MERGEOP sum"),
    "tags": ("", " MERGEOP capped", " MERGEOP merge"),
    "spend": ("", " MERGEOP mapsum", " MERGEOP latest"),
}
SAID = ("", ' SHORTDESC "short"', ' LONGDESC "long"', ' SHORTDESC "short" LONGDESC "long"')
SETTINGS = {
    "tags": ("", " WITH (capacity = 7)", " WITH (keep_days = 30, capacity = 7)"),
    "spend": ("", " WITH (keep_days = 30)"),
}
settings_of_card = st.sampled_from(
    ("", " WITH (rank = 0, unique = false)", ' WITH (normalise = "lower", view_limit = 5)')
)
settings_of_mail = st.sampled_from(
    (
        "",
        ' WITH (normalise = "email", is_pii = true)',
        " WITH (blocked = (), neighbour_limit = 3)",
        ' WITH (rank = 0, normalise = "e164", region = "PT", blocked = ("x", "y"))',
    )
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Queries that agree on what a field is, and on nothing else."""
    columns = [f"card AS card{draw(settings_of_card)}"]
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=6)):
        expr = draw(st.sampled_from(("a", "b.c", "oneof(a, b)", 'map(a, "x")', "`x y`")))
        guard = draw(st.sampled_from(("", " IF a > 5", ' IF b == "IF"')))
        said = draw(st.sampled_from(SAID))
        settings = draw(st.sampled_from(SETTINGS.get(name, ("", " WITH (is_pii = true)"))))
        op = draw(st.sampled_from(OPS.get(name, ("",)))) if name not in "".join(columns) else ""
        kind = f" KIND {KINDS.get(name, 'string')}"
        columns.append(f"{expr} AS `{name}`{guard}{said}{kind}{op}{settings}")
    stream = draw(st.sampled_from(("shop", "app")))
    where = draw(st.sampled_from(("", " WHERE NOT EXISTS bot")))
    by = draw(st.sampled_from(("card", "mail OR card")))
    if "mail" in by:
        columns.append(f"email(m) AS mail{draw(settings_of_mail)}")
    blocked = draw(st.sampled_from(("", ' WITH (blocked_values = ("nobody", ""))')))
    return f"SELECT {', '.join(columns)} FROM {stream} INTO user BY {by}{where}{blocked} ALIAS q"


@settings(max_examples=200, deadline=None)
@given(st.lists(texts(), min_size=1, max_size=3))
def test_text_to_parts_to_text_is_the_same(queries: list[str]) -> None:
    draft = Draft()
    for text in queries:
        try:
            draft = merge_query(draft, read_query(text))
        except SchemaError:
            continue  # a second operator for a field that has one
    schema = published(draft)
    written = write_queries(schema)

    made = read_all(written)

    assert write_queries(published(made)) == written
    assert without_ids(made) == without_ids(schema)
    assert made.blocked_values == draft.blocked_values
    assert sorted(map(repr, made.mappings)) == sorted(map(repr, schema.mappings))
    assert made.streams == tuple(
        sorted(schema.streams, key=lambda rule: list(written).index(rule.stream))
    )
    assert all(parse_lql(text) for text in written.values())
