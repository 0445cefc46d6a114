"""Renaming a field in a draft: who reads it follows, and two people do not undo each other."""

from typing import Any

import msgspec
import pytest
from tests.functional.control.test_schema_drafts_control import ACCOUNT, ACTOR, OTHER, Desk

from coterie.control.audit import list_audit
from coterie.control.definitions.audiences import create_audience, get_audience
from coterie.control.definitions.config_fields import fields_named, rename_in
from coterie.control.definitions.draft import SchemaError
from coterie.control.definitions.drafted import DraftRef
from coterie.control.definitions.edits import (
    FieldChange,
    FieldExistsError,
    change_field,
    drop_field,
)
from coterie.control.definitions.identifying import IdentifierChange, change_identifier
from coterie.control.definitions.renaming import rename_field
from coterie.control.definitions.schema import Edit, publish_edit, publish_lql
from coterie.control.definitions.schema_diff import diff_schemas
from coterie.control.definitions.schema_drafts import edit_draft
from coterie.control.definitions.schema_report import report_draft
from coterie.control.personalization import Allowed, allow_personalization, find_personalization
from coterie.model.control import JobConfig
from coterie.store import Store

CITY = "SELECT tolower(city) AS city FROM default INTO user BY user_id ALIAS more"


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def change(desk: Desk, name: str, *edits: Edit) -> None:
    for edit in edits:
        edit_draft(desk.store, DraftRef(ACCOUNT, name), edit, actor=ACTOR, clock=desk.clock)


def renaming(old: str, new: str) -> Edit:
    return lambda draft: rename_field(draft, old, new)


def ids(desk: Desk) -> dict[str, int]:
    return {field.name: field.id for field in desk.current().fields}


def test_a_renamed_field_is_the_same_field_and_nothing_else_differs(desk: Desk) -> None:
    before, numbers = desk.current(), ids(desk)
    desk.begin("words")
    change(desk, "words", renaming("city", "town"))

    told = report_draft(desk.store, ACCOUNT, "words")
    after = desk.publish("words")

    assert (told.faults, told.readers, told.renamed) == ((), (), {"city": "town"})
    difference = diff_schemas(before, after)
    assert difference == told.difference
    assert (difference.mappings, difference.streams, difference.blocked) == ((), (), ())
    [one] = difference.fields
    assert (one.before, one.after) == ({"name": "city"}, {"name": "town"})
    assert ids(desk)["town"] == numbers["city"]
    assert desk.expression("town") == "city"


def test_all_that_reads_a_field_is_told_before_and_follows(desk: Desk) -> None:
    create_audience(
        desk.store, account=ACCOUNT, slug="oslo", name="Oslo", filter_text='city = "Oslo"',
        actor=ACTOR, clock=desk.clock,
    )  # fmt: skip
    allow_personalization(
        desk.store, account=ACCOUNT, allowed=Allowed(fields=["city"], by_fields=["_uids"]),
        actor=ACTOR, now=desk.clock(),
    )  # fmt: skip
    desk.begin("words")
    change(desk, "words", renaming("city", "town"))

    told = report_draft(desk.store, ACCOUNT, "words").followers
    desk.publish("words")

    assert [(one.field, one.kind) for one in told] == [("city", "audience"), ("city", "public")]
    assert get_audience(desk.store, ACCOUNT, "oslo").filter_text == 'town = "Oslo"'
    public = find_personalization(desk.store, ACCOUNT)
    assert public is not None
    assert public.fields == ("town",)
    noted = [one for one in list_audit(desk.store, ACCOUNT) if one.subject == "audience"]
    assert noted[0].detail == {"renamed_fields": {"city": "town"}}


def test_what_others_publish_about_the_old_name_is_taken_over_under_the_new_one(
    desk: Desk,
) -> None:
    desk.begin("words")
    change(desk, "words", renaming("city", "town"))
    publish_lql(desk.store, account=ACCOUNT, text=CITY, actor=OTHER, clock=desk.clock)

    caught = desk.catch_up("words")
    desk.publish("words")

    assert caught.clashes == ()
    assert desk.expression("town") == "tolower(city)"
    assert "city" not in ids(desk)


def test_a_draft_follows_a_field_that_others_renamed(desk: Desk) -> None:
    desk.begin("places")
    desk.write("places", CITY)
    publish_edit(
        desk.store, account=ACCOUNT, edit=renaming("city", "town"), actor=OTHER, clock=desk.clock
    )

    caught = desk.catch_up("places")
    desk.publish("places")

    assert caught.clashes == ()
    assert desk.expression("town") == "tolower(city)"
    assert "city" not in ids(desk)


def test_two_new_names_of_one_field_clash_and_a_person_decides(desk: Desk) -> None:
    desk.begin("words")
    change(desk, "words", renaming("city", "town"))
    publish_edit(
        desk.store, account=ACCOUNT, edit=renaming("city", "place"), actor=OTHER, clock=desk.clock
    )

    told = desk.catch_up("words")
    desk.catch_up("words", "draft")
    desk.publish("words")

    [clash] = told.clashes
    assert (clash.what, clash.draft, clash.published) == ("name of field city", "town", "place")
    assert "town" in ids(desk)
    assert "place" not in ids(desk)


