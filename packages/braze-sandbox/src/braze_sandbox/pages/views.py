"""What the pages show, as plain values."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from braze_sandbox.engine import Engine
from braze_sandbox.journal import Entry
from braze_sandbox.model.campaign import Campaign
from braze_sandbox.model.canvas import Canvas, DelayStep, Journey
from braze_sandbox.model.delivery import Activity
from braze_sandbox.model.profile import Profile
from braze_sandbox.segments.members import find_members, resolve_filter
from braze_sandbox.store.workspace import Workspace

_SHOWN_BODY = 20_000


def show_overview(engine: Engine, workspace: Workspace) -> dict[str, Any]:
    """Return the figures of a workspace with its newest requests."""
    counts = engine.journal.counts()
    return {
        "figures": [
            {"name": "Users", "value": f"{len(workspace.profiles):,}", "page": "users"},
            {"name": "Segments", "value": len(workspace.segments), "page": "segments"},
            {"name": "Campaigns", "value": len(workspace.campaigns), "page": "campaigns"},
            {"name": "Canvases", "value": len(workspace.shelf(Canvas)), "page": "campaigns"},
            {"name": "Data points", "value": f"{workspace.meter.total():,}", "page": "data-points"},
            {"name": "Requests", "value": f"{sum(n for *_, n in counts):,}", "page": "journal"},
        ],
        "waiting": engine.processing.depth(),
        "faults": len(engine.faults.planned()),
        "notices": [
            {"user": n.user, "attribute": n.attribute, "reason": n.reason}
            for n in list(engine.processing.notices)[-5:][::-1]
        ],
        "entries": show_entries(engine.journal.newest(limit=10)),
    }


def show_user_row(profile: Profile) -> dict[str, Any]:
    """Return a line of the list of users."""
    names = [profile.fields.get(name) for name in ("first_name", "last_name")]
    alias = profile.aliases[0] if profile.aliases else None
    return {
        "braze_id": profile.braze_id,
        "title": profile.external_id or (f"{alias.label}: {alias.name}" if alias else "anonymous"),
        "name": " ".join(name for name in names if name),
        "email": profile.fields.get("email"),
        "attributes": len(profile.custom),
        "events": sum(tally.count for tally in profile.events.values()),
        "updated": show_time(profile.updated_at),
    }


def show_user(profile: Profile) -> dict[str, Any]:
    """Return all of a user, as lists of name and value."""
    own = {
        "external_id": profile.external_id,
        "braze_id": profile.braze_id,
        "aliases": ", ".join(f"{a.label}: {a.name}" for a in profile.aliases) or None,
        "deprecated external_ids": ", ".join(profile.deprecated_ids) or None,
        "random bucket": profile.random_bucket,
        "created": show_time(profile.created_at),
        "updated": show_time(profile.updated_at),
        "revenue": f"{profile.revenue:.2f}" if profile.revenue else None,
    }
    tallies = [("event", n, t) for n, t in profile.events.items()]
    tallies += [("purchase", n, t) for n, t in profile.purchases.items()]
    received = [*profile.campaigns.values(), *profile.canvases.values()]
    return {
        **show_user_row(profile),
        "own": _pairs(own),
        "fields": _pairs(profile.fields),
        "custom": _pairs(profile.custom),
        "groups": _pairs(profile.groups),
        "cohorts": profile.cohorts,
        "tallies": [
            {"kind": kind, "name": name, "count": t.count, "last": show_time(t.last)}
            for kind, name, t in tallies
        ],
        "received": [
            {"name": r.name, "last": show_time(r.last_received or r.last_entered)} for r in received
        ],
    }


def show_segments(engine: Engine, workspace: Workspace) -> list[dict[str, Any]]:
    """Return the segments with their size now."""
    asking = engine.asking(workspace)
    shown = []
    for segment in workspace.segments.values():
        condition = resolve_filter(asking, segment.id, None)
        size = sum(1 for _ in find_members(asking, condition))
        text = json.dumps(segment.filter, ensure_ascii=False, indent=2)
        shown.append({"id": segment.id, "name": segment.name, "size": size, "filter": text})
    return shown


def show_campaigns(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the campaigns, the newest first."""
    return [
        {
            "id": campaign.id,
            "name": campaign.name,
            "status": campaign.status,
            "trigger": _trigger(campaign),
            "audience": _audience(workspace, campaign),
            "url": campaign.webhook.url,
            "sent": show_time(campaign.last_sent),
        }
        for campaign in reversed(workspace.campaigns.values())
    ]


