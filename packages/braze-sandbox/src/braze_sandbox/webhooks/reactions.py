"""What follows when users do something: action-based campaigns, entries into Canvases, exits."""

from contextlib import suppress

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.campaign import Campaign
from braze_sandbox.model.canvas import Canvas
from braze_sandbox.model.deed import Event
from braze_sandbox.model.mail import Occasion
from braze_sandbox.model.profile import Profile
from braze_sandbox.segments.asking import Asking
from braze_sandbox.segments.members import resolve_filter
from braze_sandbox.webhooks.firing import Firing, Recipient
from braze_sandbox.webhooks.journeys import Journeys


def react(asking: Asking, events: list[Event], firing: Firing, journeys: Journeys) -> None:
    """Send, let in and let out as the campaigns and Canvases of the workspace say.

    One that cannot be sent any more, because its segment or a content block was removed, is passed
    over: the write that set it off has happened.
    """
    campaigns = [c for c in asking.workspace.campaigns.values() if c.event and _is_on(c)]
    canvases = list(asking.workspace.shelf(Canvas).values())
    if not campaigns and not canvases:
        return
    for event in events:
        profile = asking.workspace.profiles.find(event.braze_id)
        if profile is None:
            continue
        recipient = Recipient(profile, Occasion(event_properties=event.properties))
        for campaign in campaigns:
            if campaign.event == event.name and _is_met(asking, campaign, profile):
                with suppress(RefusedError):
                    firing.start(asking, campaign, only=[recipient])
        for canvas in canvases:
            if canvas.exit_event == event.name:
                journeys.leave(asking.workspace, profile, canvas)
            if canvas.event == event.name and _is_on(canvas) and _is_met(asking, canvas, profile):
                journeys.enter(asking.workspace, canvas, [recipient])


def _is_on(sent: Campaign | Canvas) -> bool:
    return sent.status == "active" and sent.schedule_type == "action_based"


def _is_met(asking: Asking, sent: Campaign | Canvas, profile: Profile) -> bool:
    try:
        condition = resolve_filter(asking, sent.segment_id, sent.filter)
    except RefusedError:
        return False
    return condition is None or condition(profile)
