"""The errors that one object of a /users/track request can have."""

from typing import Literal

import msgspec

InputArray = Literal["attributes", "events", "purchases"]


class Problem(msgspec.Struct, frozen=True):
    """Why an object is refused: Braze's code where it has one, with a sentence.

    Docs list codes, answers quoted by integrators carry sentences; the settings choose.
    """

    sentence: str
    code: str | None = None


class ItemError(msgspec.Struct, frozen=True):
    """A refused object: its problem with its place in the request."""

    problem: Problem
    input_array: InputArray
    index: int

    def show(self, form: str) -> dict[str, str | int]:
        """Return the object for `errors`, with `type` as `sentence` or `code`."""
        problem = self.problem
        text = problem.code if form == "code" and problem.code else problem.sentence
        return {"type": text, "input_array": self.input_array, "index": self.index}


# Sentences marked (seen) are quoted in integrators' issues and test fixtures, the others are ours.
NO_IDENTIFIER = Problem(  # (seen)
    "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
)
TWO_IDENTIFIERS = Problem("only one of 'external_id', 'braze_id' or 'user_alias' is allowed")
BAD_EXTERNAL_ID = Problem("'external_id' must be a string")
BLOCKED_EXTERNAL_ID = Problem(  # (seen)
    "provided external_id is blacklisted and disallowed", "BLACKLISTED_EXTERNAL_USER_ID"
)
BAD_ALIAS = Problem("'user_alias' must be an object with 'alias_name' and 'alias_label'")
BAD_EMAIL = Problem(  # (seen)
    "The value provided for the 'email' field is not a valid email.", "EMAIL_BAD_FORMAT"
)
BAD_EMAIL_SUBSCRIBE = Problem(
    "'email_subscribe' must be 'subscribed', 'unsubscribed' or 'opted_in'",
    "BAD_EMAIL_SUBSCRIPTION_STATE",
)
BAD_PUSH_SUBSCRIBE = Problem(
    "'push_subscribe' must be 'subscribed', 'unsubscribed' or 'opted_in'",
    "BAD_PUSH_SUBSCRIPTION_STATE",
)
BAD_LOCATION = Problem(
    "'current_location' must be an object with 'longitude' and 'latitude'", "BAD_LOCATION_UPDATE"
)
BAD_GROUPS = Problem("'subscription_groups' must be an array", "BAD_SUBSCRIPTION_GROUP_ARRAY")
BAD_GROUP = Problem(
    "items of 'subscription_groups' must be objects with 'subscription_group_id' and "
    "'subscription_state'",
    "BAD_SUBSCRIPTION_GROUP_HASH",
)
BAD_GROUP_ID = Problem(
    "'subscription_group_id' must be the UUID of a subscription group", "BAD_SUBSCRIPTION_GROUP_ID"
)
BAD_GROUP_STATE = Problem(
    "'subscription_state' must be 'subscribed' or 'unsubscribed'", "BAD_SUBSCRIPTION_GROUP_STATE"
)
BAD_PUSH_TOKENS = Problem("'push_tokens' must be an array of objects", "BAD_PUSH_TOKEN_VALUE")
BAD_PUSH_TOKEN = Problem("'token' of a push token must be a string", "BAD_PUSH_TOKEN_STRING")
BAD_PUSH_TOKEN_APP = Problem(
    "'app_id' of a push token must be an app of this workspace", "BAD_PUSH_TOKEN_APP_ID"
)
BAD_DEVICE = Problem("'device_id' of a push token must be 8 to 255 bytes", "BAD_DEVICE_ID")
BAD_TOKEN_IMPORT = Problem(
    "a 'push_token_import' must hold 'push_tokens' and neither 'external_id' nor 'braze_id'",
    "BAD_PUSH_TOKEN_IMPORT",
)
BAD_SUBSCRIPTION_INFO = Problem(
    "'email_subscription_info' is not a valid attribute",
    "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO",
)
PLANNED_FAULT = Problem("refused by a planned fault of the sandbox")
NOT_AN_OBJECT = Problem("items must be objects")


def external_id_too_long(limit: int) -> Problem:
    """Return the problem of an external_id above `limit` bytes."""
    return Problem(  # (seen)
        f"'external_id' must be fewer than {limit + 1} bytes", "EXTERNAL_USER_ID_TOO_LARGE"
    )


def field_required(field: str) -> Problem:
    """Return the problem of a missing field."""
    return Problem(f"'{field}' is required")


def field_invalid(field: str) -> Problem:
    """Return the problem of a field with an unfit value; quoted for `quantity` (seen)."""
    return Problem(f"'{field}' is not valid")
