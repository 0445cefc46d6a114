"""The admin routes for partners with their cohorts."""

import msgspec
from aiohttp import web

from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_id
from braze_sandbox.model.cohort import Cohort, Partner
from braze_sandbox.server.answers import ENGINE, json_answer, query_workspace, read_as


class NewPartner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner is made of; keys are made up if left out."""

    name: str
    partner_api_key: str | None = None
    client_secret: str | None = None


class UnknownPartnerError(RefusedError):
    """No partner has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(404, f"There is no partner '{name}'. GET /_sandbox/partners lists them.")


def partner_admin_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` for partners."""
    return [
        web.get("/_sandbox/partners", list_partners),
        web.post("/_sandbox/partners", add_partner),
        web.delete("/_sandbox/partners/{name}", remove_partner),
        web.get("/_sandbox/cohorts", list_cohorts),
    ]


async def list_partners(request: web.Request) -> web.Response:
    """Give the partners of a workspace, with their keys: they open nothing but this sandbox."""
    return json_answer({"partners": list(query_workspace(request).shelf(Partner).values())})


async def add_partner(request: web.Request) -> web.Response:
    """Let a partner import cohorts: `{"name", "partner_api_key", "client_secret"}`."""
    engine = request.app[ENGINE]
    new = await read_as(request, NewPartner)
    partner = Partner(
        id=new.name,
        partner_api_key=new.partner_api_key or new_id(),
        client_secret=new.client_secret or new_id(),
        created_at=engine.clock(),
    )
    return json_answer(engine.state.put(query_workspace(request), partner), status=201)


async def remove_partner(request: web.Request) -> web.Response:
    """Delete a partner; its cohorts stay."""
    name = request.match_info["name"]
    if not request.app[ENGINE].state.remove(query_workspace(request), Partner, name):
        raise UnknownPartnerError(name)
    return json_answer({"message": "removed"})


async def list_cohorts(request: web.Request) -> web.Response:
    """Give the cohorts of a workspace with the number of their users."""
    workspace = query_workspace(request)
    counts = dict.fromkeys(workspace.shelf(Cohort), 0)
    for profile in workspace.profiles:
        for key in profile.cohorts:
            counts[key] = counts.get(key, 0) + 1
    shown = [
        {**msgspec.structs.asdict(cohort), "users": counts[key]}
        for key, cohort in workspace.shelf(Cohort).items()
    ]
    return json_answer({"cohorts": shown})
