"""A database with one account and a bench that runs its import jobs."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.control.authorizations import create_authorization, get_authorization
from coterie.control.definitions.pipeline import load_config
from coterie.control.jobs import create_import_csv
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.flow.run.context import Contexts
from coterie.flow.run.names import Names
from coterie.model.control import Actor
from coterie.store import Store
from coterie.worker.dependencies import Bench
from coterie.worker.jobs import run_due_job

ACCOUNT = 3012
ACTOR = Actor(name="cli")
LANES = 2


class ImportWorld:
    """Jobs that are made, run, and looked at."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self.store = store
        self.now = datetime.now(UTC)
        self.root = data_dir / "imports"
        self.root.mkdir(parents=True)
        self.bench = Bench(
            settings=Settings(data_dir=data_dir, allow_private_addresses=True),
            clock=lambda: self.now,
            ring=new_ring(),
            store=store,
            contexts=Contexts(load_config, Names(b"k" * 32)),
        )

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return self.age(path)

    def age(self, path: Path, *, seconds: float = 60) -> Path:
        """Let a file look as if it was last written a while ago."""
        then = self.now.timestamp() - seconds
        os.utime(path, (then, then))
        return path

    def add_job(self, *, authorization_id: int | None = None, **config: Any) -> int:
        merged = {"stream": "braze_csv", "folder": ".", **config}
        job = create_import_csv(
            self.store,
            account=ACCOUNT,
            label="Import",
            authorization_id=authorization_id,
            config=merged,
            actor=ACTOR,
            now=self.now,
        )
        return job.id

    def config_of(self, authorization_id: int) -> dict[str, Any]:
        return get_authorization(self.store, ACCOUNT, authorization_id).public_config

    def add_authorization(self, config: dict[str, Any], *, method: str = "client_sftp") -> int:
        made = create_authorization(
            self.store,
            self.bench.ring,
            account=ACCOUNT,
            provider="sftp",
            method=method,
            label="Files",
            config=config,
            actor=ACTOR,
            now=self.now,
        )
        return made.id

    def run(self, *, is_stopping: Callable[[], bool] = lambda: False) -> bool:
        """Run one due job as the job loop does; return whether there was one."""
        with self.store.connect(autocommit=True) as conn:
            return run_due_job(self.bench, conn, is_stopping=is_stopping)

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def events(self) -> list[dict[str, Any]]:
        with self.store.transaction() as conn:
            rows = conn.execute("SELECT body FROM event_log ORDER BY lane, seq").fetchall()
        return [msgspec.json.decode(row[0]) for row in rows]

    def job(self, job_id: int) -> dict[str, Any]:
        names = ("state", "progress_done", "progress_total", "last_error", "run_at")
        with self.store.transaction() as conn:
            row = conn.execute(
                "SELECT state, progress_done, progress_total, last_error, run_at FROM job"
                " WHERE id = %s",
                (job_id,),
            ).fetchone()
        assert row is not None
        return dict(zip(names, row, strict=True))

    def files(self) -> list[tuple[str, int, int, str]]:
        with self.store.transaction() as conn:
            rows = conn.execute(
                "SELECT name, rows_done, rows_rejected, state FROM import_file ORDER BY name"
            ).fetchall()
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def rejected(self) -> list[tuple[str, str, bytes]]:
        with self.store.transaction() as conn:
            rows = conn.execute(
                "SELECT position, reason, body FROM rejected_event ORDER BY id"
            ).fetchall()
        return [(row[0], row[1], bytes(row[2])) for row in rows]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened


@pytest.fixture
def world(store: Store, tmp_path: Path) -> ImportWorld:
    with store.transaction() as conn:
        conn.execute(
            "INSERT INTO account (number, name, created_at) VALUES (%s, 'Shop', now())", (ACCOUNT,)
        )
        ensure_lanes(conn, LANES)
    return ImportWorld(store, tmp_path / "data")
