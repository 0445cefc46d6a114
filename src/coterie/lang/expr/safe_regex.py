"""Regular expressions that take time in proportion to the text, whatever the pattern.

They are RE2's: no look-around and no back-references, and so no pattern that blows up.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from coterie.lang.expr.bounds import LARGEST_PATTERN
from coterie.lang.expr.limits import MAX_PATTERN

Test = Callable[[str], bool]

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.never_capture = True
_WHOLE_LINES = re2.Options()
_WHOLE_LINES.log_errors = False
_WHOLE_LINES.never_capture = True
_WHOLE_LINES.dot_nl = True


def find_fault(pattern: str) -> str | None:
    """Return what is wrong with a pattern, or None."""
    if len(pattern) > MAX_PATTERN:
        return f"the pattern has {len(pattern):,} characters, at most {MAX_PATTERN:,} are read"
    return _find_fault_of_machine(pattern)


def _find_fault_of_machine(pattern: str) -> str | None:
    try:
        made = re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        return f"this is no regular expression (RE2): {_reason(error)}"
    except UnicodeEncodeError:
        return "the pattern holds half a character"
    if made.programsize > LARGEST_PATTERN:
        return "this regular expression is too large: repeat less often"
    return None


@lru_cache(maxsize=1_024)
def searcher(pattern: str) -> Test | None:
    """Return a test whether a pattern fits somewhere in a text; None for a faulty pattern."""
    if find_fault(pattern) is not None:
        return None
    return _tester(re2.Set.SearchSet(_OPTIONS), pattern)


@lru_cache(maxsize=1_024)
def whole_matcher(pattern: str) -> Test | None:
    """Return a test whether a pattern fits a whole text, with `.` for every character.

    The pattern is one that we made and may be longer than a person's.
    """
    if _find_fault_of_machine(pattern) is not None:
        return None
    return _tester(re2.Set.FullMatchSet(_WHOLE_LINES), pattern)


def _tester(known: Any, pattern: str) -> Test:
    # A set of one answers yes or no, which is several times as quick as a match with its places.
    known.Add(pattern)
    known.Compile()
    match = known.Match

    def test(text: str) -> bool:
        try:
            return match(text) is not None
        except UnicodeEncodeError:  # half a character, which RE2 cannot read
            return False

    return test


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else b""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
