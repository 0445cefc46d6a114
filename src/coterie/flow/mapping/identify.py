"""Make values of an identifying field the texts under which somebody is looked up."""

from collections.abc import Callable, Iterable
from typing import Any

from coterie.flow.mapping.coerce import Coercion, coercion, to_string
from coterie.lang.identifiers import blocked_values, normaliser
from coterie.model.mapped import can_identify
from coterie.model.schema import IdentifierRule

TEXT_SETS = ("[]string", "ts[]string")


def identification(kind: str, rule: IdentifierRule, usual: Iterable[str]) -> Coercion:
    """Return the function that makes any value fit an identifying field (None where it cannot).

    What it returns is one text or a list of them, in their one spelling, without blocked values
    (`usual` are the schema's) and without texts that can identify nobody.
    """
    coerce, name = coercion(kind), _naming(rule, usual)

    def identify_one_of_many(value: Any) -> str | list[str] | None:
        # Most events name one of them, as a text.
        if value.__class__ is not str:
            return identify(value)
        text = name(value) if value else None
        return None if text is None else [text]

    def identify_text(value: Any) -> str | list[str] | None:
        # What coercion does with a text is to keep it, if there is any.
        if value.__class__ is not str:
            return identify(value)
        return name(value) if value else None

    def identify(value: Any) -> str | list[str] | None:
        fitting = coerce(value)
        if fitting.__class__ is list:
            return [text for each in fitting if (text := name(each)) is not None] or None
        return None if fitting is None else name(fitting)

    if kind in TEXT_SETS:
        return identify_one_of_many
    return identify_text if coerce is to_string else identify


def _naming(rule: IdentifierRule, usual: Iterable[str]) -> Callable[[Any], str | None]:
    """Return the function that makes one scalar the text that identifies, if it may."""
    spell, blocked = normaliser(rule), blocked_values(rule, usual)

    def name(value: Any) -> str | None:
        said = value if value.__class__ is str else str(value)
        text = spell(said)
        if text.lower() in blocked:
            return None
        # Of "n/a" a phone number's spelling leaves nothing to compare, so what was said counts too.
        if text is not said and said.strip().lower() in blocked:
            return None
        return text if can_identify(text) else None

    return name
