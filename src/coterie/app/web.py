"""The web role: collector, API and console in one ASGI application."""

import os
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from ipaddress import ip_network
from typing import Any

from litestar import Litestar, Request, Response
from litestar.concurrency import set_asyncio_executor
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from coterie.api.dependencies import ApiDependencies, CollectCalls
from coterie.api.failures import as_http_response
from coterie.api.pace import CollectRates
from coterie.api.routes import build_api, with_doors
from coterie.app.audiences import audience_calls
from coterie.app.authorizations import AuthorizationDesk
from coterie.app.bulk import BulkDesk
from coterie.app.bulk_process import make_previewer
from coterie.app.changes import change_reader
from coterie.app.crowding import Crowding
from coterie.app.deliveries import delivery_calls
from coterie.app.dry_runs import DryRuns
from coterie.app.entities import entity_calls
from coterie.app.erasures import privacy_calls
from coterie.app.files import FileDesk, file_calls
from coterie.app.identities import identity_calls, make_explainer
from coterie.app.jobs import job_calls
from coterie.app.parent import end_with_forking_parent
from coterie.app.schema_drafts import draft_calls
from coterie.app.schemas import schema_calls
from coterie.app.services import Services, config_source, open_services
from coterie.app.streams import StreamDesk
from coterie.base.errors import UserError
from coterie.base.garbage import keep_what_is_there
from coterie.base.log import configure_logging
from coterie.base.setting_values import BadSettingError
from coterie.base.settings import load_settings
from coterie.console.dependencies import ConsoleDependencies
from coterie.console.failures import show_http_error
from coterie.console.reads import Reads
from coterie.console.routes import build_console
from coterie.control.alerts import alert_calls
from coterie.control.audit import Subject, record
from coterie.control.definitions.audiences import get_audience, list_audiences
from coterie.control.definitions.intake import find_door_rules
from coterie.control.definitions.saved_filters import report_filter
from coterie.control.definitions.schema import check_lql
from coterie.control.definitions.streams import ensure_streams
from coterie.control.jobs import list_jobs
from coterie.control.probes import build_probes
from coterie.control.tokens import check_token, touch_tokens
from coterie.flow.run.collect import collect_options, open_collector
from coterie.flow.run.explain import Explainer
from coterie.flow.run.lookup import Lookup
from coterie.flow.run.refused import list_refused, replay_refused
from coterie.model.control import Actor
from coterie.model.events import IncomingEvent
from coterie.model.preview import Preview

COLLECTOR = Actor(name="collector")
HANDLER_THREADS = 8
# How long a thread that computes keeps Python's lock while others want it; 5 ms is the usual. The
# event loop wants it for every step of every request, and a preview computes for half a second.
SWITCH_SECONDS = 0.0002
# More than handlers can use at once, so that some are always left for collecting.
CONNECTIONS = HANDLER_THREADS + 4


class NoDatabaseError(UserError):
    """The web role was started by hand without a database."""

    code = "no_database"

    def __init__(self) -> None:
        super().__init__(
            "The web application needs COTERIE_DATABASE_URL. `coterie up` and "
            "`coterie serve --role web` set it."
        )


def create_app() -> ASGIApp:
    """Build the application from the environment; called once in each server process."""
    settings = load_settings(os.environ)
    configure_logging(settings.log_format, level=settings.log_level)
    end_with_forking_parent(drain=settings.drain_seconds)
    if settings.database_url is None:
        raise NoDatabaseError
    stack = ExitStack()
    services = stack.enter_context(
        open_services(settings, settings.database_url, connections=CONNECTIONS)
    )
    threads = give_handlers_threads()
    stack.callback(threads.shutdown, wait=False, cancel_futures=True)
    app = build_web(services, stack)
    keep_what_is_there()
    return app


def give_handlers_threads() -> ThreadPoolExecutor:
    """Let console and API handlers run on threads of their own from now on; return those.

    Collecting keeps the threads of the event loop to itself, however many sign-ins and hanging
    probes there are, and a handler that computes lets the loop in soon. Not to be called while an
    event loop runs.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    threads = ThreadPoolExecutor(HANDLER_THREADS, thread_name_prefix="handler")
    set_asyncio_executor(threads)
    return threads


def build_web(services: Services, stack: ExitStack) -> ASGIApp:
    """Compose the doors; `stack` is closed when the application stops."""
    lookup = Lookup(services.store, config_source())
    explainer = Explainer(services.store, config_source())
    api = build_api(_api(services, lookup, explainer))

    @asynccontextmanager
    async def close_at_end(_app: Litestar) -> AsyncIterator[None]:
        with stack:
            yield

    app = Litestar(
        route_handlers=[*api.handlers, *build_console(_console(services, lookup, explainer))],
        lifespan=[close_at_end, api.state.lifespan],
        exception_handlers={HTTPException: _answer_unknown_address},
        openapi_config=None,
        logging_config=None,
    )
    return with_doors(app, api)


def _answer_unknown_address(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what no route takes: with a page to a browser, as the API does to the rest."""
    is_browser = "text/html" in request.headers.get("accept", "")
    answer = show_http_error if is_browser else as_http_response
    return answer(request, error)


