"""Commands about tags: labels of audiences, each naming a group of them."""

from collections.abc import Sequence
from typing import Annotated

import typer

from coterie.cli.audience import app
from coterie.cli.context import ACTOR, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control.definitions import tags
from coterie.model.control import AudienceGroup

tag_app = typer.Typer(
    name="tag", help="Tags of audiences; each names a group.", no_args_is_help=True
)
app.add_typer(tag_app)

Tag = Annotated[str, typer.Argument(help="The tag.")]


@tag_app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List the tags, each with the audiences that bear it."""
    with open_context() as context:
        found = tags.list_groups(context.store, context.number(account))
    _print(found, as_json=as_json)


@tag_app.command("set")
def set_(
    tag: Tag,
    slugs: Annotated[list[str], typer.Argument(help="The audiences that bear it from now on.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Let these audiences bear a tag, and no others; `audience update --tag` goes the other way."""
    with open_context() as context:
        after = tags.save_group(
            context.store,
            account=context.number(account),
            tag=tag,
            audiences=slugs,
            actor=ACTOR,
            clock=context.clock,
        )
    _print([after], as_json=as_json)


@tag_app.command("rename")
def rename(
    tag: Tag,
    name: Annotated[str, typer.Argument(help="The tag in its place.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Put another tag in the place of one; if audiences bear it already, the groups become one."""
    with open_context() as context:
        after = tags.change_group(
            context.store,
            account=context.number(account),
            tag=tag,
            name=name,
            actor=ACTOR,
            clock=context.clock,
        )
    _print([after], as_json=as_json)


@tag_app.command("delete")
def delete(tag: Tag, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Take a tag off all audiences, which stay."""
    with open_context() as context:
        gone = tags.delete_group(
            context.store,
            account=context.number(account),
            tag=tag,
            actor=ACTOR,
            clock=context.clock,
        )
    if as_json:
        print_json([gone])
    else:
        typer.echo(f"The tag {gone.tag} is taken off {', '.join(gone.audiences)}.")


def _print(found: Sequence[AudienceGroup], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(one.tag, one.audiences) for one in found]
    print_table("Tags", ("Tag", "Audiences"), rows, empty="No audience bears a tag.")
