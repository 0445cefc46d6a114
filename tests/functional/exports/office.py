"""A house that writes its members into files."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests.functional.flow.conftest import ACTOR, House

from coterie.base.settings import Settings
from coterie.control.jobs import create_export_files, get_job, update_file_job
from coterie.flow.exports.written import list_written
from coterie.model.control import Job
from coterie.model.file_exports import WrittenFile
from coterie.store import Store

PEOPLE = (
    {"user_id": "u1", "email": "kim@shop.example", "first_name": "Kim, the first", "event": "a"},
    {"user_id": "u2", "email": "bo@shop.example", "country": "NO", "event": "a"},
    {"user_id": "u3", "first_name": 'Åse "A"', "country": "NO", "event": "b"},
)


class Office(House):
    """A house that writes its files into a folder of its own."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        super().__init__(store)
        settings = Settings(data_dir=data_dir, allow_private_addresses=True)
        self.bench = msgspec.structs.replace(self.bench, settings=settings)
        self.out = data_dir / "exports"

    def create(self, **options: Any) -> Job:
        """Make a job that writes the audience `all`."""
        return create_export_files(
            self.store,
            account=self.account.number,
            label="Files",
            authorization_id=options.pop("authorization_id", None),
            config={"audience": "all", **options},
            actor=ACTOR,
            now=self.now,
        )

    def change(self, job: Job, **options: Any) -> Job:
        """Change some options of a job."""
        return update_file_job(
            self.store,
            account=self.account.number,
            job_id=job.id,
            options=options,
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def state(self, job: Job) -> Job:
        return get_job(self.store, self.account.number, job.id)

    def export(self, **options: Any) -> bytes:  # type: ignore[override]
        """Run a new job; return the file that it wrote."""
        self.now += timedelta(seconds=1)
        job = self.create(**options)
        self.run_jobs()
        done = self.state(job)
        assert done.state == "completed", done.last_error
        return (self.out / self.written(job)[0].name).read_bytes()

    def rows(self, **options: Any) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.export(**options).decode())))

    def written(self, job: Job) -> list[WrittenFile]:
        with self.store.transaction() as conn:
            return list_written(conn, job.id)
