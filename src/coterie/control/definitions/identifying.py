"""Edits of how fields identify people, each a pure step for `schema.publish_edit`."""

from collections.abc import Iterable, Mapping

import msgspec

from coterie.control.definitions.draft import Draft, SchemaError, put_identifiers
from coterie.control.definitions.edits import get_field, read_normalise
from coterie.lang.expr.phones import REGIONS
from coterie.model.schema import USUAL_BLOCKED, Field, IdentifierRule, Normalise, Schema

MOST_BLOCKED = 1_000
LONGEST_BLOCKED = 250
MOST_NEIGHBOURS = 1_000


class IdentifierChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about an identifier; None leaves as it is.

    `rank` is its new place among the identifiers, 0 the strongest; the others close up. `region`
    "" takes the region off. `block` and `unblock` change the list of values that name nobody: the
    first change gives the field a list of its own, made from that of the schema.
    """

    rank: int | None = None
    is_unique: bool | None = None
    normalise: Normalise | None = None
    region: str | None = None
    neighbour_limit: int | None = None
    view_limit: int | None = None
    block: tuple[str, ...] = ()
    unblock: tuple[str, ...] = ()


class _Rule(msgspec.Struct, frozen=True, kw_only=True):
    unique: bool | None = None
    normalise: str | None = None
    region: str | None = None
    neighbour_limit: int | None = None
    view_limit: int | None = None
    blocked: tuple[str, ...] | None = None


def change_identifier(draft: Draft, name: str, change: IdentifierChange) -> Draft:
    """Return the draft with a field identifying people in another way. Raises SchemaError.

    A field that did not identify anyone does so from now on, ranked last.
    """
    field = get_field(draft, name)
    known = field.identifier or _weakest(draft, field)
    rule = msgspec.structs.replace(
        known,
        unique=known.unique if change.is_unique is None else change.is_unique,
        normalise=change.normalise or known.normalise,
        region=known.region if change.region is None else check_region(change.region),
        neighbour_limit=check_limit(name, change.neighbour_limit, known.neighbour_limit),
        view_limit=change.view_limit or known.view_limit,
        blocked=_blocked(draft, known, change),
    )
    draft = put_identifiers(draft, {name: rule})
    return draft if change.rank is None else _rank(draft, name, change.rank)


def set_rule(draft: Draft, name: str, given: Mapping[str, object]) -> Draft:
    """Return the draft with these parts of a field's identifier rule; `put_ranks` gives its rank.

    Raises SchemaError.
    """
    field = get_field(draft, name)
    said = msgspec.convert(given, _Rule)
    known = field.identifier or _weakest(draft, field)
    rule = msgspec.structs.replace(
        known,
        unique=known.unique if said.unique is None else said.unique,
        normalise=known.normalise if said.normalise is None else read_normalise(said.normalise),
        region=known.region if said.region is None else check_region(said.region),
        neighbour_limit=check_limit(name, said.neighbour_limit, known.neighbour_limit),
        view_limit=said.view_limit or known.view_limit,
        blocked=known.blocked if said.blocked is None else check_blocked(said.blocked),
    )
    return put_identifiers(draft, {name: rule})


def put_ranks(draft: Draft, ranks: Mapping[str, int]) -> Draft:
    """Return the draft with these ranks of identifiers; others that stand in their way give way.

    Texts of several streams may name ranks of identifiers that are still to come, so gaps stay.
    """
    rules = {field.name: field.identifier for field in identifiers_of(draft) if field.identifier}
    wanted = {name: ranks.get(name, rule.rank) for name, rule in rules.items()}
    last = -1
    for name in sorted(wanted, key=lambda name: (wanted[name], name not in ranks)):
        last = max(last + 1, wanted[name])
        rules[name] = msgspec.structs.replace(rules[name], rank=last)
    return put_identifiers(draft, rules)


def set_region(draft: Draft, region: str | None) -> Draft:
    """Return the draft with a region for all its phone numbers. Raises SchemaError."""
    checked = check_region(region or "")
    rules = {
        field.name: msgspec.structs.replace(field.identifier, region=checked)
        for field in draft.fields
        if field.identifier is not None and field.identifier.normalise == "e164"
    }
    return put_identifiers(draft, rules)


def check_region(region: str) -> str | None:
    """Return a country of phone numbers as two capital letters, None for "". Raises SchemaError."""
    wanted = region.strip().upper()
    if not wanted:
        return None
    if wanted not in REGIONS:
        raise SchemaError(
            message=f"{region!r} is no country of phone numbers. Write two letters, such as NO."
        )
    return wanted


def identifiers_of(schema: Schema | Draft) -> list[Field]:
    """Return the fields that identify people, strongest first."""
    ranked = [(one.identifier.rank, one.name, one) for one in schema.fields if one.identifier]
    return [field for _, _, field in sorted(ranked, key=lambda row: row[:2])]


def _weakest(draft: Draft, field: Field) -> IdentifierRule:
    ranks = [one.identifier.rank for one in draft.fields if one.identifier is not None]
    return IdentifierRule(rank=max(ranks, default=-1) + 1, unique=not field.kind.startswith("[]"))


def _rank(draft: Draft, name: str, rank: int) -> Draft:
    others = [field.name for field in identifiers_of(draft) if field.name != name]
    ordered = [*others[:rank], name, *others[rank:]]
    rules = {
        field.name: msgspec.structs.replace(field.identifier, rank=ordered.index(field.name))
        for field in draft.fields
        if field.identifier is not None
    }
    return put_identifiers(draft, rules)


def check_limit(name: str, limit: int | None, known: int) -> int:
    """Return a field's neighbour limit, `known` if none is given. Raises SchemaError."""
    if limit is None:
        return known
    if not 1 <= limit <= MOST_NEIGHBOURS:
        raise SchemaError(
            message=f"The neighbour limit of {name!r} lies between 1 and {MOST_NEIGHBOURS:,}, and "
            f"{limit:,} does not."
        )
    return limit


def _blocked(
    draft: Draft, rule: IdentifierRule, change: IdentifierChange
) -> tuple[str, ...] | None:
    if not change.block and not change.unblock:
        return rule.blocked
    usual = USUAL_BLOCKED if draft.blocked_values is None else draft.blocked_values
    listed = dict.fromkeys(usual if rule.blocked is None else rule.blocked)
    listed.update(dict.fromkeys(_spelt(change.block)))
    for value in _spelt(change.unblock):
        if value not in listed:
            raise SchemaError(
                message=f"{value!r} is not blocked. `coterie field show NAME` lists what is."
            )
        del listed[value]
    return check_blocked(listed)


def check_blocked(values: Iterable[str]) -> tuple[str, ...]:
    """Return values that name nobody as they are compared, each once. Raises SchemaError."""
    listed = dict.fromkeys(_spelt(values))
    if len(listed) > MOST_BLOCKED:
        raise SchemaError(
            message=f"At most {MOST_BLOCKED:,} values of a field can be blocked. Block single "
            "identifiers with `coterie identity block`."
        )
    return tuple(listed)


def _spelt(values: Iterable[str]) -> list[str]:
    spelt = [value.strip().lower() for value in values]
    for value in spelt:
        if len(value) > LONGEST_BLOCKED:
            raise SchemaError(message=f"A blocked value has at most {LONGEST_BLOCKED} characters.")
    return spelt
