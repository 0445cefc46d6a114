"""What a segment filter is asked about."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.profile import Profile
from braze_sandbox.store.deeds import Deeds
from braze_sandbox.store.workspace import Workspace

Condition: TypeAlias = Callable[[Profile], bool]
Test: TypeAlias = Callable[[Any], bool]


class BadFilterError(RefusedError):
    """A segment filter cannot be read."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            400,
            f"The segment filter does not fit: {detail}. A filter is like "
            '{"custom_attribute": {"custom_attribute_name": "lytics_segments", "comparison": '
            '"includes_value", "value": "big_spenders"}}, combined by {"AND": [...]}, '
            '{"OR": [...]}.',
        )


class Asking(msgspec.Struct, frozen=True):
    """The users that a filter chooses from, with the present moment."""

    workspace: Workspace
    deeds: Deeds
    now: datetime


def read_content(name: str, content: Any, *needed: str) -> dict[str, Any]:
    """Return the object that a filter holds; raise BadFilterError (400) if a key is missing."""
    if not isinstance(content, dict) or not all(isinstance(content.get(k), str) for k in needed):
        message = f"{name} needs {', '.join((*needed, 'comparison', 'value'))}"
        raise BadFilterError(message)
    return content
