"""How the bytes of a collect request are to be read."""

from typing import Literal

import msgspec

Form = Literal["body", "query", "segment", "currents", "bulk"]

SEGMENT_CALLS = ("identify", "track", "page", "screen", "group", "alias")
SEGMENT_BATCHES = ("batch", "import")


class Reading(msgspec.Struct, frozen=True):
    """The form of a payload; `call` is that of the Segment spec, "batch" and "import" among them.

    body: JSON, lines, or form fields; query: a query string; currents: a batch of Braze Currents;
    bulk: CSV or lines of any number.
    """

    form: Form = "body"
    call: str = ""


BODY = Reading()
QUERY = Reading("query")
CURRENTS = Reading("currents")
BULK = Reading("bulk")
