from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing
from coterie.control import authorizations, jobs
from coterie.control.definitions import audiences, streams
from coterie.control.definitions.schema_versions import UnknownFieldError
from coterie.model.control import Actor, ImportCsvConfig, Job
from coterie.model.exports import ExportAudienceConfig
from coterie.store import Connection, Store

Advance = Callable[..., datetime]
MakeExport = Callable[..., Job]
FILES = {"stream": "braze_csv", "folder": "/srv/files", "prefix": "users"}


def test_an_export_with_existing_users_waits_for_a_runner(
    make_export: MakeExport, clock: Clock
) -> None:
    job = make_export()

    assert (job.state, job.run_at, job.started_at) == ("runnable", clock(), clock())
    assert isinstance(job.config, ExportAudienceConfig)
    assert job.config.attribute == "lytics_segments"


def test_an_export_without_existing_users_runs_at_once_and_needs_no_runner(
    make_export: MakeExport, runner: Connection, clock: Clock
) -> None:
    job = make_export(existing_users=False)

    assert (job.state, job.run_at) == ("running", None)
    assert jobs.take_due_job(runner, clock()) is None


def test_jobs_that_write_the_same_attribute_share_a_destination(make_export: MakeExport) -> None:
    first, second = make_export(), make_export(audiences=["buyers"])
    other = make_export(attribute="segments")

    assert first.destination_id == second.destination_id
    assert other.destination_id != first.destination_id


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"identifier_field": "nobody"}, UnknownFieldError, "no field 'nobody'"),
        ({"identifier_field": "_uids"}, UnknownFieldError, "several values"),
        ({"audiences": ["nobody"]}, audiences.UnknownAudienceError, "no audience 'nobody'"),
        ({"audiences": []}, jobs.BadJobError, "at least one audience"),
        ({"authorization_id": 99}, authorizations.UnknownAuthorizationError, "authorization 99"),
        ({"label": " "}, jobs.BadJobError, "label"),
        ({"attribute": "$segments"}, jobs.BadJobError, "dollar"),
        ({"names": {"buyers": "b"}}, jobs.BadJobError, "does not export"),
        (
            {"audiences": ["known", "buyers"], "names": {"buyers": "known"}},
            jobs.BadJobError,
            "Two audiences",
        ),
        ({"value_prefix": "x" * 255}, jobs.BadJobError, "1 to 255"),
    ],
)
def test_a_wrong_export_is_refused_and_nothing_is_kept(
    store: Store,
    make_export: MakeExport,
    changes: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        make_export(**changes)

    assert jobs.list_jobs(store, 3012) == []


def test_an_export_needs_an_authorization_for_braze(
    store: Store, ring: KeyRing, make_export: MakeExport, actor: Actor, clock: Clock
) -> None:
    files = authorizations.create_authorization(
        store, ring, account=3012, provider="sftp", method="client_sftp", label="Files",
        config={"host": "files.example.org", "username": "crm", "password": "word"},
        actor=actor, now=clock(),
    )  # fmt: skip

    with pytest.raises(jobs.BadJobError, match="is for sftp, and this job needs one for braze"):
        make_export(authorization_id=files.id)


def test_an_import_makes_its_stream(store: Store, make_import: MakeExport, clock: Clock) -> None:
    job = make_import(stream="shop_users", delimiter="t")

    assert (job.state, job.run_at) == ("runnable", clock())
    assert isinstance(job.config, ImportCsvConfig)
    assert job.config.delimiter == "\t"
    assert streams.get_stream(store, 3012, "shop_users").trusted is False


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"delimiter": ":"}, "delimiter"),
        ({"filename": "users.csv"}, "Give the name of one file"),
        ({"prefix": ""}, "Give the name of one file"),
        ({"prefix": "../users"}, "no file name"),
        ({"prefix": "", "filename": "a.csv", "continuous_update": True}, "prefix"),
        ({"folder": ""}, "local folder"),
        ({"colour": "red"}, "no option 'colour'"),
        ({"fields": "email"}, "do not fit"),
    ],
)
def test_a_wrong_import_is_refused(
    store: Store, make_import: MakeExport, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(jobs.BadJobError, match=message):
        make_import(**changes)
    assert jobs.list_jobs(store, 3012) == []
