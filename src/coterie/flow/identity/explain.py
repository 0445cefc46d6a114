"""Why identifiers are one person, or are not: pure functions over stored profiles."""

from collections import deque
from collections.abc import Iterator, Mapping

from coterie.base.clock import from_us
from coterie.flow.identity.rules import Pins
from coterie.model.identities import GraphEdge, PathStep
from coterie.model.mapped import Identifier
from coterie.model.profile import Body, Edge, RefusedEdge


def path_between(
    body: Body, start: Identifier, goal: Identifier, pins: Pins
) -> tuple[PathStep, ...]:
    """Return the fewest steps from one identifier of a profile to another; () if there are none."""
    steps: dict[Identifier, list[PathStep]] = {}
    for step in _steps(body, pins):
        steps.setdefault(step.a, []).append(step)
        steps.setdefault(step.b, []).append(step)
    came_by: dict[Identifier, tuple[Identifier, PathStep]] = {}
    waiting = deque([start])
    while waiting and goal not in came_by:
        node = waiting.popleft()
        for step in steps.get(node, ()):
            other = step.b if step.a == node else step.a
            if other != start and other not in came_by:
                came_by[other] = (node, step)
                waiting.append(other)
    found: list[PathStep] = []
    while goal != start and goal in came_by:
        goal, step = came_by[goal]
        found.append(step)
    return tuple(reversed(found)) if goal == start else ()


def refusals_between(one: Body, other: Body) -> list[RefusedEdge]:
    """Return the edges that would have joined two profiles, and did not.

    Those with an end in each, and those of a hub or blocked value that both were seen with.
    """
    here = {part.identifier for part in one.fragments}
    there = {part.identifier for part in other.fragments}
    direct = [
        item
        for item in (*one.refused, *other.refused)
        if (item.edge.a in here and item.edge.b in there)
        or (item.edge.b in here and item.edge.a in there)
    ]
    if direct:
        # Both profiles note the same edge; a hub's own note does not count.
        best: dict[tuple[Identifier, Identifier], RefusedEdge] = {}
        for item in sorted(direct, key=lambda item: item.edge.count):
            best[item.edge.a, item.edge.b] = item
        return list(best.values())
    shared = _loners(one).keys() & _loners(other).keys()
    return [
        item for loner in sorted(shared) for item in (_loners(one)[loner], _loners(other)[loner])
    ]


def show_edge(edge: Edge, refusal: RefusedEdge | None = None) -> GraphEdge:
    """Return an edge as people read it."""
    return GraphEdge(
        a=edge.a,
        b=edge.b,
        first_seen=from_us(edge.first_us),
        last_seen=from_us(edge.last_us),
        count=edge.count,
        stream=edge.stream,
        rule=None if refusal is None else refusal.rule,
        witness=() if refusal is None else refusal.witness,
        said=_say_joined(edge) if refusal is None else say_refused(refusal),
    )


def say_refused(refusal: RefusedEdge) -> str:
    """Return why an edge joins nobody, as a sentence."""
    named = [spell(item) for item in refusal.witness]
    match refusal.rule:
        case "unique":
            field = refusal.witness[0][0]
            return (
                f"Joining them would put {named[0]} and {named[1]} into one profile, and {field} "
                "is unique."
            )
        case "apart":
            return f"An operator pinned {named[0]} and {named[1]} apart."
        case "hub":
            return f"{named[0]} is a hub: too many share it, so it joins nobody."
        case "blocked":
            return f"An operator blocked {named[0]}, so it joins nobody."
        case "pending":
            return "Too many identifiers are connected here; maintenance will decide."


def spell(identifier: Identifier) -> str:
    """Return an identifier as people write it."""
    return f"{identifier[0]}={identifier[1]}"


def _say_joined(edge: Edge) -> str:
    times = "An event" if edge.count == 1 else f"{edge.count:,} events"
    first = from_us(edge.first_us)
    return f"{times} named both, first on {first:%Y-%m-%d %H:%M:%S} UTC in stream {edge.stream}."


def _steps(body: Body, pins: Pins) -> Iterator[PathStep]:
    for edge in body.edges:
        yield PathStep(a=edge.a, b=edge.b, by="edge", said=_say_joined(edge))
    nodes = {part.identifier for part in body.fragments}
    for node in sorted(nodes & pins.named):
        for partner in pins.together.get(node, ()):
            if node < partner and partner in nodes:
                said = "An operator pinned them together."
                yield PathStep(a=node, b=partner, by="pin_together", said=said)


def _loners(body: Body) -> Mapping[Identifier, RefusedEdge]:
    """Return the edges to hubs and blocked values, by what joins nobody."""
    return {item.witness[0]: item for item in body.refused if item.rule in ("hub", "blocked")}
