"""Carries out an edit of the schema: published at once, or kept in a draft."""

from typing import Annotated

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.control import accounts
from coterie.control.definitions import schema as schemas
from coterie.control.definitions import schema_drafts
from coterie.control.definitions.draft import Draft
from coterie.control.definitions.drafted import DraftRef
from coterie.model.schema import Schema

DraftName = Annotated[
    str | None,
    typer.Option("--draft", help="Change this schema draft; publish nothing."),
]


def apply_edit(
    edit: schemas.Edit, description: str, *, account: int | None, draft: str | None
) -> Schema | Draft:
    """Publish what an edit makes of the schema, or keep it in a draft; return what it made."""
    with open_context() as context:
        number = accounts.choose_account(context.store, account).number
        if draft is not None:
            edited = schema_drafts.edit_draft(
                context.store, DraftRef(number, draft), edit, actor=ACTOR, clock=context.clock
            )
            return edited.content
        return schemas.publish_edit(
            context.store,
            account=number,
            edit=edit,
            description=description,
            actor=ACTOR,
            clock=context.clock,
        )
