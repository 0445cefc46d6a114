"""What a user remembers of the messages that it received."""

from datetime import datetime

import msgspec

from braze_sandbox.model.canvas import Canvas
from braze_sandbox.model.mail import Origin
from braze_sandbox.model.profile import Profile, Receipt


def note_received(profile: Profile, origin: Origin, *, now: datetime) -> Profile:
    """Return `profile` with the message of `origin` among those that it received."""
    campaign, canvas, step = origin.campaign, origin.canvas, origin.step
    if campaign is not None:
        receipt = Receipt(
            name=campaign.name,
            variation_name=campaign.message_name,
            variation_id=campaign.message_id,
            last_received=now,
        )
        received = {**profile.campaigns, campaign.id: receipt}
        return msgspec.structs.replace(profile, campaigns=received)
    if canvas is None or step is None:
        return profile
    before = profile.canvases.get(canvas.id) or _receipt(canvas)
    receipt = msgspec.structs.replace(
        before, last_received=now, steps={**before.steps, step.id: (step.name, now)}
    )
    return msgspec.structs.replace(profile, canvases={**profile.canvases, canvas.id: receipt})


def note_entered(profile: Profile, canvas: Canvas, *, now: datetime) -> Profile:
    """Return `profile` with its entry into a Canvas."""
    before = profile.canvases.get(canvas.id) or _receipt(canvas)
    receipt = msgspec.structs.replace(before, last_entered=now)
    return msgspec.structs.replace(profile, canvases={**profile.canvases, canvas.id: receipt})


def _receipt(canvas: Canvas) -> Receipt:
    return Receipt(
        name=canvas.name, variation_name=canvas.variant_name, variation_id=canvas.variant_id
    )
