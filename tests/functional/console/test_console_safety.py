import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.functional.console.conftest import (
    ACCOUNT,
    ACTOR,
    NOW,
    DataPlane,
    SteppingClock,
    Visitor,
    form_token,
    sample_profile,
)

from coterie.console.dependencies import ConsoleDependencies
from coterie.console.headers import CONTENT_SECURITY_POLICY
from coterie.console.routes import PAGES
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.schema_drafts import create_draft
from coterie.control.jobs import create_export, create_export_files, create_import_csv
from coterie.control.tokens import create_token, list_tokens
from coterie.model.streams import RejectedReport
from coterie.model.views import EventView

HOSTILE = "<img src=x onerror=alert(1)>\"'"


class InlineCode(HTMLParser):
    """Collects what a strict content security policy would stop."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        bad = {name for name in names if name.startswith("on") or name == "style"}
        if tag == "style" or (tag == "script" and "src" not in names) or bad:
            self.found.append(self.get_starttag_text() or tag)


@pytest.fixture
def full_account(
    deps: ConsoleDependencies, data_plane: DataPlane, clock: SteppingClock
) -> dict[str, str]:
    """Everything there can be, with names that try to break out; values for path parameters."""
    store = deps.store
    authorization = create_authorization(
        store,
        deps.ring,
        account=ACCOUNT,
        provider="braze",
        method="api_key",
        label=HOSTILE,
        description=HOSTILE,
        config={"apikey": "key", "instance": "US-01"},
        actor=ACTOR,
        now=NOW,
    )
    audience = create_audience(
        store,
        account=ACCOUNT,
        slug="fans",
        name=HOSTILE,
        description=HOSTILE,
        filter_text='FILTER first_name = "<img src=x onerror=alert(1)>"',
        actor=ACTOR,
        clock=clock,
    )
    job = create_export(
        store,
        account=ACCOUNT,
        label=HOSTILE,
        description=HOSTILE,
        authorization_id=authorization.id,
        config={
            "identifier_field": "user_id",
            "audiences": ["fans"],
            "existing_users": True,
            "value_prefix": "<img src=x onerror=alert(1)>",
        },
        actor=ACTOR,
        clock=clock,
    )
    common: dict[str, Any] = {
        "account": ACCOUNT,
        "label": HOSTILE,
        "description": HOSTILE,
        "authorization_id": None,
        "actor": ACTOR,
        "now": NOW,
    }
    written = create_export_files(store, config={"audience": "fans", "join": "<b>"}, **common)
    read = create_import_csv(
        store,
        config={"stream": "default", "folder": HOSTILE, "prefix": "a", "names": {HOSTILE: HOSTILE}},
        **common,
    )
    token = create_token(
        store,
        account=ACCOUNT,
        name=HOSTILE,
        description=HOSTILE,
        scopes=["data_write"],
        expires_at=None,
        actor=ACTOR,
        now=NOW,
    ).record
    draft = create_draft(
        store, account=ACCOUNT, name="default", description=HOSTILE, actor=ACTOR, clock=clock
    )
    event = EventView(
        lane=0,
        seq=1,
        stream="default",
        received_at=NOW,
        occurred_at=None,
        body=HOSTILE,
    )
    rejected = RejectedReport(
        ref="1",
        received_at=NOW,
        source=HOSTILE,
        position=HOSTILE,
        reason=HOSTILE,
        body=HOSTILE,
        is_cut=False,
    )
    data_plane.events, data_plane.rejected = (event,), (rejected,)
    data_plane.profiles["email", HOSTILE] = sample_profile(HOSTILE)
    return {
        "authorization_id": str(authorization.id),
        "slug": audience.slug,
        "job_id": str(job.id),
        "edit-files": str(written.id),
        "edit-import": str(read.id),
        "rule": "1",
        "destination": str(job.destination_id),
        "token_id": str(token.id),
        # A stream and a draft are both called by their name.
        "name": draft.name,
        "stream": "default",
        "field": "email",
        "provider": "braze",
        "method": "api_key",
        "what": "export-audience",
        "version": "1",
    }


def filled(path: str, values: dict[str, str]) -> str:
    page = path.rpartition("/")[2]
    return re.sub(r"\{(\w+):\w+\}", lambda found: values.get(page, values[found[1]]), path)


def paths_of(method: str, values: dict[str, str]) -> list[str]:
    """Every path of the console that takes `method`, with path parameters filled in.

    Pages of one kind of job go by their own name, such as edit-files.
    """
    return [
        filled(path, values)
        for handler in PAGES
        for path in handler.paths
        if method in handler.http_methods
    ]


def test_every_page_opens_hardened_and_without_inline_code(
    admin: Visitor, full_account: dict[str, str]
) -> None:
    paths = [*paths_of("GET", full_account), "/data/jobs/new/import-csv?authorization=local"]
    paths.append(f"/data/jobs/new/export-audience?authorization={full_account['authorization_id']}")

    for path in paths:
        answer = admin.open(path)

        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert InlineCode(answer.text).found == [], path
        assert "<img src=x" not in answer.text, path


@pytest.mark.usefixtures("full_account")
def test_hostile_data_is_shown_as_text(admin: Visitor) -> None:
    stream = admin.open("/data/streams/default").text
    profile = admin.send("/profiles", field="email", value=HOSTILE).text

    for page in (stream, profile):
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "<img src=x" not in page


def test_no_form_is_taken_without_the_token_of_the_session(
    admin: Visitor, full_account: dict[str, str], deps: ConsoleDependencies
) -> None:
    for path in paths_of("POST", full_account):
        for values in ({}, {"csrf_token": "guessed"}):
            answer = admin.post(path, **values)

            assert answer.status_code == 400, path
            assert "no longer valid, so nothing was changed" in answer.text, path
    assert list_tokens(deps.store, ACCOUNT)[0].revoked_at is None


def test_the_form_token_of_another_session_is_refused(
    admin: Visitor, make_visitor: Callable[[str], Visitor]
) -> None:
    other = make_visitor("data_manager@example.org")
    borrowed = form_token(other.open("/"))

    answer = admin.post("/data/streams", name="shop", csrf_token=borrowed)

    assert answer.status_code == 400


def test_an_observer_reads_and_changes_nothing(
    visitor: Visitor, full_account: dict[str, str], deps: ConsoleDependencies
) -> None:
    visitor.sign_in("observer@example.org")
    token = form_token(visitor.open("/"))
    looks_up_or_leaves = {
        "/profiles", "/profiles/why", "/profiles/identity", "/profiles/identity/compare",
        "/sign-out",
    }  # fmt: skip

    for path in set(paths_of("POST", full_account)) - looks_up_or_leaves:
        answer = visitor.post(path, csrf_token=token)

        assert answer.status_code == 403, path
        assert "Your role &#39;observer&#39; may not do this" in answer.text
    for path in ("/", "/audiences", "/data/authorizations", "/data/jobs", "/account/tokens"):
        page = visitor.open(path)

        assert page.status_code == 200
        assert not re.search(r"/-?new\b", page.text), path
    assert list_tokens(deps.store, ACCOUNT)[0].revoked_at is None


def test_a_data_manager_makes_no_access_tokens(visitor: Visitor) -> None:
    visitor.sign_in("data_manager@example.org")

    answer = visitor.open("/account/tokens/new")

    assert answer.status_code == 403
    assert "it needs &#39;admin&#39;" in answer.text


def test_things_of_another_account_do_not_exist(admin: Visitor) -> None:
    for path in ("/data/jobs/99999", "/data/authorizations/99999", "/audiences/nobodys"):
        answer = admin.open(path)

        assert answer.status_code == 404
        assert "Not found" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/data/jobs/99999999999999999999",
        "/data/streams/%00",
        "/audiences/a%00b",
        "/audiences/%ED%A0%80",
        "/data/authorizations/new/%00/x",
        "/account/tokens/0/revoke",
    ],
)
def test_impossible_names_are_simply_not_found(admin: Visitor, path: str) -> None:
    assert admin.open(path).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"email=%ff%fe&password=%00&csrf_token=%ED%A0%80", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\ngarbage", "multipart/form-data; boundary=x"),
        (b"email", "text/plain"),
        (b"", "multipart/form-data"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(admin: Visitor, content: bytes, kind: str) -> None:
    for path in ("/sign-in", "/data/streams"):
        answer = admin.client.post(path, content=content, headers={"content-type": kind})

        assert answer.status_code == 400, path


def test_a_form_that_is_too_large_is_refused(admin: Visitor) -> None:
    for path in ("/sign-in", "/data/streams"):
        answer = admin.post(path, name="x" * 1_100_000)

        assert answer.status_code == 413
        assert "The form is too large" in answer.text


def test_static_files_carry_the_headers_too(admin: Visitor) -> None:
    page = admin.open("/").text
    style = re.search(r'href="(/console-static/console\.css\?v=\w+)"', page)

    assert style is not None
    answer = admin.open(style[1])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_static_files_stay_in_their_folder(visitor: Visitor) -> None:
    answer = visitor.open("/console-static/%2e%2e/routes.py")

    assert answer.status_code == 404


def test_a_fault_of_ours_tells_nothing_about_its_inside(
    admin: Visitor, data_plane: DataPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(data_plane, "overview", break_down)

    answer = admin.open("/")

    assert answer.status_code == 500
    assert "fault of its own" in answer.text
    assert "secret detail" not in answer.text
