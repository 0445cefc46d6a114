"""Reading what Lytics' options have no words for: `WITH (capacity = 50, normalise = "email")`."""

from collections.abc import Mapping
from typing import Literal

from coterie.lang.expr.errors import suggest
from coterie.lang.expr.parser import Parser
from coterie.lang.expr.render import quote_text
from coterie.lang.expr.tree import Items, Node, Number, Text, Truth

SettingValue = bool | int | str | tuple[str, ...]
Settings = tuple[tuple[str, SettingValue], ...]
Form = Literal["count", "truth", "text", "texts"]

IDENTIFIER_SETTINGS: Mapping[str, Form] = {
    "rank": "count",
    "unique": "truth",
    "normalise": "text",
    "region": "text",
    "neighbour_limit": "count",
    "view_limit": "count",
    "blocked": "texts",
}
"""Of a column whose field stands after BY."""

FIELD_SETTINGS: Mapping[str, Form] = {
    "capacity": "count",
    "keep_days": "count",
    "is_pii": "truth",
    **IDENTIFIER_SETTINGS,
}
"""Of a column."""

QUERY_SETTINGS: Mapping[str, Form] = {"blocked_values": "texts"}
"""Of a whole query."""

_EXPECTED: Mapping[Form, str] = {
    "count": "a whole number",
    "truth": "true or false",
    "text": "a text in quotes",
    "texts": 'texts in parentheses: ("a", "b")',
}


def read_settings(parser: Parser, known: Mapping[str, Form]) -> Settings:
    """Return the settings that stand after the word WITH. Raises LangError."""
    cursor = parser.cursor
    cursor.expect_op("(", "after WITH")
    found: dict[str, SettingValue] = {}
    while not cursor.skip_op(")"):
        at = cursor.here.at
        name = parser.name("the name of a setting").lower()
        if name not in known:
            message, expected = f"there is no setting {name!r} here", f"one of {', '.join(known)}"
            meant = suggest(name, known)
            raise cursor.error(message, at=at, expected=expected, suggestion=meant)
        if name in found:
            message = f"{name} stands here a second time"
            raise cursor.error(message, at=at)
        cursor.expect_op("=", "after the name of a setting")
        at = cursor.here.at
        value = _value_of(_operand(parser), known[name])
        if value is None:
            message = f"this is no value of {name}"
            raise cursor.error(message, at=at, expected=_EXPECTED[known[name]])
        found[name] = value
        if not cursor.skip_op(",") and not cursor.is_op(")"):
            raise cursor.unexpected("a comma or ')'")
    return tuple(found.items())


def show_settings(settings: Settings) -> str:
    """Return the text of settings; reading it gives them back."""
    return f"WITH ({', '.join(f'{name} = {_show(value)}' for name, value in settings)})"


def _operand(parser: Parser) -> Node:
    return parser.items("(", ")") if parser.cursor.is_op("(") else parser.value()


def _value_of(node: Node, form: Form) -> SettingValue | None:
    match node:
        case Number(value=int() as count) if form == "count":
            return count
        case Truth(value=truth) if form == "truth":
            return truth
        case Text(value=text) if form == "text":
            return text
        case Items(items=items) if form == "texts":
            texts = tuple(item.value for item in items if isinstance(item, Text))
            return texts if len(texts) == len(items) else None
        case _:
            return None


def _show(value: SettingValue) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return quote_text(value)
        case _:
            return f"({', '.join(quote_text(each) for each in value)})"
