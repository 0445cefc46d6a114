"""Shows what profiles hold with identifiers under the names that fields have now."""

from collections.abc import Iterable

import msgspec

from coterie.model.identifier_names import IdentifierNames
from coterie.model.mapped import Identifier
from coterie.model.profile import Body, Edge, Fragment, RefusedEdge, Standing


def show_body(body: Body, names: IdentifierNames) -> Body:
    """Return what a profile holds, as people name it."""
    if not names.differ:
        return body
    standing = body.standing
    return msgspec.structs.replace(
        body,
        fragments=tuple(_fragment(part, names) for part in body.fragments),
        held_edges=tuple(_edge(edge, names) for edge in body.edges),
        refused=tuple(
            RefusedEdge(_edge(item.edge, names), item.rule, _all(item.witness, names))
            for item in body.refused
        ),
        standing=standing
        and Standing(
            _all(standing.hubs, names), _all(standing.carriers, names), standing.is_unsettled
        ),
    )


def _fragment(part: Fragment, names: IdentifierNames) -> Fragment:
    field, _ = names.shown(part.identifier)
    return msgspec.structs.replace(part, field=field)


def _edge(edge: Edge, names: IdentifierNames) -> Edge:
    (a, _), (b, _) = names.shown(edge.a), names.shown(edge.b)
    return msgspec.structs.replace(edge, a_field=a, b_field=b)


def _all(identifiers: Iterable[Identifier], names: IdentifierNames) -> tuple[Identifier, ...]:
    return tuple(names.shown(item) for item in identifiers)
