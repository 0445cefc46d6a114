"""Commands about audiences."""

from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from coterie.cli.audience_output import print_audience, print_audiences
from coterie.cli.context import ACTOR, open_context
from coterie.cli.entries import BadEntryError, read_text
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table, print_warnings
from coterie.model.control import Audience

app = typer.Typer(
    name="audience", help="Audiences: people who match a filter.", no_args_is_help=True
)

Slug = Annotated[str, typer.Argument(help="The audience's slug.")]
FilterText = Annotated[
    str | None, typer.Option("--filter", help="FilterQL, @file, or @- for standard input.")
]
Ast = Annotated[
    str | None,
    typer.Option("--ast", help="The filter in JSON form, @file, or @-, in place of --filter."),
]

Tags = Annotated[list[str] | None, typer.Option("--tag", help="A label to find it by. Repeatable.")]


@app.command("create")
def create(
    slug: Slug,
    filter_text: FilterText = None,
    ast: Ast = None,
    name: Annotated[str, typer.Option(help="How lists call it; the slug if left out.")] = "",
    description: Annotated[str, typer.Option(help="A longer word about it.")] = "",
    draft: Annotated[
        bool, typer.Option("--draft", help="It holds nobody until `activate`.")
    ] = False,
    tag: Tags = None,
    public: Annotated[
        bool, typer.Option("--public", help="Web pages may be told of it without a token.")
    ] = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Make an audience; it is built in the background and kept current from then on.

    What is doubtful about the filter is told on standard error.
    """
    from coterie.control.definitions import audiences

    text = _read_filter(filter_text, ast)
    if text is None:
        raise BadEntryError(message="An audience needs a filter. Give it by --filter or --ast.")
    with open_context() as context:
        made = audiences.create_audience(
            context.store,
            account=context.number(account),
            slug=slug,
            name=name or slug,
            description=description,
            filter_text=text,
            is_draft=draft,
            tags=tag or (),
            is_public=public,
            actor=ACTOR,
            clock=context.clock,
        )
    print_audience(made, as_json=as_json)
    print_warnings(made.warnings)


@app.command("update")
def update(
    slug: Slug,
    filter_text: FilterText = None,
    ast: Ast = None,
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    description: Annotated[str | None, typer.Option(help="Its new description.")] = None,
    tag: Tags = None,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="Take all tags off.")] = False,
    public: Annotated[
        bool | None,
        typer.Option("--public/--private", help="Web pages may be told of it without a token."),
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Change an audience; another filter is built anew, and tags that are given replace its tags.

    What is doubtful about the filter is told on standard error.
    """
    from coterie.control.definitions import audiences

    if tag and no_tags:
        raise BadEntryError(message="Both --tag and --no-tags are given. Choose one.")
    text = _read_filter(filter_text, ast)
    with open_context() as context:
        after = audiences.update_audience(
            context.store,
            account=context.number(account),
            slug=slug,
            name=name,
            description=description,
            filter_text=text,
            tags=() if no_tags else tag,
            is_public=public,
            actor=ACTOR,
            clock=context.clock,
        )
    print_audience(after, as_json=as_json)
    print_warnings(after.warnings)


@app.command("validate")
def validate(
    filter_text: Annotated[
        str, typer.Option("--filter", help="FilterQL, @file, or @- for standard input.")
    ],
    slug: Annotated[
        str | None, typer.Option(help="The audience that it shall be, if there is one.")
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Check a filter against the published schema and the other audiences; save nothing.

    Prints its normal text, and on standard error what is doubtful.
    """
    from coterie.control.definitions import saved_filters

    text = read_text(filter_text)
    with open_context() as context:
        number = context.number(account)
        report = saved_filters.report_filter(context.store, number, text, slug=slug)
    if as_json:
        print_json(report)
    else:
        typer.echo(report.filter_text)
    print_warnings(report.warnings)


@app.command("list")
def list_(
    account: AccountNumber = None,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones too.")] = False,
    tag: Annotated[str | None, typer.Option(help="Only those that bear this tag.")] = None,
    as_json: AsJson = False,
) -> None:
    """List an account's audiences with exact sizes."""
    from coterie.control.definitions import audiences

    with open_context() as context:
        number = context.number(account)
        found = audiences.list_audiences(context.store, number, with_archived=archived, tag=tag)
    print_audiences(found, as_json=as_json)


@app.command("show")
def show(slug: Slug, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show one audience."""
    from coterie.control.definitions import audiences

    with open_context() as context:
        found = audiences.get_audience(context.store, context.number(account), slug)
    print_audience(found, as_json=as_json)


@app.command("archive")
def archive(slug: Slug, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Take an audience off the list; everyone leaves it."""
    from coterie.control.definitions import audiences

    change(audiences.archive_audience, slug, account, as_json=as_json)


@app.command("trackers")
def list_trackers(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List what audiences have watched for in events, and since when its history is known."""
    from coterie.control.definitions import trackers

    with open_context() as context:
        found = trackers.list_trackers(context.store, context.number(account))
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.text,
            "the start" if one.known_since is None else one.known_since.isoformat(),
            "yes" if one.filled_at else "being read",
        )
        for one in found
    ]
    columns = ("Watched for", "Known since", "History read")
    print_table("Trackers", columns, rows, empty="No audience asks what people did.")


def _read_filter(filter_text: str | None, ast: str | None) -> str | None:
    if filter_text is not None and ast is not None:
        raise BadEntryError(message="Both --filter and --ast are given. Choose one.")
    if ast is None:
        return None if filter_text is None else read_text(filter_text)
    from coterie.lang.filterql import format_filter, json_form_text

    try:
        form = msgspec.json.decode(read_text(ast))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadEntryError(message=f"--ast does not hold JSON: {error}.") from error
    return format_filter(json_form_text(form))


def change(step: Callable[..., Audience], slug: str, account: int | None, *, as_json: bool) -> None:
    """Change an audience by a step of the control plane, and print it as it is then."""
    with open_context() as context:
        after = step(
            context.store,
            account=context.number(account),
            slug=slug,
            actor=ACTOR,
            clock=context.clock,
        )
    print_audience(after, as_json=as_json)
