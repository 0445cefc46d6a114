"""The calls of partners, who bring a key of their own instead of a REST key."""

from typing import Any

import msgspec
from aiohttp import web

from braze_sandbox.bodies import decode_json
from braze_sandbox.engine import Engine
from braze_sandbox.errors import RefusedError
from braze_sandbox.limits.limiter import RateLimitedError
from braze_sandbox.model.cohort import Cohort, Partner
from braze_sandbox.operations import make_job
from braze_sandbox.server.answers import ENGINE, json_answer
from braze_sandbox.server.recording import KEY_NAME
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.users.cohorts import read_cohort, read_cohort_changes


class PartnerRefusedError(RefusedError):
    """A partner may not do this; documented."""

    def __init__(self, message: str) -> None:
        super().__init__(401, message)


class PartnerLimitedError(RefusedError):
    """Too many requests for cohorts in this window."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(429, "Rate Limited")
        self.headers = headers


def partner_routes() -> list[web.RouteDef]:
    """Return the routes under `/partners`."""
    return [
        web.post("/partners/{partner}/cohorts", name_cohort),
        web.post("/partners/{partner}/cohorts/users", change_cohort_users),
    ]


async def name_cohort(request: web.Request) -> web.Response:
    """Create a cohort, or give it a new name."""
    engine, data = request.app[ENGINE], decode_json(await request.read())
    workspace, headers = _admit(engine, request, data)
    cohort = read_cohort(data, request.match_info["partner"], now=engine.clock())
    engine.state.put(workspace, cohort)
    return json_answer({"message": "success"}, status=201, headers=headers)


async def change_cohort_users(request: web.Request) -> web.Response:
    """Put users into a cohort, or take them out."""
    engine, data = request.app[ENGINE], decode_json(await request.read())
    workspace, headers = _admit(engine, request, data)
    cohort_id, _ = read_cohort_changes(data)
    partner = request.match_info["partner"]
    key = f"{partner}/{cohort_id}"
    if key not in workspace.shelf(Cohort):
        cohort = Cohort(id=key, name=cohort_id, created_at=engine.clock())
        engine.state.put(workspace, cohort)
    if not engine.settings.blackhole:
        # Without the secrets: what waits in the queue is on disk.
        body = {n: data[n] for n in ("cohort_id", "cohort_changes")} | {"partner": partner}
        job = make_job("cohort_users", body)
        packed = msgspec.json.encode(body)
        engine.processing.accept(workspace, job, key_name=f"partner {partner}", body=packed)
    return json_answer({"message": "success"}, status=201, headers=headers)


def _admit(engine: Engine, request: web.Request, data: Any) -> tuple[Workspace, dict[str, str]]:
    name = request.match_info["partner"]
    given = data if isinstance(data, dict) else {}
    secret = given.get("client_secret")
    found = [
        (workspace, partner)
        for workspace in engine.state.workspaces.values()
        for partner in workspace.shelf(Partner).values()
        if partner.client_secret == secret
    ]
    if not found:
        raise PartnerRefusedError("Invalid client secret")
    workspace, partner = found[0]
    if partner.id != name:
        message = f"Partner not enabled for client with client secret: {secret}"
        raise PartnerRefusedError(message)
    if partner.partner_api_key != given.get("partner_api_key"):
        raise PartnerRefusedError("Invalid Partner API key")
    request[KEY_NAME] = f"partner {name}"
    return workspace, _take(engine, workspace)


def _take(engine: Engine, workspace: Workspace) -> dict[str, str]:
    try:
        return engine.limiter.take(
            workspace.id, "cohorts", settings=engine.settings, now=engine.clock()
        )
    except RateLimitedError as error:
        raise PartnerLimitedError(error.headers) from error