def show_canvases(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the Canvases, the newest first, with the users in them by state."""
    states = Counter((j.canvas_id, j.state) for j in workspace.shelf(Journey).values())
    return [
        {
            "id": canvas.id,
            "name": canvas.name,
            "status": canvas.status,
            "trigger": _trigger(canvas),
            "audience": _audience(workspace, canvas),
            "steps": [
                f"{step.name} {step.seconds:g} s" if isinstance(step, DelayStep) else step.name
                for step in canvas.steps
            ],
            "inside": states[canvas.id, "on_the_way"],
            "finished": states[canvas.id, "finished"],
            "exited": states[canvas.id, "exited"],
        }
        for canvas in reversed(workspace.shelf(Canvas).values())
    ]


def show_activity(lines: Iterable[Activity], workspace: Workspace) -> list[dict[str, Any]]:
    """Return lines of the message activity log."""
    campaigns, canvases = workspace.campaigns, workspace.shelf(Canvas)
    names = {key: sent.name for key, sent in campaigns.items()}
    names |= {key: canvas.name for key, canvas in canvases.items()}
    return [
        {
            "at": show_time(line.at),
            "source": names.get(line.campaign_id or line.canvas_id or "", "messages/send"),
            "braze_id": line.braze_id,
            "user": line.external_id or line.braze_id,
            "outcome": line.outcome,
            "status": line.status,
            "attempts": line.attempts,
            "error": line.error or (line.response if line.outcome == "failed" else None),
        }
        for line in lines
    ]


def show_entries(entries: list[Entry]) -> list[dict[str, Any]]:
    """Return lines of the journal."""
    return [
        {
            "number": entry.number,
            "at": show_time(entry.at),
            "method": entry.method,
            "path": entry.path,
            "key": entry.key_name,
            "status": entry.status or "cut",
            "good": 0 < entry.status < HTTPStatus.BAD_REQUEST,
            "refused": _count_refused(entry),
            "milliseconds": f"{entry.milliseconds:,.1f}",
            "fault": entry.fault,
        }
        for entry in entries
    ]


def show_entry(entry: Entry) -> dict[str, Any]:
    """Return one request with its bodies, indented where they are JSON."""
    (line,) = show_entries([entry])
    return {
        **line,
        "user_agent": entry.user_agent,
        "headers": _pairs(entry.headers),
        "request": _indent(entry.request),
        "response": _indent(entry.response),
    }


def show_time(moment: datetime | None) -> str | None:
    """Return a time as a person reads it, in UTC."""
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _trigger(sent: Campaign | Canvas) -> str:
    if sent.schedule_type == "action_based":
        return f"event {sent.event}"
    return "API" if sent.schedule_type == "api_triggered" else "schedule"


def _audience(workspace: Workspace, sent: Campaign | Canvas) -> str:
    if sent.segment_id is not None:
        segment = workspace.segments.get(sent.segment_id)
        return segment.name if segment else "a removed segment"
    return "everyone" if sent.filter is None else "own filter"


def _count_refused(entry: Entry) -> int:
    """Return how many objects of a request were refused that was accepted for the others."""
    if entry.status != HTTPStatus.CREATED or b'"errors":' not in entry.response:
        return 0
    try:
        errors = json.loads(entry.response).get("errors")
    except ValueError:
        return 0
    return len(errors) if isinstance(errors, list) else 0


def _pairs(values: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": name, "value": value if isinstance(value, str) else _compact(value)}
        for name, value in values.items()
        if value is not None
    ]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _indent(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text[:_SHOWN_BODY]
    return text[:_SHOWN_BODY]
