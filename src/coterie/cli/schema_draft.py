"""Commands about drafts of the schema."""

from typing import TYPE_CHECKING, Annotated

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.entries import read_text, refuse_file_name
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record, print_table
from coterie.cli.schema_output import print_clashes, print_preview, print_report

if TYPE_CHECKING:
    from coterie.control.definitions.draft import Draft
    from coterie.control.definitions.drafted import SchemaDraft
    from coterie.control.definitions.schema_merging import Side

app = typer.Typer(
    name="draft",
    help="Drafts of the schema: begun, edited, checked, then published or discarded.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="The draft's name.")]


@app.command("create")
def create(
    name: Name,
    description: Annotated[str, typer.Option(help="What shall change.")] = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Begin a draft that equals the version in force."""
    from coterie.control.definitions import schema_drafts

    with open_context() as context:
        made = schema_drafts.create_draft(
            context.store,
            account=context.number(account),
            name=name,
            description=description,
            actor=ACTOR,
            clock=context.clock,
        )
    _print(made, as_json=as_json)


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List the open drafts, the one changed last first."""
    from coterie.control.definitions import schema_drafts

    with open_context() as context:
        number = context.number(account)
        found = schema_drafts.list_drafts(context.store, number)
    if as_json:
        print_json(found)
        return
    columns = ("Draft", "From version", "Changed", "By", "Description")
    rows = [
        (one.name, one.base_version, one.updated_at, one.updated_by, one.description)
        for one in found
    ]
    print_table("Schema drafts", columns, rows, empty="There are no drafts.")


@app.command("show")
def show(
    name: Name,
    account: AccountNumber = None,
    as_json: AsJson = False,
    as_lql: Annotated[
        bool, typer.Option("--lql", help="Print LQL texts, which `schema draft write` takes back.")
    ] = False,
) -> None:
    """Show a draft whole."""
    from coterie.control.definitions import schema_drafts
    from coterie.control.definitions.draft import schema_of
    from coterie.control.definitions.lql_text import write_queries

    with open_context() as context:
        found = schema_drafts.get_draft(context.store, context.number(account), name)
    if as_lql:
        schema = schema_of(found.content, version=found.base_version, published_at=found.created_at)
        typer.echo("\n".join(write_queries(schema).values()), nl=False)
        return
    _print(found, as_json=as_json)


@app.command("write")
def write(
    name: Name,
    lql: Annotated[str, typer.Argument(help="An LQL text, @file, or @- for standard input.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Merge an LQL query into a draft.

    `coterie field` and `coterie mapping` change single things of a draft, with --draft.
    """
    from coterie.control.definitions import schema_drafts
    from coterie.control.definitions.drafted import DraftRef
    from coterie.control.definitions.schema_content import merge_lql

    refuse_file_name(lql)
    text = read_text(lql)

    def edit(draft: "Draft") -> "Draft":
        return merge_lql(draft, text)

    with open_context() as context:
        found = schema_drafts.edit_draft(
            context.store,
            DraftRef(context.number(account), name),
            edit,
            actor=ACTOR,
            clock=context.clock,
        )
    _print(found, as_json=as_json)


@app.command("check")
def check(name: Name, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Tell all that a draft changes and all that is wrong with it; exit 1 if it is faulty."""
    from coterie.control.definitions.schema_report import report_draft

    with open_context() as context:
        report = report_draft(context.store, context.number(account), name)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if not report.can_be_published:
        raise typer.Exit(1)


@app.command("preview")
def preview(name: Name, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show what a draft would make of the newest events of each stream; nothing is written."""
    from coterie.app.schema_drafts import draft_calls

    with open_context() as context:
        calls = draft_calls(context.services)
        found = calls.preview(context.number(account), name, False)
    if as_json:
        print_json(found)
        return
    print_preview(found)


@app.command("catch-up")
def catch_up(
    name: Name,
    prefers_draft: Annotated[
        bool | None,
        typer.Option(
            "--prefer-draft/--prefer-published", help="Whose holds where both changed the same."
        ),
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Take over what was published since the draft was begun; exit 1 if both changed the same."""
    from coterie.control.definitions import schema_drafts
    from coterie.control.definitions.drafted import DraftRef

    prefer: Side | None = None
    if prefers_draft is not None:
        prefer = "draft" if prefers_draft else "published"
    with open_context() as context:
        found = schema_drafts.catch_up(
            context.store,
            DraftRef(context.number(account), name),
            prefer=prefer,
            actor=ACTOR,
            clock=context.clock,
        )
    if as_json:
        print_json(found)
    else:
        print_clashes(found.clashes)
    if found.clashes and prefer is None:
        if not as_json:
            typer.echo(
                "The draft stays as it is. Decide with --prefer-draft or --prefer-published."
            )
        raise typer.Exit(1)
    if not as_json:
        _print(found.draft, as_json=False)


@app.command("publish")
def publish(
    name: Name,
    description: Annotated[
        str | None, typer.Option(help="What changes; as the draft says if left out.")
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Publish a draft as the schema's next version."""
    from coterie.control.definitions import schema_drafts
    from coterie.control.definitions.drafted import DraftRef

    with open_context() as context:
        made = schema_drafts.publish_draft(
            context.store,
            DraftRef(context.number(account), name),
            description=description,
            actor=ACTOR,
            clock=context.clock,
        )
    if as_json:
        print_json(made)
        return
    typer.echo(f"Version {made.version} is in force. It is as the draft {name} was.")


@app.command("discard")
def discard(name: Name, account: AccountNumber = None) -> None:
    """Throw a draft away."""
    from coterie.control.definitions import schema_drafts
    from coterie.control.definitions.drafted import DraftRef

    with open_context() as context:
        schema_drafts.discard_draft(
            context.store,
            DraftRef(context.number(account), name),
            actor=ACTOR,
            clock=context.clock,
        )
    typer.echo(f"The draft {name} is discarded.")


def _print(draft: "SchemaDraft", *, as_json: bool) -> None:
    if as_json:
        print_json(draft)
        return
    facts = [
        ("Description", draft.description or None),
        ("From version", draft.base_version),
        ("Revision", draft.revision),
        ("Changed", draft.updated_at),
        ("By", draft.updated_by),
        ("Fields", len(draft.content.fields)),
        ("Mappings", len(draft.content.mappings)),
    ]
    print_record(f"Schema draft {draft.name}", facts)
