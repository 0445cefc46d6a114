"""How much a function may take in or make, so that no event can hold up the others.

What goes beyond a limit is no value.
"""

# Characters of a text that a function puts together.
LONGEST_RESULT = 100_000
# Characters of a text that is read as a document or a user agent.
LONGEST_DOCUMENT = 100_000
LONGEST_AGENT = 1_000
# The size of the machine that a pattern becomes.
LARGEST_PATTERN = 20_000
# Patterns that a text is held against: by LIKE with a list, by filter and filtermatch.
MOST_PATTERNS = 1_000
# Conditions of one ifcase.
MOST_CASES = 100
