"""Answers questions about single texts of the languages, each with its data.

It is what `coterie lang` asks, one question a command or one a line, so that the languages can be
tried and measured from outside. Filters and mappings run as they run in the product: compiled.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from coterie.base.errors import UserError
from coterie.lang.behaviour import EVENTS, histories_of, trackers_of
from coterie.lang.expr.interpret import World, evaluate, evaluate_truth
from coterie.lang.expr.jsondata import read_instant, read_row, write_instant, write_value
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import Everything
from coterie.lang.filterql import (
    CompiledFilter,
    Explained,
    Filter,
    compile_filter,
    explain,
    format_filter,
    inline_includes,
    json_form_text,
    normal_text,
    parse_filter,
    write_json_form,
)
from coterie.lang.lql import (
    MappingRule,
    compile_mapping,
    format_lql,
    parse_lql,
    parse_mapping,
    render_lql,
)

Kind = Literal["eval", "expr", "flip", "select", "parse", "format", "explain"]
Language = Literal["filter", "expr", "lql"]
NEVER = "never"


class Question(Struct, frozen=True, kw_only=True):
    """One case: a text, and what it is asked of.

    `text` is a filter, an expression or a query; `ast` is a filter in JSON form in its place.
    `data` is a profile (with what the person did as `_events`) or an event, `now` an ISO 8601
    instant, `includes` are the texts of other filters by name. With `times` "text" no text of the
    data is taken for an instant. `language` tells `parse` and `format` what the text is, where it
    cannot be told from its first words.
    """

    kind: Kind
    text: str | None = None
    ast: Any = None
    data: dict[str, Any] | None = None
    now: str | None = None
    includes: dict[str, str] | None = None
    times: Literal["find", "text"] = "find"
    language: Language | None = None


class MissingTextError(UserError):
    """A question without a text."""

    code = "missing_text"


def answer(question: Question, *, now: datetime) -> object:
    """Return the answer as what JSON can say; `now` holds where the question names no instant.

    eval: true, false, or None for not evaluable. expr: the value, None for none. flip: the instant,
    or "never". select: the columns of `SELECT … FILTER …` by name, None for who does not fit.
    parse: what the text says. format: the text laid out. explain: see `Explained`. Raises
    UserError.
    """
    if question.now is not None:
        now = read_instant(question.now)
    match question.kind:
        case "expr":
            return _answer_expression(question, now)
        case "eval":
            compiled, row = _compile(question, now)
            return compiled.matches(row, now)
        case "flip":
            compiled, row = _compile(question, now)
            flip = compiled.next_flip(row, now)
            return NEVER if flip is None else write_instant(flip)
        case "select":
            return _select(question, now)
        case "parse":
            return _parse(question)
        case "explain":
            return explain_answer(question, now=now)
        case "format":
            return format_text(_text(question), question.language)


def explain_answer(question: Question, *, now: datetime) -> Explained:
    """Return the answer of a filter with all that led to it. Raises UserError."""
    now = now if question.now is None else read_instant(question.now)
    includes = read_includes(question.includes or {})
    flt = _filter(question)
    row = _profile(question, (flt, *includes.values()), now)
    return explain(flt, row, now, includes=includes)


def read_includes(texts: Mapping[str, str]) -> dict[str, Filter]:
    """Return filters by name. Raises UserError, whose message names the filter that is wrong."""
    found: dict[str, Filter] = {}
    for name, text in texts.items():
        try:
            found[name] = parse_filter(text)
        except UserError as error:
            raise BadIncludeError(name=name, message=error.message) from error
    return found


class BadIncludeError(UserError):
    """A filter that may be included cannot be read."""

    code = "bad_include"

    def __init__(self, *, name: str, message: str) -> None:
        super().__init__(f"The included filter {name!r} cannot be read. {message}")


def language_of(text: str) -> Language:
    """Return which language a text is in by its words: a query selects INTO, all else filters."""
    words = text.lower().split()
    is_query = "select" in words and "into" in words and "filter" not in words
    return "lql" if is_query else "filter"


def format_text(text: str, language: Language | None = None) -> str:
    """Return a text in its canonical layout, ended by a line break. Raises UserError."""
    match language or language_of(text):
        case "filter":
            return format_filter(text)
        case "lql":
            return format_lql(text)
        case "expr":
            return f"{render(parse_mapping(text))}\n"


def _text(question: Question) -> str:
    if question.ast is not None:
        return json_form_text(question.ast)
    if question.text is None:
        raise MissingTextError(message="The question has neither text nor ast. Give it one.")
    return question.text


def _row(question: Question) -> dict[str, object]:
    return read_row(question.data or {}, find_times=question.times == "find")


def _profile(question: Question, filters: Iterable[Filter], now: datetime) -> dict[str, object]:
    """Return the row of a profile, with what the events in it mean to the filters."""
    row = _row(question)
    if EVENTS not in row:
        return row
    trackers = trackers_of(*(tree for flt in filters for tree in (flt.tree, *flt.column_trees)))
    return row | histories_of(trackers, row.pop(EVENTS), now)


def _filter(question: Question) -> Filter:
    return parse_filter(_text(question))


def _compile(question: Question, now: datetime) -> tuple[CompiledFilter, dict[str, object]]:
    """Return a filter ready to be asked, and the row of the profile."""
    flt, includes = _filter(question), read_includes(question.includes or {})
    row = _profile(question, (flt, *includes.values()), now)
    return compile_filter(flt, includes=includes), row


def _answer_expression(question: Question, now: datetime) -> object:
    mapping = compile_mapping([MappingRule("value", _text(question))])
    found = mapping.apply(_row(question), now)
    return write_value(found[0][1]) if found else None


def _select(question: Question, now: datetime) -> dict[str, object] | None:
    compiled, row = _compile(question, now)
    if compiled.matches(row, now) is not True:
        return None
    world, found = World(row, now), dict[str, object]()
    for column in _filter(question).columns:
        if column.guard is not None and evaluate_truth(column.guard, world) is not True:
            continue
        if isinstance(column.value, Everything):
            fields = ((name, value) for name, value in _row(question).items() if name != EVENTS)
            found |= {name: write_value(value) for name, value in fields}
        else:
            found[column.name] = write_value(evaluate(column.value, world))
    return found


def _parse(question: Question) -> dict[str, object]:
    text = _text(question)
    match question.language or language_of(text):
        case "filter":
            return _describe_filter(parse_filter(text), question.includes)
        case "lql":
            query = parse_lql(text)
            return {"language": "lql", "text": render_lql(query), "query": query}
        case "expr":
            node = parse_mapping(text)
            return {"language": "expr", "text": render(node), "ast": write_json_form(node)}


def _describe_filter(flt: Filter, includes: Mapping[str, str] | None) -> dict[str, object]:
    found: dict[str, object] = {
        "language": "filter",
        "text": normal_text(flt),
        "ast": write_json_form(flt.tree),
        "reads": sorted(flt.reads),
        "includes": sorted(flt.includes),
        "moves_with_time": flt.has_datemath,
        "description": flt.description,
        "table": flt.table,
        "limit": flt.limit,
        "with": dict(flt.settings),
        "alias": flt.alias,
        "columns": [
            {
                "name": column.name,
                "text": render(column.value),
                "if": None if column.guard is None else render(column.guard),
            }
            for column in flt.columns
        ],
    }
    if includes is not None:
        found["inlined"] = render(inline_includes(flt, read_includes(includes)))
    return found
