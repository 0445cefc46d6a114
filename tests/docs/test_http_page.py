"""docs/reference/http.md names every route of the API, and no other."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar import Litestar
from tests.docs.conftest import ROOT

from coterie.api.dependencies import (
    ApiDependencies,
    AudienceCalls,
    AuthorizationCalls,
    CollectCalls,
    DraftCalls,
    EntityCalls,
    FileCalls,
    IdentityCalls,
    JobCalls,
    PrivacyCalls,
    SchemaCalls,
    StreamCalls,
)
from coterie.api.errors import STATUSES
from coterie.api.pace import CollectRates
from coterie.api.reads import READ_PREFIXES, find_reading
from coterie.api.routes import build_api
from coterie.api.targets import COLLECT_PREFIXES, NotFoundError, find_target
from coterie.control.alerts import AlertCalls
from coterie.flow.run.deliveries import DeliveryCalls

PAGE = (ROOT / "docs" / "reference" / "http.md").read_text("utf-8")
ROUTE = re.compile(r"^\| `(GET|POST|PUT|PATCH|DELETE) (/[^`]+)` \|", re.MULTILINE)
SHOWN = set(ROUTE.findall(PAGE))
COLLECT = {route for route in SHOWN if route[1].startswith(COLLECT_PREFIXES)}
READS = {route for route in SHOWN if route[1].startswith(READ_PREFIXES)}


def litestar_routes() -> Iterator[tuple[str, str]]:
    def unused(*_: object) -> Any:
        raise AssertionError

    dependencies = ApiDependencies(
        open_collector=unused,
        check_token=unused,
        touch_tokens=unused,
        list_audiences=unused,
        get_audience=unused,
        report_filter=unused,
        check_lql=unused,
        list_jobs=unused,
        find_profile=unused,
        explain_membership=unused,
        read_changes=unused,
        audiences=AudienceCalls(**dict.fromkeys(AudienceCalls.__struct_fields__, unused)),
        authorizations=AuthorizationCalls(
            **dict.fromkeys(AuthorizationCalls.__struct_fields__, unused)
        ),
        alerts=AlertCalls(**dict.fromkeys(AlertCalls.__struct_fields__, unused)),
        deliveries=DeliveryCalls(**dict.fromkeys(DeliveryCalls.__struct_fields__, unused)),
        entities=EntityCalls(
            **dict.fromkeys(set(EntityCalls.__struct_fields__) - {"public_rate"}, unused),
            public_rate=1,
        ),
        schemas=SchemaCalls(**dict.fromkeys(SchemaCalls.__struct_fields__, unused)),
        drafts=DraftCalls(**dict.fromkeys(DraftCalls.__struct_fields__, unused)),
        privacy=PrivacyCalls(**dict.fromkeys(PrivacyCalls.__struct_fields__, unused)),
        identities=IdentityCalls(
            graph=unused, relation=unused, list_decisions=unused, decide=unused, undo=unused
        ),
        files=FileCalls(**dict.fromkeys(FileCalls.__struct_fields__, unused)),
        streams=StreamCalls(
            list_all=unused,
            keys=unused,
            events=unused,
            rejected=unused,
            run_again=unused,
            map_key=unused,
        ),
        collect=CollectCalls(
            load_bulk=unused,
            preview=unused,
            bulk_limit=1,
            rates=CollectRates(),
            find_rules=unused,
            trusted_proxies=(),
            clock=unused,
        ),
        jobs=JobCalls(**dict.fromkeys(JobCalls.__struct_fields__, unused)),
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    handlers = build_api(dependencies).handlers
    app = Litestar(route_handlers=list(handlers), openapi_config=None, logging_config=None)
    for route in app.routes:
        for method in route.methods - {"OPTIONS"}:
            yield method, re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)


def test_the_page_names_the_routes_of_the_framework() -> None:
    assert set(litestar_routes()) == SHOWN - COLLECT - READS


@pytest.mark.parametrize(("_", "path"), sorted(COLLECT))
def test_the_collect_routes_of_the_page_exist(_: str, path: str) -> None:
    filled = path.replace("{account}", "3012").replace("{stream}", "default")
    usual = {"/v1": "segment", "/currents": "braze_currents"}

    target = find_target(filled)

    assert target.stream == ("default" if "{stream}" in path else usual[target.route])


@pytest.mark.parametrize(("method", "path"), sorted(READS))
def test_the_reads_of_the_page_exist(method: str, path: str) -> None:
    filled = path.replace("{account}", "3012").replace("{table}", "user").replace("{field}", "x")

    reading = find_reading(filled.replace("{value}", "y").encode())

    assert method == "GET"
    assert reading is not None
    assert (reading.field, reading.value) == ("x", "y")
    assert path.startswith(reading.route + "/")


def test_the_page_has_each_kind_of_read() -> None:
    assert len(READS) == len(READ_PREFIXES)


def test_a_path_beside_the_collect_routes_is_refused() -> None:
    with pytest.raises(NotFoundError):
        find_target("/collect/xml/default")


def test_the_page_names_every_status_that_an_error_can_have() -> None:
    statuses = {str(status) for status in STATUSES.values()} | {"400", "503"}

    assert statuses <= set(re.findall(r"\b[45]\d\d\b", PAGE))
