"""What becomes of raw keys: the mappings that read them, and mappings they could have."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.definitions.draft import Draft
from coterie.control.definitions.edits import NewField, add_mapping, create_field
from coterie.control.definitions.schema import publish_edit
from coterie.lang.expr.errors import LangError
from coterie.lang.expr.tree import Call, Name, Text, walk
from coterie.lang.lql import parse_mapping
from coterie.model.control import Actor
from coterie.model.schema import Field, Schema
from coterie.model.schema import Mapping as FieldMapping
from coterie.model.streams import KeyReport, KeySuggestion
from coterie.store import Store

# So much of a key's values has to be of a kind for a mapping to be suggested.
ENOUGH = 0.8
# What a collector or an SDK adds, and nobody maps.
PLUMBING = frozenset(
    {"message_id", "messageId", "_mid", "_ts", "timestamp", "originalTimestamp", "sentAt",
     "receivedAt", "type", "id", "time", "_sz", "_tz", "_ul", "_v", "_e", "event", "event_type"}
)  # fmt: skip
WRAPPERS = ("properties", "traits", "context", "user", "data", "attributes", "custom_attributes")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_FUNCTIONS = {
    "string": "", "int": "toint", "number": "tonumber", "bool": "tobool", "date": "todate",
    "[]string": "set",
}  # fmt: skip
_KINDS = {
    "string": "string", "email": "string", "date": "date", "int": "number", "number": "number",
    "numeric": "number", "bool": "bool", "array": "[]string",
}  # fmt: skip


class NoSuggestionError(UserError):
    """A raw key cannot be mapped by itself."""

    code = "no_suggestion"

    def __init__(self, *, key: str, stream: str) -> None:
        super().__init__(
            f"There is no mapping to suggest for {key!r} of {stream!r}. Write one with `coterie "
            "mapping create`, or publish a query."
        )


def used_by(schema: Schema, stream: str, key: str) -> tuple[str, ...]:
    """Return the fields whose mappings read a raw key, in order of the schema."""
    found: dict[str, None] = {}
    for mapping in schema.mappings:
        if mapping.stream != stream or mapping.field in found:
            continue
        texts = (mapping.expr, mapping.guard or "")
        if any(_reads(text, key) for text in texts if text):
            found[mapping.field] = None
    return tuple(found)


def suggest(
    schema: Schema, stream: str, key: str, kinds: Mapping[str, int]
) -> KeySuggestion | None:
    """Return a mapping for a key that none reads, by its name and the kinds of its values."""
    if key in PLUMBING or used_by(schema, stream, key):
        return None
    raw = _usual_kind(kinds)
    name = field_name(key)
    if raw is None or not name:
        return None
    known = next((field for field in schema.fields if field.name == name), None)
    if known is None:
        kind = _KINDS[raw]
        return KeySuggestion(
            key=key, field=name, kind=kind, expr=_expr(key, raw, kind), is_new=True
        )
    if known.kind not in _FUNCTIONS or not _fits(raw, known):
        return None
    expr = _expr(key, raw, known.kind)
    return KeySuggestion(key=key, field=name, kind=known.kind, expr=expr, is_new=False)


def with_mappings(schema: Schema, stream: str, keys: Iterable[KeyReport]) -> list[KeyReport]:
    """Return the reports of a stream's keys with what reads them, or could."""
    return [
        msgspec.structs.replace(
            report,
            used_by=used_by(schema, stream, report.key),
            suggestion=suggest(schema, stream, report.key, report.kinds),
        )
        if report.key
        else report
        for report in keys
    ]


def choose_suggestion(
    schema: Schema, stream: str, keys: Iterable[KeyReport], key: str, *, field: str = ""
) -> KeySuggestion:
    """Return the mapping suggested for a key, to another field if one is named.

    Raises NoSuggestionError.
    """
    for report in keys:
        if report.key == key:
            found = suggest(schema, stream, key, report.kinds)
            if found is not None:
                return msgspec.structs.replace(found, field=field) if field else found
    raise NoSuggestionError(key=key, stream=stream)


def accept_suggestion(
    store: Store,
    *,
    account: int,
    stream: str,
    suggestion: KeySuggestion,
    actor: Actor,
    clock: Clock,
) -> Schema:
    """Publish a version with the mapping, and its field if that is new. Raises SchemaError."""

    def edit(draft: Draft) -> Draft:
        if draft.find_field(suggestion.field) is None:
            draft = create_field(draft, NewField(name=suggestion.field, kind=suggestion.kind))
        mapping = FieldMapping(stream=stream, field=suggestion.field, expr=suggestion.expr)
        return add_mapping(draft, mapping)

    description = f"{suggestion.key} of {stream} fills {suggestion.field}"
    return publish_edit(
        store, account=account, edit=edit, description=description, actor=actor, clock=clock
    )


def field_name(key: str) -> str:
    """Return the name that a field of a raw key would have: `traits.firstName` is first_name."""
    parts = key.split(".")
    while len(parts) > 1 and parts[0] in WRAPPERS:
        parts.pop(0)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", "_".join(parts)).lower()
    name = re.sub(r"[^a-z0-9_]+", "_", name).strip("_")
    return name[:64] if name[:1].isalpha() else ""


@lru_cache(maxsize=4_096)
def _names_in(text: str) -> tuple[tuple[str, bool], ...]:
    """Return the keys that an expression reads, each with whether it is a prefix."""
    try:
        tree = parse_mapping(text)
    except LangError:
        return ()
    found: list[tuple[str, bool]] = []
    for node in walk(tree):
        if isinstance(node, Name):
            found.append((".".join(node.path), False))
        elif isinstance(node, Call) and node.name == "match":
            found += [(arg.value, True) for arg in node.args if isinstance(arg, Text)]
    return tuple(found)


def _reads(text: str, key: str) -> bool:
    return any(
        key.startswith(name)
        if is_prefix
        else key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.")
        for name, is_prefix in _names_in(text)
    )


def _usual_kind(kinds: Mapping[str, int]) -> str | None:
    told = {kind: n for kind, n in kinds.items() if kind not in ("null", "empty")}
    numbers = told.get("int", 0) + told.get("number", 0) + told.get("numeric", 0)
    total = sum(told.values())
    if not total:
        return None
    if numbers >= ENOUGH * total:
        return "number"
    kind, most = max(told.items(), key=lambda item: (item[1], item[0]))
    if kind in _KINDS and most >= ENOUGH * total:
        return kind
    texts = sum(told.get(one, 0) for one in ("string", "email", "date", "numeric"))
    return "string" if texts == total else None


def _fits(raw: str, field: Field) -> bool:
    if field.kind in ("string", "[]string"):
        return True
    return _KINDS[raw] == field.kind or (field.kind == "int" and raw in ("int", "number"))


def _expr(key: str, raw: str, kind: str) -> str:
    name = key if PLAIN.fullmatch(key) else f"`{key}`"
    if raw == "email" and kind == "string":
        return f"email({name})"
    function = _FUNCTIONS[kind]
    return f"{function}({name})" if function else name
