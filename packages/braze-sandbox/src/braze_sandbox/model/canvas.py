"""Canvases, with the users on their way through them."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from braze_sandbox.model.campaign import ScheduleType, Status, Webhook
from braze_sandbox.model.profile import Value
from braze_sandbox.settings import Seconds


class DelayStep(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="delay"):
    """A step in which users wait for `seconds`."""

    id: str = ""
    name: str = "Delay"
    seconds: Seconds


class MessageStep(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """A step that sends a webhook; users go on whatever becomes of it."""

    id: str = ""
    name: str = "Message"
    webhook: Webhook


Step: TypeAlias = DelayStep | MessageStep


class Canvas(msgspec.Struct, frozen=True, kw_only=True):
    """A Canvas of one variant whose steps follow each other; after the last one users leave.

    Users enter by API trigger, by doing `event`, or all members of the segment when it is
    launched. Who does `exit_event`, or meets `exit_filter` before a step, leaves at once.
    """

    id: str
    name: str
    steps: tuple[Step, ...]
    segment_id: str | None = None
    filter: dict[str, Value] | None = None
    schedule_type: ScheduleType = "api_triggered"
    event: str | None = None
    exit_event: str | None = None
    exit_filter: dict[str, Value] | None = None
    reenter: bool = True
    status: Status = "active"
    description: str = ""
    tags: tuple[str, ...] = ()
    variant_name: str = "Variant 1"
    variant_id: str
    created_at: datetime
    first_entry: datetime | None = None
    last_entry: datetime | None = None


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """One user's way through a Canvas: the step it is at, and until when it waits there."""

    id: str
    canvas_id: str
    braze_id: str
    dispatch_id: str
    step: int = 0
    due: datetime | None = None
    context: dict[str, Value] = {}
    event_properties: dict[str, Value] = {}
    entered_at: datetime
    state: Literal["on_the_way", "finished", "exited"] = "on_the_way"
