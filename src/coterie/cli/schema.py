"""Commands about the schema: fields, mappings, versions."""

from typing import Annotated

import typer

from coterie.cli import schema_draft
from coterie.cli.context import ACTOR, open_context
from coterie.cli.entries import read_text, refuse_file_name
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.cli.schema_output import print_differences, print_fields, print_mappings
from coterie.control.definitions import schema_versions

app = typer.Typer(
    name="schema",
    help="Fields, mappings and their versions: drafts and what is published.",
    no_args_is_help=True,
)
app.add_typer(schema_draft.app)


@app.command("publish")
def publish(
    lql: Annotated[str, typer.Argument(help="An LQL text, @file, or @- for standard input.")],
    description: Annotated[str, typer.Option(help="What changes.")] = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Merge an LQL query into the schema and publish the next version."""
    from coterie.control.definitions import schema as schemas

    refuse_file_name(lql)
    text = read_text(lql)
    with open_context() as context:
        published = schemas.publish_lql(
            context.store,
            account=context.number(account),
            text=text,
            description=description,
            actor=ACTOR,
            clock=context.clock,
        )
    if as_json:
        print_json(published)
        return
    typer.echo(
        f"Version {published.version} is in force since {published.published_at:%Y-%m-%d %H:%M:%S} "
        f"UTC: {len(published.fields)} fields, {len(published.mappings)} mappings."
    )


@app.command("validate")
def validate(
    lql: Annotated[str, typer.Argument(help="An LQL text, @file, or @- for standard input.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Check an LQL query against the schema in force; publish nothing. Prints its normal text."""
    from coterie.control.definitions import schema as schemas

    refuse_file_name(lql)
    text = read_text(lql)
    with open_context() as context:
        number = context.number(account)
        report = schemas.check_lql(context.store, number, text)
    if as_json:
        print_json(report)
    else:
        typer.echo(report.lql)


@app.command("show")
def show(
    version: Annotated[
        int | None, typer.Option(help="A version; the one in force if left out.")
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
    as_lql: Annotated[
        bool, typer.Option("--lql", help="Print LQL texts, which `schema publish` takes back.")
    ] = False,
    stream: Annotated[str | None, typer.Option(help="With --lql: this stream alone.")] = None,
) -> None:
    """Show the fields and mappings of a version."""
    from coterie.control.definitions.lql_text import write_queries, write_query

    with open_context() as context:
        number = context.number(account)
        found = (
            schema_versions.current_schema(context.store, number)
            if version is None
            else schema_versions.get_schema(context.store, number, version)
        )
    if as_lql:
        texts = write_queries(found) if stream is None else {stream: write_query(found, stream)}
        typer.echo("\n".join(texts.values()), nl=False)
        return
    if as_json:
        print_json(found)
        return
    print_fields(found.fields, version=found.version)
    print_mappings(found.mappings)


@app.command("versions")
def versions(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List the published versions, newest first."""
    with open_context() as context:
        number = context.number(account)
        found = schema_versions.list_versions(context.store, number)
    if as_json:
        print_json(found)
        return
    columns = ("Version", "Published", "By", "Description")
    rows = [(one.version, one.published_at, one.published_by, one.description) for one in found]
    print_table("Schema versions", columns, rows, empty="Nothing is published.")


@app.command("diff")
def diff(
    version: Annotated[
        int | None, typer.Argument(help="A version; the one in force if left out.")
    ] = None,
    since: Annotated[
        int | None, typer.Option(help="Compared with this one; the one before if left out.")
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show what a version changed."""
    from coterie.control.definitions import schema_diff

    with open_context() as context:
        number = context.number(account)
        found = schema_diff.find_differences(context.store, number, since, version)
    if as_json:
        print_json(found)
        return
    print_differences(found, title=f"From version {found.since} to {found.version}")


@app.command("revert")
def revert(
    version: Annotated[int, typer.Argument(help="The version to go back to.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Publish an earlier version again, as the next one."""
    from coterie.control.definitions import schema_diff

    with open_context() as context:
        made = schema_diff.revert_schema(
            context.store,
            account=context.number(account),
            version=version,
            actor=ACTOR,
            clock=context.clock,
        )
    if as_json:
        print_json(made)
        return
    typer.echo(f"Version {made.version} is in force. It is as version {version} was.")
