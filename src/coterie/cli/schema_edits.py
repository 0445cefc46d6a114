"""Carries out an edit of the schema: published at once, or kept in a draft."""

from typing import Annotated, NamedTuple

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.output import AccountNumber
from coterie.control.definitions import schema as schemas
from coterie.control.definitions import schema_drafts
from coterie.control.definitions.draft import Draft
from coterie.control.definitions.drafted import DraftRef
from coterie.model.schema import Schema

DraftName = Annotated[
    str | None,
    typer.Option("--draft", help="Change this schema draft; publish nothing."),
]


class Target(NamedTuple):
    """Whose schema a command changes, and which draft of it; None: what is published."""

    draft: str | None
    account: int | None


HERE = Target(None, None)
"""The published schema of the only account."""


def read_target(*, draft: DraftName = None, account: AccountNumber = None) -> Target:
    """Return where a change is to be made; see `shared_options.takes`."""
    return Target(draft, account)


def apply_edit(edit: schemas.Edit, description: str, target: Target) -> Schema | Draft:
    """Publish what an edit makes of the schema, or keep it in a draft; return what it made."""
    with open_context() as context:
        number = context.number(target.account)
        if target.draft is not None:
            wanted = DraftRef(number, target.draft)
            edited = schema_drafts.edit_draft(
                context.store, wanted, edit, actor=ACTOR, clock=context.clock
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
