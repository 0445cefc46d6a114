"""Conditions on what a person did: functions over the history of events (docs/decisions/0015)."""

from coterie.lang.behaviour.bind import bind_behaviour, trackers_of
from coterie.lang.behaviour.functions import BEHAVIOUR, BehaviourFunction
from coterie.lang.behaviour.history import EMPTY, Bounds, History, Occurrence, add, combine
from coterie.lang.behaviour.tracker import Observer, Tracker, name_of, parse_tracker
from coterie.lang.behaviour.tryout import EVENTS, BadEventsError, histories_of

__all__ = [
    "BEHAVIOUR",
    "EMPTY",
    "EVENTS",
    "BadEventsError",
    "BehaviourFunction",
    "Bounds",
    "History",
    "Observer",
    "Occurrence",
    "Tracker",
    "add",
    "bind_behaviour",
    "combine",
    "histories_of",
    "name_of",
    "parse_tracker",
    "trackers_of",
]
