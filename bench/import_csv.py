"""How fast a Braze user export becomes profiles: plain, zipped, and encrypted with PGP.

The whole product runs (embedded PostgreSQL, two workers, the jobs role), as `coterie up` starts
it. A file lies in the folder; the clock runs from the creation of the job until its last row is
part of a profile. Each form brings people of its own.
"""

import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from _braze_users import write_users
from _figures import Figure, common_options, options_of, print_figures
from _postgres import ServerTime
from pysequoia import Tsk, encrypt_file

from coterie.app.services import Services, open_services
from coterie.app.up import Running, running_product
from coterie.base.settings import Settings
from coterie.control.authorizations import create_authorization
from coterie.control.jobs import create_import_csv, get_job
from coterie.control.managed_sftp import managed_folder
from coterie.flow.eventlog.read import lanes_with_work
from coterie.model.control import Actor, Job

ACTOR = Actor(name="bench")
USERS, QUICK_USERS = 500_000, 2_000
WORKERS = 2
FORMS = ("plain", "zip", "pgp")
LIMIT_SECONDS = 3_600.0
PAUSE_SECONDS = 0.05


class World(msgspec.Struct, frozen=True):
    """What a run works with."""

    services: Services
    account: int
    folder: Path
    product: Running


def main() -> None:
    """Run the benchmark."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--users", type=int, help=f"a file (default {USERS:,})")
    parser.add_argument("--form", choices=FORMS, action="append", help="only this; repeatable")
    given = parser.parse_args()
    options = options_of(given)
    users = given.users or (QUICK_USERS if options.quick else USERS)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as world:
        figures: dict[str, Figure] = {"rows": users, "workers": WORKERS}
        for number, form in enumerate(given.form or FORMS):
            figures |= measure(world, form, users, first=1 + number * users)
        slowest = max(float(figures[f"{form}_seconds"]) for form in given.form or FORMS)
        figures |= {"seconds": slowest, "rows_per_second": round(users / slowest)}
        figures["peak_mb"] = round(max(_peaks(world.product).values()))
        print_figures("import_csv", figures, options)


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """Run the product on a folder."""
    settings = Settings(
        data_dir=folder / "data",
        port=0,
        worker_processes=WORKERS,
        log_level="warning",
        import_settle_seconds=0,
    )
    env = {
        **os.environ,
        "COTERIE_WORKER_PROCESSES": str(WORKERS),
        "COTERIE_LOG_LEVEL": "warning",
        "COTERIE_IMPORT_SETTLE_SECONDS": "0",
    }
    with (
        running_product(settings, env) as product,
        open_services(settings, product.url) as services,
    ):
        (settings.data_dir / "imports").mkdir()
        account = product.first.account if product.first else 0
        yield World(services, account, settings.data_dir / "imports", product)


def measure(world: World, form: str, users: int, *, first: int) -> dict[str, Figure]:
    """Import one file of `users`; return its figures, named after the form."""
    plain = world.folder / "users.csv"
    write_users(plain, users, first=first)
    size = plain.stat().st_size
    authorization, name = PACKERS[form](world, plain)
    server = ServerTime(world.services.store)
    before = {**_cpu(world.product), "postgres": server.seconds()}
    started = time.perf_counter()
    job = _start(world, authorization, name)
    read = _wait(lambda: _is_read(world, job)) - started
    done = _wait(lambda: _is_worked_off(world)) - started
    after = {**_cpu(world.product), "postgres": server.seconds()}
    used = {role: round(1e6 * (after[role] - before[role]) / users, 1) for role in before}
    return {
        f"{form}_mb": round(size / 1e6),
        f"{form}_read_seconds": round(read, 1),
        f"{form}_seconds": round(done, 1),
        f"{form}_rows_per_second": round(users / done),
        # Of all processes, those included that have nothing to do with it and wait.
        f"{form}_cpu_us_a_row": round(sum(used.values()), 1),
        f"{form}_cpu_us_a_row_jobs": used["jobs"],
        f"{form}_cpu_us_a_row_workers": sum(used[f"worker-{n + 1}"] for n in range(WORKERS)),
        f"{form}_cpu_us_a_row_postgres": used["postgres"],
    }


def _start(world: World, authorization: int | None, name: str) -> Job:
    services = world.services
    return create_import_csv(
        services.store,
        account=world.account,
        label=name,
        authorization_id=authorization,
        config={"stream": "braze_csv", "folder": ".", "filename": name, "braze_format": True},
        actor=ACTOR,
        now=services.clock(),
    )


def _is_read(world: World, job: Job) -> bool:
    found = get_job(world.services.store, world.account, job.id)
    if found.state in ("failed", "fault"):
        raise SystemExit(found.last_error)
    return found.state == "completed"


def _is_worked_off(world: World) -> bool:
    with world.services.store.transaction() as conn:
        return not lanes_with_work(conn)


def _wait(holds: Callable[[], bool]) -> float:
    deadline = time.perf_counter() + LIMIT_SECONDS
    while not holds():
        if time.perf_counter() > deadline:
            raise SystemExit("not done in an hour")
        time.sleep(PAUSE_SECONDS)
    return time.perf_counter()


def _pack_plain(_: World, plain: Path) -> tuple[int | None, str]:
    return None, plain.name


def _pack_zip(_: World, plain: Path) -> tuple[int | None, str]:
    with zipfile.ZipFile(plain.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(plain, plain.name)
    return None, "users.zip"


def _pack_pgp(world: World, plain: Path) -> tuple[int | None, str]:
    key = Tsk.generate("bench")
    services = world.services
    made = create_authorization(
        services.store,
        services.ring,
        account=world.account,
        provider="sftp",
        method="managed_sftp",
        label="bench",
        config={"username": "bench", "password": "Sesame-42", "pgp_private_key": str(key)},
        actor=ACTOR,
        now=services.clock(),
    )
    folder = managed_folder(services.settings, made.id)
    encrypt_file(
        str(plain), str(folder / "users.csv.pgp"), [key.extract_certificate()], armor=False
    )
    return made.id, "users.csv.pgp"


PACKERS: dict[str, Callable[[World, Path], tuple[int | None, str]]] = {
    "plain": _pack_plain,
    "zip": _pack_zip,
    "pgp": _pack_pgp,
}


def _cpu(product: Running) -> dict[str, float]:
    """Return the processor seconds that each process of the product has used; Linux only."""
    seconds = {}
    for role, pid in product.pids.items():
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds[role] = sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK")
    return seconds


def _peaks(product: Running) -> dict[str, float]:
    """Return the most memory that each process of the product held, in MB; Linux only."""
    peaks = {}
    for role, pid in product.pids.items():
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                peaks[role] = int(line.split()[1]) / 1_000
    return peaks


if __name__ == "__main__":
    main()
