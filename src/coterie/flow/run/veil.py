"""Hides personal values in what people are shown, and keeps the rest readable."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from coterie.flow.run.explain import MembershipExplanation
from coterie.lang.filterql import Explained
from coterie.lang.filterql.reasons import Seen
from coterie.model.decisions import Decision
from coterie.model.identities import GraphEdge, GraphNode, IdentityGraph, PathStep, Relation
from coterie.model.mapped import Identifier
from coterie.model.schema import Schema
from coterie.model.views import IdentifierView, MemberView, OmittedView, ProfileView

# What events said of people may be personal, whatever key it stands under.
TELLS_EVENTS = re.compile(r"\b(?:first_of|last_of|min_of|max_of)\s*\(", re.IGNORECASE)
HIDDEN_REASON = "(hidden)"


class Veil:
    """Hides the values of an account's personal fields; one answer, one veil.

    The same value has the same stand-in everywhere in an answer, so that graphs can be followed.
    `known` are identifiers that whoever asks has named themselves.
    """

    def __init__(self, schema: Schema, known: Iterable[Identifier] = ()) -> None:
        self._open = frozenset(field.name for field in schema.fields if not field.is_pii)
        personal = [re.escape(field.name) for field in schema.fields if field.is_pii]
        self._names = re.compile(rf"(?<![\w.])(?:{'|'.join(personal)})(?!\w)") if personal else None
        self._known = frozenset(known)
        self._stand_ins: dict[Identifier, str] = {}

    def profile(self, profile: ProfileView) -> ProfileView:
        """Return a profile without personal values, as identifiers and as values."""
        return replace(
            profile,
            fields=tuple(
                replace(field, value=None, is_redacted=True) if field.is_pii else field
                for field in profile.fields
            ),
            identifiers=self._views(profile.identifiers),
        )

    def member(self, member: MemberView) -> MemberView:
        """Return a member without personal identifiers."""
        return replace(member, identifiers=self._views(member.identifiers))

    def omitted(self, omitted: OmittedView) -> OmittedView:
        """Return an omitted profile without personal identifiers."""
        return replace(omitted, identifiers=self._views(omitted.identifiers))

    def graph(self, graph: IdentityGraph) -> IdentityGraph:
        """Return a graph whose personal identifiers are stand-ins."""
        return replace(
            graph,
            nodes=tuple(self._node(node) for node in graph.nodes),
            edges=tuple(self._edge(edge) for edge in graph.edges),
            decisions=tuple(self.decision(item) for item in graph.decisions),
        )

    def relation(self, relation: Relation) -> Relation:
        """Return how two identifiers relate, with stand-ins for personal ones on the way."""
        path = tuple(self._step(step) for step in relation.path)
        refused = tuple(self._edge(edge) for edge in relation.refused)
        decisions = tuple(self.decision(item) for item in relation.decisions)
        # Last, since by now every identifier in it has been met.
        said = self._sentence(relation.said)
        return replace(relation, said=said, path=path, refused=refused, decisions=decisions)

    def decision(self, decision: Decision) -> Decision:
        """Return a decision with stand-ins; what a person wrote about personal ones is hidden."""
        a = self.identifier(decision.a)
        b = None if decision.b is None else self.identifier(decision.b)
        if (a, b) == (decision.a, decision.b):
            return decision
        undo = None if decision.undo_reason is None else HIDDEN_REASON
        return replace(decision, a=a, b=b, reason=HIDDEN_REASON, undo_reason=undo)

    def explanation(self, found: MembershipExplanation) -> MembershipExplanation:
        """Return an explanation without the personal values that conditions looked at."""
        return replace(found, explained=self._part(found.explained))

    def identifier(self, identifier: Identifier) -> Identifier:
        """Return an identifier, or its stand-in if it is personal and was not named."""
        field, _ = identifier
        # A field that the schema has no more may have been personal.
        if field in self._open or identifier in self._known:
            return identifier
        stand_in = self._stand_ins.setdefault(identifier, f"hidden-{len(self._stand_ins) + 1}")
        return field, stand_in

    def _views(self, views: Iterable[IdentifierView]) -> tuple[IdentifierView, ...]:
        return tuple(
            each if each.field in self._open else replace(each, value="", is_redacted=True)
            for each in views
        )

    def _node(self, node: GraphNode) -> GraphNode:
        carrier = None if node.carrier is None else self.identifier(node.carrier)
        _, value = self.identifier((node.field, node.value))
        return replace(node, value=value, carrier=carrier)

    def _edge(self, edge: GraphEdge) -> GraphEdge:
        return replace(
            edge,
            a=self.identifier(edge.a),
            b=self.identifier(edge.b),
            witness=tuple(self.identifier(item) for item in edge.witness),
            said=self._sentence(edge.said),
        )

    def _step(self, step: PathStep) -> PathStep:
        a, b = self.identifier(step.a), self.identifier(step.b)
        return replace(step, a=a, b=b, said=self._sentence(step.said))

    def _sentence(self, said: str) -> str:
        """Return a sentence with stand-ins for the identifiers that were met so far."""
        # The longest first: one value may begin like another.
        for item in sorted(self._stand_ins, key=lambda item: -len(item[1])):
            said = said.replace("=".join(item), f"{item[0]}={self._stand_ins[item]}")
        return said

    def _part(self, part: Explained) -> Explained:
        return replace(
            part,
            seen=tuple(self._seen(each) for each in part.seen),
            parts=tuple(self._part(each) for each in part.parts),
        )

    def _seen(self, seen: Seen) -> Seen:
        is_personal = self._names is not None and self._names.search(seen.text) is not None
        if seen.missing or not (is_personal or TELLS_EVENTS.search(seen.text)):
            return seen
        return replace(seen, value=None, left_out=0, is_redacted=True)
