"""What a write to users is in Currents."""

from braze_sandbox.currents.events import CurrentsEvent, deed_events, subscription_event
from braze_sandbox.track.writing import Writing


def written_events(writing: Writing) -> list[CurrentsEvent]:
    """Return the events of what users did, then of the subscriptions that changed."""
    profiles, events = writing.workspace.profiles, []
    for deed in writing.deeds:
        profile = profiles.find(deed.braze_id)
        if profile is not None:
            events += deed_events(deed, profile)
    for braze_id, group_id, state in writing.joined:
        profile = profiles.find(braze_id)
        if profile is not None:
            events.append(subscription_event(profile, group_id, state, writing.now))
    return events
