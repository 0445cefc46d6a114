"""The console on a real database, with a data plane that answers what a test puts into it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from psycopg import sql

from coterie.app.deliveries import delivery_calls
from coterie.app.dry_runs import DryRuns
from coterie.app.files import FileDesk
from coterie.app.schema_drafts import draft_calls
from coterie.app.services import Services, config_source
from coterie.app.streams import StreamDesk
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.console.dependencies import ConsoleDependencies
from coterie.console.headers import FOLLOWING_COOKIE
from coterie.console.reads import Reads
from coterie.console.routes import build_console
from coterie.control.accounts import create_account
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.control.users import create_person
from coterie.flow.run.explain import MembershipExplanation
from coterie.flow.run.lookup import Lookup
from coterie.lang.filterql import explain, parse_filter
from coterie.model.control import Actor, Audience, ProbeResult
from coterie.model.delivery import ParkedRow
from coterie.model.entity import FieldLineage
from coterie.model.erasure import Dossier, Erasure
from coterie.model.identities import IdentityGraph, Relation
from coterie.model.insights import Estimate, FieldReport, Overlap
from coterie.model.streams import KeyReport, RejectedReport
from coterie.model.views import (
    DeliveryTotals,
    EventView,
    FieldView,
    HourCount,
    IdentifierView,
    JobFigures,
    MembershipView,
    MemberView,
    OmittedView,
    Overview,
    ProfileView,
)
from coterie.store import Store, migrate

ACCOUNT = 3012
TEMPLATE = "console_template"
NOW = datetime(2031, 5, 14, 12, 0, tzinfo=UTC)
ACTOR = Actor(name="cli")
PASSWORD = "Correct-Horse-7-Battery"
FORM_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class SteppingClock:
    """A clock that stands where it was put."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class DataPlane:
    """What the data plane is said to hold; tests change it as they like."""

    def __init__(self) -> None:
        self.events: tuple[EventView, ...] = ()
        self.rejected: tuple[RejectedReport, ...] = ()
        self.keys: tuple[KeyReport, ...] = ()
        self.members: tuple[MemberView, ...] = ()
        self.profiles: dict[tuple[str, str], ProfileView] = {}
        self.graphs: dict[tuple[str, str], IdentityGraph] = {}
        self.relations: dict[tuple[tuple[str, str], tuple[str, str]], Relation] = {}
        self.lineages: dict[tuple[str, str], tuple[FieldLineage, ...]] = {}
        self.figures = JobFigures()
        self.estimate = Estimate(
            size=0, low=0, high=0, profiles=0, asked=0, matched=0, is_exact=True
        )
        self.overlaps: tuple[Overlap, ...] = ()
        self.field_report = FieldReport(size=0, asked=0, is_exact=True, fields=())
        self.omitted: tuple[OmittedView, ...] = ()
        self.refused: tuple[ParkedRow, ...] = ()
        self.forgotten: list[tuple[tuple[str, str], bool, str]] = []
        self.replayed: list[tuple[int, int, str]] = []
        self.deliveries = DeliveryTotals()

    def reads(self) -> Reads:
        return Reads(
            crowded=lambda _account, _job: None,
            overview=lambda _: self.overview(),
            find_profile=lambda _, field, value: self.profiles.get((field, value)),
            lineage=lambda _, identifier, fields: tuple(
                one for one in self.lineages.get(identifier, ()) if one.field in (fields or ())
            ),
            identity_graph=lambda _, identifier: self.graphs.get(identifier),
            relation=lambda _, one, other: self.relations[one, other],
            explain_membership=lambda _, identifier, audience: self.explain(identifier, audience),
            latest_events=lambda _, stream, limit: self._of(self.events, stream)[:limit],
            rejected_events=lambda _account, _stream, limit: self.rejected[:limit],
            stream_keys=lambda *_: self.keys,
            audience_members=lambda *_: self.members,
            preview=lambda *_: self.estimate,
            overlaps=lambda *_: self.overlaps,
            field_report=lambda *_: self.field_report,
            job_figures=lambda *_: self.figures,
            omitted_users=lambda *_: self.omitted,
            refused_users=lambda *_: self.refused,
        )

    def explain(
        self, identifier: tuple[str, str], audience: Audience
    ) -> MembershipExplanation | None:
        """Ask the real filter about the fields of a profile."""
        profile = self.profiles.get(identifier)
        if profile is None:
            return None
        fields = {field.name: field.value for field in profile.fields}
        since = (each.since for each in profile.audiences if each.slug == audience.slug)
        return MembershipExplanation(
            profile_id=profile.profile_id,
            audience=audience.slug,
            asked_at=NOW,
            since=next(since, None),
            explained=explain(parse_filter(audience.filter_text), fields, NOW),
        )

    def forget(
        self, account: int, identifier: tuple[str, str], blocks: bool, actor: Actor
    ) -> Erasure:
        self.forgotten.append((identifier, blocks, actor.name))
        return Erasure(
            id=1, account=account, profile_id=None, blocks=blocks, state="running", events=0,
            refused=0, deletions=0, waiting=0, requested_at=NOW, requested_by=actor.name,
        )  # fmt: skip

    def dossier(self, account: int, identifier: tuple[str, str], actor: Actor) -> Dossier | None:
        profile = self.profiles.get(identifier)
        graph = IdentityGraph(
            profile_id="0" * 32, is_unsettled=False, is_cut=False, nodes=(), edges=(), decisions=()
        )
        if profile is None:
            return None
        assert (account, actor.account) == (ACCOUNT, ACCOUNT)
        return Dossier(
            made_at=NOW, profile=profile, identity=graph, events=(), changes=(), deliveries=(),
            is_cut=False,
        )  # fmt: skip

    def replay(self, account: int, job_id: int, actor: Actor, _now: datetime) -> int:
        self.replayed.append((account, job_id, actor.name))
        return len(self.refused)

    def overview(self) -> Overview:
        first = NOW.replace(minute=0) - timedelta(hours=23)
        hours = (first + timedelta(hours=index) for index in range(24))
        return Overview(
            events=len(self.events),
            rejected=len(self.rejected),
            waiting=0,
            profiles=len(self.profiles),
            identifiers=len(self.profiles),
            hours=tuple(HourCount(hour=hour, events=hour.hour * 7) for hour in hours),
            deliveries=self.deliveries,
        )

    @staticmethod
    def _of(rows: tuple[Any, ...], stream: str) -> tuple[Any, ...]:
        return tuple(row for row in rows if row.stream == stream)


