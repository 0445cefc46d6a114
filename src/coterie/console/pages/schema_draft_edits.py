"""Forms that change a draft of the schema: the mappings of a stream, one field."""

from typing import get_args

import msgspec
from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor
from coterie.console.pages.schema_drafts import DRAFT, HOME
from coterie.console.visit import Visit
from coterie.control.definitions.draft import Draft, SchemaError, schema_of
from coterie.control.definitions.drafted import DraftRef, SchemaDraft
from coterie.control.definitions.edits import (
    SPELLINGS,
    FieldChange,
    NewField,
    change_field,
    create_field,
    drop_field,
    get_field,
    read_normalise,
)
from coterie.control.definitions.identifying import IdentifierChange, change_identifier
from coterie.control.definitions.lql_text import write_query
from coterie.control.definitions.renaming import rename_field
from coterie.control.definitions.schema import Edit
from coterie.control.definitions.schema_content import replace_stream
from coterie.control.definitions.schema_drafts import edit_draft, get_draft
from coterie.lang.expr.errors import LangError
from coterie.model.merging import KINDS
from coterie.model.schema import Field, MergeOp


@get(f"{DRAFT}/streams/{{stream:str}}", sync_to_thread=True)
def show_stream_text(visit: Visitor, name: FromPath[str], stream: FromPath[str]) -> Page:
    """Show what a draft says of a stream as LQL, to be changed."""
    draft = get_draft(visit.deps.store, visit.account, name)
    form = filled_form({"lql": _text_of(draft, stream), "revision": str(draft.revision)})
    return _stream_page(visit, name, stream, form)


@post(f"{DRAFT}/streams/{{stream:str}}", sync_to_thread=True)
def do_change_stream(visit: Visitor, name: FromPath[str], stream: FromPath[str]) -> Page:
    """Keep a text in place of all that the draft says of a stream."""
    text = visit.form.raw("lql")
    try:
        _save(visit, name, lambda draft: replace_stream(draft, stream, text))
    except UserError as error:
        return _stream_page(visit, name, stream, visit.form, failure=error)
    return visit.go(f"{HOME}/{name}", notice=f"The mappings of {stream} are changed in the draft.")


@get(f"{DRAFT}/fields", sync_to_thread=True)
def show_new_field(visit: Visitor, name: FromPath[str]) -> Page:
    """Show the form of a new field."""
    draft = get_draft(visit.deps.store, visit.account, name)
    form = filled_form({"kind": "string", "revision": str(draft.revision)})
    return _field_page(visit, name, None, form)


@post(f"{DRAFT}/fields", sync_to_thread=True)
def do_create_field(visit: Visitor, name: FromPath[str]) -> Page:
    """Add a field to a draft."""
    form = visit.form
    try:
        new = NewField(
            name=form.text("field"),
            kind=form.text("kind"),
            op=form.text("op") or None,
            capacity=_limit(form, "capacity") or None,
            keep_days=_limit(form, "keep_days") or None,
            description=form.text("description"),
            is_personal=form.is_ticked("is_pii"),
            is_identifier=form.is_ticked("identifies"),
        )
        _save(visit, name, lambda draft: create_field(draft, new))
    except UserError as error:
        return _field_page(visit, name, None, form, failure=error)
    return visit.go(
        f"{HOME}/{name}", notice=f"The field {new.name} is in the draft. Map a stream to it."
    )


@get(f"{DRAFT}/fields/{{field:str}}", sync_to_thread=True)
def show_field(visit: Visitor, name: FromPath[str], field: FromPath[str]) -> Page:
    """Show a field of a draft, to be changed."""
    draft = get_draft(visit.deps.store, visit.account, name)
    found = get_field(draft.content, field)
    return _field_page(visit, name, found, _filled(found, draft.revision))


