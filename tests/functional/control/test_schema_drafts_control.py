"""Drafts of the schema: two people, one conflict, all faults at once."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from coterie.control.accounts import create_account
from coterie.control.audit import list_audit
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.draft import Draft
from coterie.control.definitions.drafted import (
    BadDraftError,
    DraftBehindError,
    DraftChangedError,
    DraftRef,
    SchemaDraft,
    UnknownDraftError,
)
from coterie.control.definitions.edits import FieldChange, change_field, drop_field
from coterie.control.definitions.identifying import IdentifierChange, change_identifier
from coterie.control.definitions.schema import publish_edit, publish_lql
from coterie.control.definitions.schema_content import (
    SchemaContent,
    merge_lql,
    put_content,
    replace_stream,
)
from coterie.control.definitions.schema_drafts import (
    CaughtUp,
    catch_up,
    create_draft,
    discard_draft,
    edit_draft,
    get_draft,
    list_drafts,
    publish_draft,
)
from coterie.control.definitions.schema_faults import FaultySchemaError
from coterie.control.definitions.schema_merging import Side
from coterie.control.definitions.schema_report import report_draft
from coterie.control.definitions.schema_versions import current_schema
from coterie.model.control import Actor
from coterie.model.schema import Mapping, Schema
from coterie.store import Store

ACCOUNT = 3012
ACTOR = Actor(name="test")
OTHER = Actor(name="other")
START = datetime(2026, 3, 1, tzinfo=UTC)
COLOUR = """
SELECT colour SHORTDESC "Colour" KIND string, tolower(city) AS city
FROM default INTO user BY user_id OR email OR phone OR _uids ALIAS more
"""
SIZE = COLOUR.replace("colour", "size").replace(
    "tolower(city) AS city", "string.uppercase(city) AS city"
)
SHAPE = """
SELECT shape KIND string
FROM default INTO user BY user_id OR email OR phone OR _uids ALIAS more
"""


class Clock:
    """Goes on by a second at each look."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Desk:
    """One account whose people draft."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, Clock()
        create_account(store, name="Test", number=ACCOUNT, actor=ACTOR, clock=self.clock)

    def begin(self, name: str) -> SchemaDraft:
        return create_draft(self.store, account=ACCOUNT, name=name, actor=ACTOR, clock=self.clock)

    def write(self, name: str, text: str, revision: int | None = None) -> SchemaDraft:
        return edit_draft(
            self.store,
            DraftRef(ACCOUNT, name, revision),
            lambda draft: merge_lql(draft, text),
            actor=ACTOR,
            clock=self.clock,
        )

    def put(self, name: str, content: SchemaContent) -> None:
        edit_draft(
            self.store,
            DraftRef(ACCOUNT, name),
            lambda draft: put_content(draft, content),
            actor=ACTOR,
            clock=self.clock,
        )

    def publish(self, name: str, revision: int | None = None) -> Schema:
        wanted = DraftRef(ACCOUNT, name, revision)
        return publish_draft(self.store, wanted, actor=ACTOR, clock=self.clock)

    def catch_up(self, name: str, prefer: Side | None = None) -> CaughtUp:
        return catch_up(
            self.store, DraftRef(ACCOUNT, name), prefer=prefer, actor=ACTOR, clock=self.clock
        )

    def current(self) -> Schema:
        return current_schema(self.store, ACCOUNT)

    def expression(self, field: str) -> str:
        found = {(each.stream, each.field): each.expr for each in self.current().mappings}
        return found["default", field]


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def test_a_draft_changes_nothing_until_it_is_published(desk: Desk) -> None:
    desk.begin("colours")
    desk.write("colours", COLOUR)

    before = desk.current()
    made = desk.publish("colours")

    assert before.version == 1
    assert "colour" not in {field.name for field in before.fields}
    assert (made.version, desk.expression("city")) == (2, "tolower(city)")
    assert list_drafts(desk.store, ACCOUNT) == []
    told = [(entry.verb, entry.subject) for entry in list_audit(desk.store, ACCOUNT, 4)]
    assert told == [
        ("published", "schema_draft"),
        ("published", "schema"),
        ("updated", "schema_draft"),
        ("created", "schema_draft"),
    ]


def test_a_report_tells_what_a_draft_changes(desk: Desk) -> None:
    desk.begin("colours")
    desk.write("colours", COLOUR)

    report = report_draft(desk.store, ACCOUNT, "colours")

    assert [(one.what, one.how) for one in report.difference.fields] == [("colour", "new")]
    assert {one.what for one in report.difference.mappings} == {"default/colour", "default/city"}
    assert (report.faults, report.clashes, report.can_be_published) == ((), (), True)


def test_two_drafts_follow_each_other_if_they_change_different_things(desk: Desk) -> None:
    desk.begin("colours")
    desk.begin("shapes")
    desk.write("colours", COLOUR)
    desk.write("shapes", SHAPE)
    desk.publish("colours")

    with pytest.raises(DraftBehindError, match=r"version 1, and version 2 is in force\. Take over"):
        desk.publish("shapes")
    caught = desk.catch_up("shapes")
    made = desk.publish("shapes")

    assert (caught.clashes, caught.draft.base_version) == ((), 2)
    ids = [field.id for field in made.fields]
    assert {"colour", "shape"} <= {field.name for field in made.fields}
    assert len(set(ids)) == len(ids)
    assert desk.expression("city") == "tolower(city)"


@pytest.mark.parametrize(
    ("prefer", "city"), [("draft", "string.uppercase(city)"), ("published", "tolower(city)")]
)
def test_what_both_changed_is_decided_by_a_person(desk: Desk, prefer: Side, city: str) -> None:
    desk.begin("sizes")
    desk.write("sizes", SIZE)
    publish_lql(desk.store, account=ACCOUNT, text=COLOUR, actor=OTHER, clock=desk.clock)

    told = desk.catch_up("sizes")
    kept = get_draft(desk.store, ACCOUNT, "sizes")
    decided = desk.catch_up("sizes", prefer)
    desk.publish("sizes")

    assert [one.what for one in told.clashes] == ["mapping default/city"]
    assert kept.base_version == 1
    assert decided.draft.base_version == 2
    assert desk.expression("city") == city
    assert {"colour", "size"} <= {field.name for field in desk.current().fields}


def test_nobody_overwrites_what_they_have_not_seen(desk: Desk) -> None:
    seen = desk.begin("colours").revision
    desk.write("colours", SHAPE, seen)

    with pytest.raises(DraftChangedError, match="by test at"):
        desk.write("colours", COLOUR, seen)
    with pytest.raises(DraftChangedError):
        desk.publish("colours", seen)
    desk.publish("colours", seen + 1)

    assert "shape" in {field.name for field in desk.current().fields}


def test_all_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    desk.begin("broken")
    content = get_draft(desk.store, ACCOUNT, "broken").content
    text = msgspec.json.encode(msgspec.to_builtins(content))
    whole = msgspec.json.decode(text)
    del whole["next_field_id"]
    fields = {field["name"]: field for field in whole["fields"]}
    fields["city"]["kind"] = "int"
    fields["email"]["identifier"]["rank"] = fields["user_id"]["identifier"]["rank"]
    fields["country"]["capacity"] = 5
    whole["mappings"] += [
        {"stream": "default", "field": "nothing", "expr": "a"},
        {"stream": "default", "field": "country", "expr": "tolower(("},
        {"stream": "no name", "field": "country", "expr": "country"},
    ]
    whole["streams"] = [{"stream": "default", "where": "AND AND"}]

    desk.put("broken", msgspec.convert(whole, SchemaContent))
    faults = report_draft(desk.store, ACCOUNT, "broken").faults

    assert {fault.where for fault in faults} >= {
        "field city", "field country", "identifiers", "mapping default/nothing",
        "mapping default/country", "stream no name", "condition of stream default",
    }  # fmt: skip
    with pytest.raises(FaultySchemaError, match="things are wrong"):
        desk.publish("broken")
    assert desk.current().version == 1


def test_a_whole_draft_that_is_put_back_changes_nothing(desk: Desk) -> None:
    made = desk.begin("same")
    plain = msgspec.to_builtins(made.content)
    del plain["next_field_id"]

    desk.put("same", msgspec.convert(plain, SchemaContent))

    assert get_draft(desk.store, ACCOUNT, "same").content == made.content
    assert report_draft(desk.store, ACCOUNT, "same").difference.is_empty


def test_who_reads_a_field_that_goes_is_named(desk: Desk) -> None:
    create_audience(
        desk.store, account=ACCOUNT, slug="oslo", name="Oslo", filter_text='FILTER city = "Oslo"',
        actor=ACTOR, clock=desk.clock,
    )  # fmt: skip
    desk.begin("less")
    edit_draft(
        desk.store,
        DraftRef(ACCOUNT, "less"),
        lambda draft: drop_field(draft, "city"),
        actor=ACTOR,
        clock=desk.clock,
    )

    report = report_draft(desk.store, ACCOUNT, "less")

    assert [(one.field, one.kind, one.name) for one in report.readers] == [
        ("city", "audience", "oslo")
    ]
    assert report.can_be_published


def test_a_field_that_comes_back_by_its_name_is_the_same_field(desk: Desk) -> None:
    before = {field.name: field.id for field in desk.current().fields}
    desk.begin("again")

    def swap(draft: Draft) -> Draft:
        gone = drop_field(draft, "city")
        return merge_lql(gone, SHAPE.replace("shape KIND string", "city KIND string"))

    edit_draft(desk.store, DraftRef(ACCOUNT, "again"), swap, actor=ACTOR, clock=desk.clock)
    made = desk.publish("again")

    assert {field.name: field.id for field in made.fields}["city"] == before["city"]


def test_orders_of_identifiers_come_together(desk: Desk) -> None:
    order = ["first", "second"]
    for name in order:
        text = SHAPE.replace("shape", name).replace("BY user_id", f"BY user_id OR {name}")
        desk.begin(name)
        desk.write(name, text)
    desk.publish("first")

    desk.catch_up("second")
    made = desk.publish("second")

    ranks = [field.identifier.rank for field in made.fields if field.identifier]
    assert len(set(ranks)) == len(ranks)
    assert {"first", "second"} <= {field.name for field in made.fields if field.identifier}


def test_orders_that_both_changed_clash(desk: Desk) -> None:
    desk.begin("ranks")
    edit_draft(
        desk.store,
        DraftRef(ACCOUNT, "ranks"),
        lambda draft: change_identifier(draft, "email", IdentifierChange(rank=0)),
        actor=ACTOR,
        clock=desk.clock,
    )
    publish_edit(
        desk.store,
        account=ACCOUNT,
        edit=lambda draft: change_identifier(draft, "phone", IdentifierChange(rank=0)),
        actor=OTHER,
        clock=desk.clock,
    )

    told = desk.catch_up("ranks")
    desk.catch_up("ranks", "draft")
    made = desk.publish("ranks")

    assert [one.what for one in told.clashes] == ["order of identifiers"]
    ranks = {field.name: field.identifier.rank for field in made.fields if field.identifier}
    assert ranks["email"] == 0


def test_different_things_of_one_field_clash(desk: Desk) -> None:
    desk.begin("words")
    edit_draft(
        desk.store,
        DraftRef(ACCOUNT, "words"),
        lambda draft: change_field(draft, "city", FieldChange(description="Town")),
        actor=ACTOR,
        clock=desk.clock,
    )
    publish_edit(
        desk.store,
        account=ACCOUNT,
        edit=lambda draft: drop_field(draft, "city"),
        actor=OTHER,
        clock=desk.clock,
    )

    told = desk.catch_up("words")

    assert [(one.what, one.published) for one in told.clashes] == [("field city", None)]


def test_a_stream_is_replaced_by_a_text(desk: Desk) -> None:
    draft = desk.begin("stream").content

    bare = replace_stream(draft, "default", SHAPE.replace("SELECT", "SELECT user_id,"))
    none = replace_stream(draft, "default", "  ")

    assert [each for each in bare.mappings if each.stream == "default"] == [
        Mapping(stream="default", field="user_id", expr="user_id"),
        Mapping(stream="default", field="shape", expr="shape"),
    ]
    assert not any(each.stream == "default" for each in none.mappings)
    assert len(none.fields) == len(draft.fields)


def test_a_discarded_draft_leaves_its_name(desk: Desk) -> None:
    desk.begin("colours")
    discard_draft(desk.store, DraftRef(ACCOUNT, "colours"), actor=ACTOR, clock=desk.clock)

    with pytest.raises(UnknownDraftError):
        desk.publish("colours")
    desk.begin("colours")
    with pytest.raises(BadDraftError, match="already"):
        desk.begin("colours")
    with pytest.raises(BadDraftError, match="cannot name"):
        desk.begin("Two words")