class Visitor:
    """A browser without JavaScript: follows forms and keeps cookies."""

    def __init__(self, client: TestClient[Litestar]) -> None:
        self.client = client

    def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return self.send("/sign-in", email=email, password=password)

    def open(self, path: str) -> httpx.Response:
        return self.client.get(path, follow_redirects=False)

    def reload_itself(self, path: str) -> httpx.Response:
        """Open a page as its own script does that follows what is under way."""
        self.client.cookies.set(FOLLOWING_COOKIE, "1")
        answer = self.open(path)
        self.client.cookies.delete(FOLLOWING_COOKIE)
        return answer

    def send(self, path: str, *, page: str = "", **values: Any) -> httpx.Response:
        """Open a page (by default the form's own address), then send a form with its token."""
        token = form_token(self.open(page or path))
        return self.post(path, csrf_token=token, **values)

    def post(self, path: str, **values: Any) -> httpx.Response:
        return self.client.post(path, data=values, follow_redirects=False)

    def follow(self, answer: httpx.Response) -> httpx.Response:
        assert answer.status_code == 303, answer.text
        return self.open(answer.headers["location"])


def form_token(answer: httpx.Response) -> str:
    found = FORM_TOKEN.search(answer.text)
    assert found is not None, answer.text
    return found[1]


def sample_profile(name: str = "ada@example.org") -> ProfileView:
    return ProfileView(
        profile_id="0" * 32,
        first_seen=NOW - timedelta(days=3),
        updated_at=NOW - timedelta(minutes=4),
        fields=(
            FieldView(name="email", kind="string", value=name, is_pii=True),
            FieldView(name="visits", kind="int", value=1204),
            FieldView(name="tags", kind="[]string", value=["a", "b"]),
            FieldView(name="spend", kind="map[string]number", value={"shoes": 3.5}),
            FieldView(name="last_visit", kind="date", value=NOW - timedelta(days=1)),
        ),
        identifiers=(IdentifierView(field="email", value=name, last_seen=NOW),),
        audiences=(MembershipView(audience_id=1, slug="fans", name="Fans", since=NOW),),
    )


