"""The geometry of an identity graph; templates/profiles/identity.html draws it as SVG."""

from collections.abc import Iterable

import msgspec

from coterie.model.identities import GraphEdge, GraphNode, IdentityGraph
from coterie.model.mapped import Identifier

COLUMN = 230
ROW = 52
MARGIN = 34
# Neighbouring columns stand at other heights, so that an edge seldom runs through a third dot.
STAGGER = 17
LONGEST_LABEL = 28
# More cannot be told apart; the tables beside the picture list everything.
MOST_DRAWN = 40


class Dot(msgspec.Struct, frozen=True, kw_only=True):
    """One identifier, in SVG units. `kind`: own, hub, blocked, passenger, or of another profile."""

    x: int
    y: int
    field: str
    value: str
    label: str
    kind: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One edge: solid where it joined its ends, dashed where it did not."""

    x1: int
    y1: int
    x2: int
    y2: int
    is_joined: bool
    said: str


class GraphPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A column for each field, strongest first, and one for identifiers of other profiles."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    lines: tuple[Line, ...]
    left_out: int


def draw(graph: IdentityGraph) -> GraphPicture:
    """Return where to draw identifiers and edges; what is beyond the most drawn is counted."""
    own = [((node.field, node.value), _kind(node)) for node in graph.nodes]
    known = {identifier for identifier, _ in own}
    ends = [end for edge in graph.edges for end in (edge.a, edge.b)]
    others = [(end, "other") for end in dict.fromkeys(ends) if end not in known]
    shown = [*own, *others][:MOST_DRAWN]
    columns: dict[str, list[tuple[Identifier, str]]] = {}
    for identifier, kind in shown:
        column = "" if kind == "other" else identifier[0]
        columns.setdefault(column, []).append((identifier, kind))
    dots = {
        identifier: Dot(
            x=MARGIN + place * COLUMN,
            y=MARGIN + row * ROW + place % 3 * STAGGER,
            field=identifier[0],
            value=identifier[1],
            label=_short(identifier[1]),
            kind=kind,
        )
        for place, found in enumerate(columns.values())
        for row, (identifier, kind) in enumerate(found)
    }
    return GraphPicture(
        width=MARGIN + len(columns) * COLUMN,
        height=max([dot.y for dot in dots.values()], default=0) + MARGIN,
        dots=tuple(dots.values()),
        lines=tuple(_lines(graph.edges, dots)),
        left_out=len(own) + len(others) - len(shown),
    )


def _lines(edges: Iterable[GraphEdge], dots: dict[Identifier, Dot]) -> Iterable[Line]:
    for edge in edges:
        one, other = dots.get(edge.a), dots.get(edge.b)
        if one is not None and other is not None:
            yield Line(
                x1=one.x,
                y1=one.y,
                x2=other.x,
                y2=other.y,
                is_joined=edge.rule is None,
                said=edge.said,
            )


def _kind(node: GraphNode) -> str:
    return node.flags[0] if node.flags else "own"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