@post(f"{DRAFT}/fields/{{field:str}}", sync_to_thread=True)
def do_change_field(visit: Visitor, name: FromPath[str], field: FromPath[str]) -> Page:
    """Change a field of a draft, or take it out with the mappings to it."""
    found = get_field(get_draft(visit.deps.store, visit.account, name).content, field)
    try:
        if visit.form.raw("do") == "delete":
            _save(visit, name, lambda draft: drop_field(draft, field))
            return visit.go(f"{HOME}/{name}", notice=f"The field {field} is out of the draft.")
        _save(visit, name, _edit_of(visit.form, found))
    except UserError as error:
        return _field_page(visit, name, found, visit.form, failure=error)
    called = visit.form.text("field") or field
    is_same = called == field
    notice = (
        f"The field {field} is changed in the draft."
        if is_same
        else f"The field {field} is called {called} in the draft."
    )
    return visit.go(f"{HOME}/{name}", notice=notice)


def _save(visit: Visit, name: str, edit: Edit) -> SchemaDraft:
    wanted = DraftRef(visit.account, name, visit.form.whole_number("revision"))
    return edit_draft(visit.deps.store, wanted, edit, actor=visit.actor, clock=visit.deps.clock)


def _text_of(draft: SchemaDraft, stream: str) -> str:
    schema = schema_of(draft.content, version=draft.base_version, published_at=draft.created_at)
    if not any(mapping.stream == stream for mapping in schema.mappings):
        return ""
    return write_query(schema, stream)


def _limit(form: Form, name: str) -> int:
    """Return a limit, 0 for none. Raises SchemaError."""
    if not form.text(name):
        return 0
    found = form.whole_number(name)
    if found is None:
        raise SchemaError(
            message=f"{form.text(name)!r} is no whole number. Leave it empty for none."
        )
    return found


def _edit_of(form: Form, field: Field) -> Edit:
    wanted = FieldChange(
        description=form.text("description"),
        capacity=_limit(form, "capacity") if field.capacity or form.text("capacity") else None,
        keep_days=_limit(form, "keep_days") if field.keep_days or form.text("keep_days") else None,
        is_personal=form.is_ticked("is_pii"),
    )
    rank = _limit(form, "rank") if form.text("rank") else None

    called = form.text("field") or field.name

    def edit(draft: Draft) -> Draft:
        return rename_field(change(draft), field.name, called)

    def change(draft: Draft) -> Draft:
        draft = change_field(draft, field.name, wanted)
        if not form.is_ticked("identifies"):
            fields = tuple(
                msgspec.structs.replace(each, identifier=None) if each.name == field.name else each
                for each in draft.fields
            )
            return msgspec.structs.replace(draft, fields=fields)
        known = field.identifier
        return change_identifier(
            draft,
            field.name,
            IdentifierChange(
                rank=None if known is not None and rank == known.rank else rank,
                is_unique=form.is_ticked("unique"),
                normalise=read_normalise(form.text("normalise") or "none"),
                neighbour_limit=_limit(form, "neighbour_limit") or None,
            ),
        )

    return edit


def _filled(field: Field, revision: int) -> Form:
    values = {
        "field": field.name,
        "description": field.description,
        "capacity": str(field.capacity or ""),
        "keep_days": str(field.keep_days or ""),
        "revision": str(revision),
    }
    if field.is_pii:
        values["is_pii"] = "yes"
    rule = field.identifier
    if rule is not None:
        values |= {"identifies": "yes", "rank": str(rule.rank), "normalise": rule.normalise}
        values |= {"neighbour_limit": str(rule.neighbour_limit)}
        values |= {"unique": "yes"} if rule.unique else {}
    return filled_form(values)


def _stream_page(
    visit: Visit, name: str, stream: str, form: Form, *, failure: UserError | None = None
) -> Page:
    draft = get_draft(visit.deps.store, visit.account, name)
    return visit.page(
        "schema/stream.html",
        status=400 if failure else 200,
        draft=draft,
        stream=stream,
        form=form,
        failure=failure.message if failure else "",
        problems=failure.problems if isinstance(failure, LangError) else (),
    )


def _field_page(
    visit: Visit, name: str, field: Field | None, form: Form, *, failure: UserError | None = None
) -> Page:
    return visit.page(
        "schema/field.html",
        status=400 if failure else 200,
        name=name,
        field=field,
        form=form,
        kinds=[(kind, kind) for kind in KINDS],
        ops=[("", "The usual of its kind"), *((op, op) for op in get_args(MergeOp))],
        spellings=[(each, each) for each in SPELLINGS],
        failure=failure.message if failure else "",
    )
