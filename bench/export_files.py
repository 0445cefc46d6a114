"""How fast the members of an audience are written to files on an SFTP server, encrypted or not.

An embedded PostgreSQL, an SFTP server, and a process for each file that runs one Export to SFTP
job as the jobs role does, so that its memory is that of the export alone. Each form is written
twice, once with a tenth of the people: memory that does not grow with them is flat.
"""

import asyncio
import multiprocessing
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
from _figures import Figure, common_options, options_of, print_figures
from _people import LQL
from audiences import ACTOR, build_as_one, fill
from pysequoia import Tsk

from coterie.app.services import Services, open_services
from coterie.base.clock import system_clock
from coterie.base.keyfile import ensure_key_ring
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.pipeline import load_config
from coterie.control.definitions.schema import publish_lql
from coterie.control.jobs import create_export_files, get_job
from coterie.flow.run.context import Contexts
from coterie.flow.run.names import Names
from coterie.store import Embedded, migrate
from coterie.worker.dependencies import Bench
from coterie.worker.jobs import run_due_job

PEOPLE, QUICK_PEOPLE = 1_000_000, 20_000
USER, PASSWORD = "bench", "Sesame-42"
FORMS = ("csv", "csv_pgp", "parquet", "parquet_pgp")
FIELDS = (
    "user_id",
    "country",
    "plan",
    "age",
    "order_total",
    "order_count",
    "tags",
    "last_event_at",
)


class World(msgspec.Struct, frozen=True):
    """What a run works with; `authorizations` are the plain one and the one with a PGP key."""

    services: Services
    settings: Settings
    url: str
    account: int
    authorizations: tuple[int, int]


def main() -> None:
    """Run the benchmark."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--form", choices=FORMS, action="append", help="only this; repeatable")
    given = parser.parse_args()
    options = options_of(given)
    people = QUICK_PEOPLE if options.quick else PEOPLE
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), people) as world:
        figures: dict[str, Figure] = {"people": people}
        for form in given.form or FORMS:
            few = export(world, form, people // 10)
            many = export(world, form, people)
            figures |= {
                f"{form}_people_per_second": round(people / many.seconds),
                f"{form}_cpu_us_a_person": round(1e6 * many.cpu / people, 1),
                f"{form}_peak_mb": round(many.peak_mb),
                f"{form}_peak_mb_of_a_tenth": round(few.peak_mb),
            }
        print_figures("export_files", figures, options)


@contextmanager
def opened(folder: Path, people: int) -> Iterator[World]:
    """Yield a database with an audience of so many members, and a server for their files."""
    (folder / "files").mkdir()
    settings = Settings(data_dir=folder / "data", allow_private_addresses=True, log_level="error")
    ensure_key_ring(settings)
    with (
        Embedded.open(folder / "postgres", owner="bench/export_files.py") as server,
        sftp_server(folder / "files") as port,
    ):
        migrate(server.url)
        with open_services(settings, server.url) as services:
            store = services.store
            account = create_account(store, name="Bench", actor=ACTOR, clock=system_clock).number
            publish_lql(store, account=account, text=LQL, actor=ACTOR, clock=system_clock)
            everybody = create_audience(
                store,
                account=account,
                slug="all",
                name="Everybody",
                filter_text="FILTER EXISTS user_id",
                actor=ACTOR,
                clock=system_clock,
            )
            # Live while it is empty: what is measured is reading its members, not building it.
            build_as_one(server.url)
            fill(store, account, people, audiences=(everybody.id,))
            key = str(Tsk.generate("bench").extract_certificate())
            login = {"host": "127.0.0.1", "port": port, "username": USER, "password": PASSWORD}
            plain = authorize(services, account, "client_sftp", login)
            sealed = {**login, "pgp_public_key": key}
            locked = authorize(services, account, "client_sftp_pgp_public", sealed)
            yield World(services, settings, server.url, account, (plain, locked))


def authorize(services: Services, account: int, method: str, config: dict[str, Any]) -> int:
    """Return the id of a new authorization of the server."""
    made = create_authorization(
        services.store,
        services.ring,
        account=account,
        provider="sftp",
        method=method,
        label=method,
        config=config,
        actor=ACTOR,
        now=services.clock(),
    )
    return made.id


class Cost(msgspec.Struct, frozen=True):
    """What one file took: seconds, those of a processor, the most memory of the process."""

    seconds: float
    cpu: float
    peak_mb: float


def export(world: World, form: str, people: int) -> Cost:
    """Write one file with so many people in a process of its own."""
    file_format, _, is_encrypted = form.partition("_")
    job = create_export_files(
        world.services.store,
        account=world.account,
        label=form,
        authorization_id=world.authorizations[bool(is_encrypted)],
        config={
            "audience": "all",
            "fields": FIELDS,
            "format": file_format,
            "filename": f"{form}_{people}",
            "limit": people,
        },
        actor=ACTOR,
        now=system_clock(),
    )
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        cost = pool.submit(run_as_one, str(world.settings.data_dir), world.url).result()
    done = get_job(world.services.store, world.account, job.id)
    if done.state != "completed":
        raise SystemExit(done.last_error or f"The job is {done.state}.")
    return cost


def run_as_one(data_dir: str, url: str) -> Cost:
    """Run the job that is due, as the jobs role does."""
    settings = Settings(data_dir=Path(data_dir), allow_private_addresses=True, log_level="error")
    with open_services(settings, url) as services:
        bench = Bench(
            settings=settings,
            clock=system_clock,
            ring=services.ring,
            store=services.store,
            contexts=Contexts(load_config, Names(services.batch_settings.hash_key)),
        )
        started, cpu = time.perf_counter(), time.process_time()
        with services.store.connect(autocommit=True) as conn:
            run_due_job(bench, conn, is_stopping=lambda: False)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return Cost(seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000)


class _Login(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return bool(username)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@contextmanager
def sftp_server(folder: Path) -> Iterator[int]:
    """Yield the port of an SFTP server for a folder, which runs in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(_listen(folder), loop).result()
        yield server.get_port()
        loop.call_soon_threadsafe(server.close)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _listen(folder: Path) -> asyncssh.SSHAcceptor:
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=_Login,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        sftp_factory=partial(asyncssh.SFTPServer, chroot=str(folder).encode()),
    )


if __name__ == "__main__":
    main()
