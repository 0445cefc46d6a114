"""The web application."""

from aiohttp import web

from braze_sandbox.engine import Engine
from braze_sandbox.server.admin_campaigns import campaign_routes
from braze_sandbox.server.admin_canvases import canvas_routes
from braze_sandbox.server.admin_currents import currents_routes
from braze_sandbox.server.admin_export import export_routes
from braze_sandbox.server.admin_partners import partner_admin_routes
from braze_sandbox.server.admin_sandbox import steering_routes
from braze_sandbox.server.admin_segments import segment_routes
from braze_sandbox.server.admin_subscriptions import subscription_routes
from braze_sandbox.server.admin_users import user_routes
from braze_sandbox.server.answers import ENGINE
from braze_sandbox.server.endpoints.schedules import make_sender
from braze_sandbox.server.page_actions import action_routes
from braze_sandbox.server.pages import page_routes
from braze_sandbox.server.partners import partner_routes
from braze_sandbox.server.recording import explain_refusals, record, refuse_other_sites
from braze_sandbox.server.rest import rest_routes

# The settings' own limit is checked per request; this only keeps a flood out of memory.
_LARGEST_BODY = 64 * 1024 * 1024


def build_application(engine: Engine) -> web.Application:
    """Return the application that serves `engine`."""
    application = web.Application(
        middlewares=[refuse_other_sites, record, explain_refusals], client_max_size=_LARGEST_BODY
    )
    application[ENGINE] = engine
    engine.schedules.send_with(make_sender(engine))
    application.add_routes(rest_routes())
    application.add_routes(partner_routes())
    application.add_routes(admin_routes())
    application.add_routes(page_routes())
    application.add_routes(action_routes())
    return application


def admin_routes() -> list[web.RouteDef]:
    """Return all routes under `/_sandbox`."""
    return [
        *user_routes(),
        *steering_routes(),
        *segment_routes(),
        *campaign_routes(),
        *canvas_routes(),
        *partner_admin_routes(),
        *currents_routes(),
        *subscription_routes(),
        *export_routes(),
    ]