@pytest.fixture(scope="session")
def template_database(pg_url: str) -> str:
    """A database to copy that holds an account with three people: hashing passwords is slow."""
    with psycopg.connect(pg_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    url = pg_url.replace("/coterie?", f"/{TEMPLATE}?", 1)
    migrate(url)
    with Store.open(url) as store:
        create_account(store, name="Shop", number=ACCOUNT, actor=ACTOR, clock=SteppingClock(NOW))
        for role in ("admin", "data_manager", "observer"):
            create_person(
                store,
                account=ACCOUNT,
                email=f"{role}@example.org",
                password=PASSWORD,
                role=role,
                actor=ACTOR,
                now=NOW,
            )
    return TEMPLATE


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock(NOW)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened


@pytest.fixture
def data_plane() -> DataPlane:
    return DataPlane()


@pytest.fixture
def probe_answers() -> dict[str, ProbeResult]:
    """What outside systems say when they are tried, by provider."""
    return {
        "braze": ProbeResult(ok=True, detail="The key may write."),
        "sftp": ProbeResult(ok=True, detail="The folder can be listed."),
    }


@pytest.fixture
def deps(
    store: Store,
    clock: SteppingClock,
    data_plane: DataPlane,
    probe_answers: dict[str, ProbeResult],
    tmp_path: Path,
) -> ConsoleDependencies:
    settings, ring = Settings(data_dir=tmp_path / "data"), new_ring()
    lookup = Lookup(store, config_source())
    return ConsoleDependencies(
        store=store,
        ring=ring,
        clock=clock,
        settings=settings,
        reads=data_plane.reads(),
        probes={
            "braze": lambda _: probe_answers["braze"],
            "sftp": lambda _: probe_answers["sftp"],
        },
        replay_refused=data_plane.replay,
        dry_runs=DryRuns(store, clock),
        deliveries=delivery_calls(store, clock),
        forget=data_plane.forget,
        dossier=data_plane.dossier,
        files=FileDesk(Services(settings, clock, ring, store)),
        run_again=StreamDesk(store, lookup, clock).run_again,
        map_key=StreamDesk(store, lookup, clock).map_key,
        preview_draft=draft_calls(Services(settings, clock, ring, store)).preview,
    )


@pytest.fixture
def visitor(deps: ConsoleDependencies) -> Iterator[Visitor]:
    with TestClient(Litestar(build_console(deps), openapi_config=None)) as client:
        client.app.state.deps = deps
        yield Visitor(client)


@pytest.fixture
def admin(visitor: Visitor) -> Visitor:
    assert visitor.sign_in("admin@example.org").status_code == 303
    return visitor


@pytest.fixture
def make_visitor(deps: ConsoleDependencies) -> Iterator[Callable[[str], Visitor]]:
    """Sign another person in, in a browser of their own."""
    clients: list[TestClient[Litestar]] = []

    def make(email: str) -> Visitor:
        client = TestClient(Litestar(build_console(deps), openapi_config=None))
        client.__enter__()
        clients.append(client)
        made = Visitor(client)
        assert made.sign_in(email).status_code == 303
        return made

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def authorization_id(deps: ConsoleDependencies, clock: SteppingClock) -> int:
    """A Braze authorization in an account with two audiences."""
    for slug, name in (("fans", "Fans"), ("vips", "VIPs")):
        create_audience(
            deps.store,
            account=ACCOUNT,
            slug=slug,
            name=name,
            filter_text="FILTER EXISTS email",
            actor=ACTOR,
            clock=clock,
        )
    made = create_authorization(
        deps.store,
        deps.ring,
        account=ACCOUNT,
        provider="braze",
        method="api_key",
        label="Braze",
        config={"apikey": "key", "instance": "US-01"},
        actor=ACTOR,
        now=NOW,
    )
    return made.id
