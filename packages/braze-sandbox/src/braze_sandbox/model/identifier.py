"""How an object of a request names its user."""

from typing import Literal

import msgspec

from braze_sandbox.model.profile import Alias


class Identifier(msgspec.Struct, frozen=True):
    """The one identifier that decides which user is meant.

    With `update_only` an unknown user is left alone, otherwise it is created (never by braze_id).
    A push token identifies in a `push_token_import` only.
    """

    kind: Literal["external_id", "user_alias", "braze_id", "email", "phone", "push_token"]
    value: str | Alias
    update_only: bool