def test_two_fields_that_want_one_name_clash_and_the_renamed_one_gives_way(desk: Desk) -> None:
    desk.begin("words")
    change(desk, "words", renaming("city", "shape"))
    shape = CITY.replace("tolower(city) AS city", "shape KIND string")
    publish_lql(desk.store, account=ACCOUNT, text=shape, actor=OTHER, clock=desk.clock)

    told = desk.catch_up("words")
    desk.catch_up("words", "draft")
    made = desk.publish("words")

    assert [one.what for one in told.clashes] == ["name of field city"]
    assert {"city", "shape"} <= {field.name for field in made.fields}


@pytest.mark.parametrize(
    "edits",
    [
        [renaming("city", "town"), renaming("country", "city")],
        [lambda draft: drop_field(draft, "country"), renaming("city", "country")],
        [renaming("city", "x"), renaming("country", "city"), renaming("x", "country")],
    ],
    ids=["passed_on", "dropped_before", "swapped"],
)
def test_a_name_does_not_go_from_one_field_to_another_at_once(
    desk: Desk, edits: list[Edit]
) -> None:
    desk.begin("words")
    change(desk, "words", *edits)

    faults = report_draft(desk.store, ACCOUNT, "words").faults

    assert any("is that of another field until the next version" in one.message for one in faults)


def test_a_name_that_was_given_up_cannot_be_made_anew_at_once(desk: Desk) -> None:
    desk.begin("words")
    change(desk, "words", renaming("city", "town"))
    desk.write("words", CITY)

    assert [one.where for one in report_draft(desk.store, ACCOUNT, "words").faults] == [
        "field city"
    ]


def test_an_identifier_is_renamed_beside_what_others_change_about_it(desk: Desk) -> None:
    desk.begin("words")
    change(desk, "words", renaming("email", "mail"))
    described = FieldChange(description="Where we write to")
    publish_edit(
        desk.store, account=ACCOUNT, edit=lambda draft: change_field(draft, "email", described),
        actor=OTHER, clock=desk.clock,
    )  # fmt: skip

    caught = desk.catch_up("words")
    before = desk.current()
    after = desk.publish("words")

    [field] = [field for field in after.fields if field.name == "mail"]
    assert caught.clashes == ()
    assert (field.stored_name, field.description) == ("email", "Where we write to")
    assert [(one.before, one.after) for one in diff_schemas(before, after).fields] == [
        ({"name": "email"}, {"name": "mail"})
    ]


def test_a_name_under_which_identifiers_are_stored_is_no_other_identifiers(desk: Desk) -> None:
    publish_edit(
        desk.store, account=ACCOUNT, edit=renaming("email", "mail"), actor=OTHER, clock=desk.clock
    )
    desk.begin("words")
    change(
        desk, "words", renaming("city", "email"),
        lambda draft: change_identifier(draft, "email", IdentifierChange()),
    )  # fmt: skip

    faults = report_draft(desk.store, ACCOUNT, "words").faults

    assert [fault.where for fault in faults] == ["field email"]
    assert "Identifiers of 'mail' are stored under the name 'email'" in faults[0].message


def test_a_taken_name_and_an_unknown_field_are_refused_with_the_cure(desk: Desk) -> None:
    desk.begin("words")

    with pytest.raises(FieldExistsError):
        change(desk, "words", renaming("city", "country"))
    with pytest.raises(SchemaError, match="no field 'nothing'"):
        change(desk, "words", renaming("nothing", "something"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"kind": "export_files", "audience": "a", "fields": ["city", "country"]},
            {"fields": ("town", "country"), "names": {"town": "city"}},
        ),
        (
            {"kind": "export_files", "audience": "a", "fields": ["city"], "names": {"city": "Ort"}},
            {"fields": ("town",), "names": {"town": "Ort"}},
        ),
        ({"kind": "export_files", "audience": "a"}, {"fields": (), "names": {"town": "city"}}),
        (
            {"kind": "export_files", "audience": "a", "fields": ["x"], "names": {"x": "city"}},
            {"fields": ("x",), "names": {"x": "city"}},
        ),
        (
            {"kind": "webhook", "audiences": ["a"], "fields": ["city"], "changes": ["country"]},
            {"fields": ("town",), "changes": ("country",), "names": {"town": "city"}},
        ),
        (
            {"kind": "webhook", "audiences": ["a"], "fields": ["country"]},
            {"fields": ("country",), "names": {}},
        ),
        (
            {"kind": "export_subscriptions", "audiences": ["a"], "identifier_field": "city",
             "groups": {"g": {"field": "city", "yes": ["y"]}},
             "consent": {"field": "city", "values": ["y"]}},
            {"identifier_field": "town"},
        ),
    ],
)  # fmt: skip
def test_options_of_jobs_name_the_new_field_and_others_see_no_difference(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    config = msgspec.convert(before, JobConfig)

    found = rename_in(config, {"city": "town"})

    assert {name: getattr(found, name) for name in after} == after
    assert "city" not in fields_named(found)
