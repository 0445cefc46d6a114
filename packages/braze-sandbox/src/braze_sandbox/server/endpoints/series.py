"""The calls that give figures by day."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from braze_sandbox.engine import Engine
from braze_sandbox.model.campaign import Campaign
from braze_sandbox.model.canvas import Canvas, Journey
from braze_sandbox.model.delivery import Activity
from braze_sandbox.server.endpoint import Call, Endpoint, Result
from braze_sandbox.server.endpoints.lists import UnknownIdError
from braze_sandbox.server.paging import BadPageError, read_number
from braze_sandbox.times import parse_time

_CAMPAIGN_DAYS = 100
_CANVAS_DAYS = 14


def campaign_series(engine: Engine, call: Call) -> Result:
    """Give what was sent of a campaign by day, as far as the activity log goes back."""
    campaign = call.workspace.shelf(Campaign).get(call.one("campaign_id") or "")
    if campaign is None:
        raise UnknownIdError("campaign_id", "campaign")
    lines = [x for x in engine.dispatch.activity if x.campaign_id == campaign.id]
    data = []
    for day in _days(engine, call, longest=_CAMPAIGN_DAYS):
        today = [line for line in lines if _is_on(line.at, day)]
        figures = {"variation_api_id": campaign.message_id, **_figures(today)}
        data.append(
            {
                "time": f"{day:%Y-%m-%d}",
                "messages": {"webhook": [figures]},
                "unique_recipients": len({line.braze_id for line in _sent(today)}),
            }
        )
    return Result(200, {"data": data, "message": "success"})


def canvas_series(engine: Engine, call: Call) -> Result:
    """Give the entries into a Canvas and what it sent by day."""
    canvas = call.workspace.shelf(Canvas).get(call.one("canvas_id") or "")
    if canvas is None:
        raise UnknownIdError("canvas_id", "Canvas")
    journeys = [j for j in call.workspace.shelf(Journey).values() if j.canvas_id == canvas.id]
    lines = [x for x in engine.dispatch.activity if x.canvas_id == canvas.id]
    stats = [
        {
            "time": f"{day:%Y-%m-%d}",
            "total_stats": {"entries": sum(1 for j in journeys if _is_on(j.entered_at, day))},
            "step_stats": {
                step.id: {
                    "name": step.name,
                    "messages": {
                        "webhook": [
                            _figures(x for x in lines if x.step_id == step.id and _is_on(x.at, day))
                        ]
                    },
                }
                for step in canvas.steps
            },
        }
        for day in _days(engine, call, longest=_CANVAS_DAYS)
    ]
    return Result(200, {"data": {"name": canvas.name, "stats": stats}, "message": "success"})


def _days(engine: Engine, call: Call, *, longest: int) -> list[datetime]:
    length = read_number(call.query, "length", default=longest, lowest=1)
    if length > longest:
        raise BadPageError("length")
    end = engine.clock()
    given = call.one("ending_at")
    if given is not None:
        read = parse_time(given)
        if read is None:
            raise BadPageError("ending_at")
        end = read
    last = end.replace(hour=0, minute=0, second=0, microsecond=0)
    return [last - timedelta(days=back) for back in range(length - 1, -1, -1)]


def _figures(lines: Iterable[Activity]) -> dict[str, Any]:
    sent = _sent(lines)
    return {"sent": len(sent), "errors": sum(1 for line in sent if line.outcome == "failed")}


def _sent(lines: Iterable[Activity]) -> list[Activity]:
    return [line for line in lines if line.outcome != "aborted"]


def _is_on(moment: datetime, day: datetime) -> bool:
    return day <= moment < day + timedelta(days=1)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/campaigns/data_series",
        permission="campaigns.data_series",
        bucket=lambda _: "campaigns.data_series",
        act=campaign_series,
    ),
    Endpoint(
        method="GET",
        path="/canvas/data_series",
        permission="canvas.data_series",
        act=canvas_series,
    ),
)
