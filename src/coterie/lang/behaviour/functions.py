"""The functions of behavioural conditions: how they are called and what they promise."""

from msgspec import Struct


class BehaviourFunction(Struct, frozen=True):
    """One function. `takes_value`: its second argument is what of the event it is about.

    `is_truth` says that it answers true or false, `is_sequence` that it takes steps in place of one
    event's name.
    """

    name: str
    signature: str
    doc: str
    takes_value: bool = False
    is_truth: bool = False
    is_instant: bool = False
    is_sequence: bool = False


_ONE = "(event, [condition], [since, [until]])"
_VALUED = "(event, value, [condition], [since, [until]])"
_ALL = (
    BehaviourFunction(
        "did", f"did{_ONE}", "Whether it happened; false for who never did it.", is_truth=True
    ),
    BehaviourFunction("count_of", f"count_of{_ONE}", "How often it happened; 0 for never."),
    BehaviourFunction(
        "sum_of",
        f"sum_of{_VALUED}",
        "Sum of the values that are numbers, exact; 0 without any.",
        takes_value=True,
    ),
    BehaviourFunction(
        "average_of",
        f"average_of{_VALUED}",
        "Average of the values that are numbers; no value without any.",
        takes_value=True,
    ),
    BehaviourFunction(
        "min_of",
        f"min_of{_VALUED}",
        "Least of the values that are numbers; no value without any.",
        takes_value=True,
    ),
    BehaviourFunction(
        "max_of",
        f"max_of{_VALUED}",
        "Greatest of the values that are numbers; no value without any.",
        takes_value=True,
    ),
    BehaviourFunction(
        "distinct_of",
        f"distinct_of{_VALUED}",
        "How many different values there were; 0 without any.",
        takes_value=True,
    ),
    BehaviourFunction(
        "first_of",
        f"first_of{_VALUED}",
        "Value of the first occurrence that has one; no value without any.",
        takes_value=True,
    ),
    BehaviourFunction(
        "last_of",
        f"last_of{_VALUED}",
        "Value of the last occurrence that has one; no value without any.",
        takes_value=True,
    ),
    BehaviourFunction(
        "first_time_of",
        f"first_time_of{_ONE}",
        "When it happened first; no value for never.",
        is_instant=True,
    ),
    BehaviourFunction(
        "last_time_of",
        f"last_time_of{_ONE}",
        "When it happened last; no value for never.",
        is_instant=True,
    ),
    BehaviourFunction(
        "did_in_order",
        "did_in_order(step, step, ..., [since, [until]])",
        "Whether the steps happened one after the other; other events may lie between. A step is "
        "an event's name, or did(event, condition).",
        is_truth=True,
        is_sequence=True,
    ),
    BehaviourFunction(
        "did_within",
        "did_within(span, step, step, ..., [since, [until]])",
        'Whether the steps happened one after the other within a span such as "1h" or "2d", from '
        "the first to the last.",
        is_truth=True,
        is_sequence=True,
    ),
)
BEHAVIOUR: dict[str, BehaviourFunction] = {function.name: function for function in _ALL}
