"""How large a text of the languages may be, so that reading one is a bounded amount of work.

What goes beyond a limit is a `LangError` that names the limit and the cure.
"""

MAX_TEXT = 1_000_000
"""Characters of a text; what is saved as a definition may have a tenth of them."""

MAX_DEPTH = 64
"""Levels of nesting: parentheses, lists, calls, signs, and operators in a row."""

MAX_CONDITIONS = 10_000
"""Comparisons, calls, EXISTS and INCLUDE of one text."""

MAX_INCLUDES = 500
"""INCLUDEs that one filter holds itself."""

MAX_UNFOLDED = 20_000
"""Conditions of a filter with all it includes, each counted as often as it is asked.

Filters that include one filter twice, level upon level, double with each of them.
"""

MAX_INCLUDE_DEPTH = 50
"""Filters that include each other in a row. Lytics stops at 1,000 levels of evaluation."""

MAX_PATTERN = 1_000
"""Characters of a pattern. One for LIKE that comes from data and is longer matches nothing."""

MAX_PROBLEMS = 20
"""Problems that one error tells; who has corrected these is told the rest."""
