"""Commands that try the languages out: no database, no settings."""

import sys
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from coterie.base.clock import system_clock
from coterie.cli.entries import BadEntryError
from coterie.cli.lang_batch import answer_line, read_lines
from coterie.cli.lang_explain import explained_lines
from coterie.cli.lang_input import decode_json, open_file, read_includes, read_question, read_words
from coterie.cli.output import AsJson
from coterie.cli.shared_options import takes
from coterie.lang.questions import Kind, Language, Question, answer, explain_answer, format_text

app = typer.Typer(
    name="lang",
    help="LQL and FilterQL: try a text on data, without a database.",
    no_args_is_help=True,
)

Filter = Annotated[str, typer.Option("--filter", help="FilterQL, @file, or - for standard input.")]
Profile = Annotated[
    str, typer.Option("--profile", help="File with a profile's fields as a JSON object.")
]
Now = Annotated[
    str | None, typer.Option("--now", help="The instant to ask about, in ISO 8601; the present.")
]
Includes = Annotated[
    str | None,
    typer.Option("--includes", help='File with other filters: {"name": "FILTER …"}.'),
]
TimesAsText = Annotated[
    bool,
    typer.Option("--times-as-text", help="Take no text of the data for an instant."),
]

LanguageName = Annotated[
    str,
    typer.Option("--language", help="filter, expr or lql; told by SELECT … INTO if left out."),
]

# A text may begin with a sign or with a comment, which are no options.
_TEXT_FIRST = {"ignore_unknown_options": True}
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Asked(NamedTuple):
    """A text, the file with what it is asked about, and how."""

    text: str
    data: str
    now: str | None
    includes: str | None
    times_as_text: bool


def _read(
    *,
    filter_text: Filter,
    profile: Profile,
    now: Now = None,
    includes: Includes = None,
    times_as_text: TimesAsText = False,
) -> Asked:
    return Asked(filter_text, profile, now, includes, times_as_text)


@app.command("eval")
@takes(_read, into="asked")
def eval_(
    asked: Asked,
) -> None:
    """Say whether a filter holds for a profile: true, false, or null for not evaluable."""
    _ask("eval", asked)


@app.command("expr", context_settings=_TEXT_FIRST)
def expr(
    expression: Annotated[
        str, typer.Argument(help="An expression of LQL, @file, or - for standard input.")
    ],
    event: Annotated[str, typer.Option("--event", help="File with an event as a JSON object.")],
    now: Now = None,
    times_as_text: TimesAsText = False,
) -> None:
    """Print the value of an expression for an event, as JSON; null is no value."""
    _ask("expr", Asked(expression, event, now, None, times_as_text))


@app.command("flip")
@takes(_read, into="asked")
def flip(
    asked: Asked,
) -> None:
    """Print when the answer changes with no new data, or never.

    The instant is in UTC. It is never later than the true one; where nothing foretells the change
    exactly, it is the earliest at which it may come.
    """
    _ask("flip", asked)


@app.command("explain")
@takes(_read, into="asked")
def explain(
    asked: Asked,
    as_json: AsJson = False,
) -> None:
    """Show why a filter holds for a profile or not: each condition with what it looked at.

    A * marks what the answer rests on, null means that it cannot be told.
    """
    question = _question("explain", asked)
    found = explain_answer(question, now=system_clock())
    if as_json:
        _print(found, indent=2)
        return
    for line in explained_lines(found):
        typer.echo(line)


@app.command("parse", context_settings=_TEXT_FIRST)
def parse(
    text: Annotated[
        str,
        typer.Argument(help="A filter, an expression or a query, @file, or - for standard input."),
    ],
    language: LanguageName = "",
    ast: Annotated[bool, typer.Option("--ast", help="TEXT is a filter in JSON form.")] = False,
    includes: Includes = None,
) -> None:
    """Print what a text says, as JSON: its normal text, its tree, what it reads and includes."""
    given = read_words(text)
    question = Question(
        kind="parse",
        text=None if ast else given,
        ast=decode_json(given.encode(), type=Any, what="TEXT") if ast else None,
        includes=read_includes(includes),
        language=_language(language),
    )
    _print(answer(question, now=system_clock()), indent=2)


@app.command("format", context_settings=_TEXT_FIRST)
def format_(
    text: Annotated[
        str, typer.Argument(help="A filter or a query, @file, or - for standard input.")
    ],
    language: LanguageName = "",
    check: Annotated[
        bool, typer.Option("--check", help="Print nothing; end with 1 if the text would change.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the @file anew.")] = False,
) -> None:
    """Print a text in its one layout: a condition a line, 100 columns, comments kept."""
    given = read_words(text)
    laid_out = format_text(given, _language(language))
    if check and laid_out != given:
        typer.echo(f"{text if text.startswith('@') else 'The text'} would change.", err=True)
        raise typer.Exit(1)
    if write:
        if not text.startswith("@") or text == "@-":
            raise BadEntryError(message="--write needs a file to write: @path in place of a text.")
        Path(text[1:]).write_text(laid_out, "utf-8")
    elif not check:
        typer.echo(laid_out, nl=False)


@app.command("batch")
def batch(
    questions: Annotated[
        str, typer.Argument(help="File with a JSON object a line, or - for standard input.")
    ],
) -> None:
    """Answer many questions, one a line, in order.

    A line is {"kind": "eval|expr|flip|explain|select|parse|format", "text": …, "data": …,
    "now": …, "includes": …}, its answer {"ok": …, "result": …, "error": …}. A line that cannot be
    answered says ok false; the next one goes on. Other keys of a line are passed over.
    """
    now = system_clock()
    with open_file(questions) as lines:
        for line in read_lines(lines):
            sys.stdout.buffer.write(_encode(answer_line(line, now=now)) + b"\n")
            sys.stdout.buffer.flush()


def _ask(kind: Kind, asked: Asked) -> None:
    found = answer(_question(kind, asked), now=system_clock())
    if kind == "flip":
        typer.echo(found)
    else:
        _print(found)


def _question(kind: Kind, asked: Asked) -> Question:
    words, row, others = read_question(asked.text, asked.data, asked.includes)
    return Question(
        kind=kind,
        text=words,
        data=row,
        now=asked.now,
        includes=others,
        times="text" if asked.times_as_text else "find",
    )


def _print(found: object, *, indent: int = -1) -> None:
    typer.echo(msgspec.json.format(_encode(found), indent=indent).decode())


def _language(name: str) -> Language | None:
    match name:
        case "":
            return None
        case "filter" | "expr" | "lql":
            return name
        case _:
            raise BadEntryError(message=f"There is no language {name!r}. Use filter, expr or lql.")
