"""What a message is sent for, and from where."""

import msgspec

from braze_sandbox.model.campaign import Campaign
from braze_sandbox.model.canvas import Canvas, MessageStep
from braze_sandbox.model.profile import Value


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """The properties that came with what set a message off."""

    event_properties: dict[str, Value] = {}
    trigger_properties: dict[str, Value] = {}
    context: dict[str, Value] = {}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The campaign, or the step of a Canvas, that a message belongs to.

    `is_kept` tells that it is known to the workspace, so that users remember to have received it.
    """

    dispatch_id: str
    campaign: Campaign | None = None
    canvas: Canvas | None = None
    step: MessageStep | None = None
    is_kept: bool = True
