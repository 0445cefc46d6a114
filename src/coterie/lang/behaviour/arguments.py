"""Telling the arguments of a behavioural call apart, by their form."""

from typing import Never

from msgspec import Struct

from coterie.lang.behaviour.functions import BEHAVIOUR, BehaviourFunction
from coterie.lang.behaviour.tracker import EVERY_EVENT, Tracker
from coterie.lang.expr.check import find_call_problems, find_excess
from coterie.lang.expr.clock import moves_with_time
from coterie.lang.expr.datemath import parse_literal, parse_shift
from coterie.lang.expr.dates import parse_date
from coterie.lang.expr.errors import LangError, problem_at
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import Call, Include, Items, Node, Number, Text, walk

MOST_STEPS = 10
_EDGES = 2
_INSTANT = 'an instant such as "now-90d", "2026-01-31" or last_time_of("order")'


class Arguments(Struct, frozen=True):
    """What a call asks: about which kinds of events, since and until when, within which span."""

    trackers: tuple[Tracker, ...]
    edges: tuple[Node, ...]
    span: int | None = None


def sort_arguments(call: Call, function: BehaviourFunction, text: str) -> Arguments:
    """Return what a call says. Raises LangError for an argument that has no place in it."""
    return _Sorter(call, function, text).sort()


class _Sorter:
    """Takes the arguments of one call from the left."""

    def __init__(self, call: Call, function: BehaviourFunction, text: str) -> None:
        self.call = call
        self.function = function
        self.text = text
        self.left = list(call.args)

    def sort(self) -> Arguments:
        if self.function.is_sequence:
            return self._sequence()
        event = self._event()
        value = self._value() if self.function.takes_value else None
        condition = EVERY_EVENT
        if self.left and not _is_instant(self.left[0]):
            condition = self._of_event(self.left.pop(0), "a condition on the event")
        return Arguments((Tracker(event, condition, value),), self._edges())

    def _sequence(self) -> Arguments:
        span = self._span() if self.function.name == "did_within" else None
        trackers = []
        while self.left and not _is_instant(self.left[0]):
            trackers.append(self._step(self.left.pop(0)))
        if not 1 < len(trackers) <= MOST_STEPS:
            self._refuse(
                f"{self.function.name} has {len(trackers)} steps", expected=f"2 to {MOST_STEPS}"
            )
        return Arguments(tuple(trackers), self._edges(), span)

    def _step(self, node: Node) -> Tracker:
        match node:
            case Text(value=event) if event:
                return Tracker(event, EVERY_EVENT)
            case Call(name="did"):
                said = sort_arguments(node, BEHAVIOUR["did"], self.text)
                if said.edges:
                    self._refuse(
                        "a step has no window of its own",
                        at=said.edges[0].at,
                        expected="since and until after the last step",
                    )
                return said.trackers[0]
            case _:
                expected = "a step: the name of an event in double quotes, or did(event, condition)"
                return self._refuse("this is no step", at=node.at, expected=expected)

    def _span(self) -> int:
        match self.left[:1]:
            case [Text(value=text)]:
                shift = parse_shift(f"+{text}")
                if shift is not None and not shift.months and shift.seconds > 0:
                    del self.left[0]
                    return shift.seconds
        at = self.left[0].at if self.left else self.call.at
        expected = 'first a span of weeks, days, hours, minutes or seconds, such as "2d"'
        return self._refuse("did_within needs to know within what time", at=at, expected=expected)

    def _event(self) -> str:
        match self.left[:1]:
            case [Text(value=event)] if event:
                del self.left[0]
                return event
        at = self.left[0].at if self.left else self.call.at
        expected = 'the name of an event in double quotes, such as "order", or "*" for any'
        return self._refuse(f"{self.function.name} does not say of what", at=at, expected=expected)

    def _value(self) -> Node:
        if not self.left or isinstance(self.left[0], Text):
            at = self.left[0].at if self.left else self.call.at
            expected = "what of the event it is about, such as price"
            self._refuse(f"{self.function.name} needs a value", at=at, expected=expected)
        return self._of_event(self.left.pop(0), "a value of the event")

    def _of_event(self, node: Node, what: str) -> Node:
        """Return a part that is asked of the event when it happens."""
        if isinstance(node, Text | Number | Items):
            self._refuse(f"this is not {what}", at=node.at, expected=f"{what}, or {_INSTANT}")
        for part in walk(node):
            if isinstance(part, Include) or (isinstance(part, Call) and part.name in BEHAVIOUR):
                name = "INCLUDE" if isinstance(part, Include) else part.name
                expected = "what the event itself holds; conditions on the person stand beside"
                self._refuse(f"{name} is not known of an event", at=part.at, expected=expected)
        problems = [*find_call_problems(node, self.text), *find_excess(node, self.text)]
        if problems:
            raise LangError(*problems)
        if moves_with_time(node):
            expected = 'since when after the condition, such as: did("order", price > 50, "now-3d")'
            self._refuse("an event cannot depend on the present", at=node.at, expected=expected)
        return node

    def _edges(self) -> tuple[Node, ...]:
        for node in self.left[:_EDGES]:
            if not _is_instant(node):
                self._refuse("this is no instant", at=node.at, expected=_INSTANT)
        if len(self.left) > _EDGES:
            at = self.left[_EDGES].at
            expected = f"{self.function.signature}"
            self._refuse("there is an argument too many", at=at, expected=expected)
        return tuple(self.left)

    def _refuse(self, problem: str, *, expected: str, at: int | None = None) -> Never:
        at = self.call.at if at is None else at
        length = token_length(self.text, at)
        raise LangError(problem_at(self.text, at, problem, length=length, expected=expected))


def _is_instant(node: Node) -> bool:
    match node:
        case Text(value=text):
            return parse_literal(text) is not None or parse_date(text) is not None
        case Call(name=name) if name in BEHAVIOUR:
            return BEHAVIOUR[name].is_instant
        case _:
            return False