def _api(services: Services, lookup: Lookup, explainer: Explainer) -> ApiDependencies:
    store, clock = services.store, services.clock

    def ensure_stream(account: int, stream: str) -> None:
        ensure_streams(store, account=account, names=[stream], actor=COLLECTOR, now=clock())

    return ApiDependencies(
        open_collector=partial(
            open_collector,
            store.url,
            ensure_stream=ensure_stream,
            options=collect_options(services.settings),
            clock=clock,
        ),
        check_token=lambda presented, now: check_token(store, presented=presented, now=now),
        touch_tokens=partial(touch_tokens, store),
        list_audiences=partial(list_audiences, store),
        get_audience=partial(get_audience, store),
        report_filter=lambda account, text, slug: report_filter(store, account, text, slug=slug),
        check_lql=partial(check_lql, store),
        list_jobs=partial(list_jobs, store),
        find_profile=lambda account, field, value: lookup.find_profile(
            account, field, value, clock()
        ),
        explain_membership=lambda account, identifier, audience: explainer.explain(
            account, identifier, audience, clock()
        ),
        authorizations=AuthorizationDesk(services).calls(),
        alerts=alert_calls(services.store, services.ring, services.clock),
        read_changes=change_reader(services),
        audiences=audience_calls(services),
        deliveries=delivery_calls(services.store, services.clock),
        identities=identity_calls(services),
        entities=entity_calls(services),
        collect=collect_calls(services),
        jobs=job_calls(services),
        privacy=privacy_calls(services),
        schemas=schema_calls(services),
        drafts=draft_calls(services),
        files=file_calls(services),
        streams=StreamDesk(services.store, lookup, clock).calls(),
        clock=clock,
    )


def read_networks(text: str) -> tuple[str, ...]:
    """Return the networks of a comma list. Raises BadSettingError."""
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return tuple(str(ip_network(part, strict=False)) for part in parts)
    except ValueError as error:
        raise BadSettingError(
            variable="COTERIE_TRUSTED_PROXIES", kind="a comma list of networks", value=text
        ) from error


def collect_calls(services: Services) -> CollectCalls:
    """Return what the collect door calls beside the collector."""
    settings = services.settings

    def preview(account: int, events: Sequence[IncomingEvent], with_profiles: bool) -> Preview:
        # Compiled configurations belong to one thread.
        previewer = make_previewer(services)
        return previewer.preview(account, events, with_profiles=with_profiles)

    return CollectCalls(
        load_bulk=BulkDesk(most=settings.collect_bulk_loads).load,
        preview=preview,
        bulk_limit=settings.collect_bulk_limit_bytes,
        rates=CollectRates(
            account=settings.collect_account_events_per_second,
            token=settings.collect_token_events_per_second,
        ),
        find_rules=partial(find_door_rules, services.store, services.ring),
        trusted_proxies=read_networks(settings.trusted_proxies),
        clock=services.clock,
    )


def _console(services: Services, lookup: Lookup, explainer: Explainer) -> ConsoleDependencies:
    clock = services.clock
    audiences, privacy = audience_calls(services), privacy_calls(services)
    streams, identities = StreamDesk(services.store, lookup, clock), make_explainer(services)
    reads = Reads(
        overview=lambda account: lookup.overview(account, clock()),
        find_profile=lambda account, field, value: lookup.find_profile(
            account, field, value, clock()
        ),
        explain_membership=lambda account, identifier, audience: explainer.explain(
            account, identifier, audience, clock()
        ),
        lineage=entity_calls(services).lineage,
        identity_graph=identities.graph,
        relation=identities.relation,
        latest_events=lookup.latest_events,
        rejected_events=streams.rejected,
        stream_keys=streams.keys,
        audience_members=lookup.audience_members,
        preview=audiences.preview,
        overlaps=audiences.overlaps,
        field_report=audiences.field_report,
        job_figures=lookup.job_figures,
        omitted_users=lookup.omitted_users,
        refused_users=partial(list_refused, services.store),
        crowded=Crowding(services.store, clock).of_job,
    )

    def send_again(account: int, job_id: int, actor: Actor, now: datetime) -> int:
        with services.store.transaction() as conn:
            users = replay_refused(conn, account, job_id)
            subject = Subject(account, "job", job_id)
            record(conn, "replayed", subject, actor=actor, now=now, detail={"users": users})
        return users

    return ConsoleDependencies(
        store=services.store,
        ring=services.ring,
        clock=clock,
        settings=services.settings,
        reads=reads,
        probes=build_probes(services.settings),
        replay_refused=send_again,
        dry_runs=DryRuns(services.store, clock),
        deliveries=delivery_calls(services.store, services.clock),
        forget=privacy.forget,
        dossier=privacy.dossier,
        files=FileDesk(services),
        run_again=streams.run_again,
        map_key=streams.map_key,
        preview_draft=draft_calls(services).preview,
    )
