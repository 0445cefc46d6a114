import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from coterie.store import Embedded, find_running
from coterie.store.binaries import NoServerProgramsError
from coterie.store.folder import Folder
from coterie.store.machine import memory_bytes
from coterie.store.ownership import DataFolderInUseError
from coterie.store.postmaster import find_children, find_live_postmaster, is_alive, wait_until
from coterie.store.server_settings import buffers_megabytes

# The owner says its server's address, then lives until it is killed or its input ends.
OWNER = """
import sys
from pathlib import Path
from coterie.store import Embedded
with Embedded.open(Path(sys.argv[1]), owner="the first owner", shared_buffers_mb=16) as server:
    print("URL", server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A folder whose server, if a test leaves one, is ended afterwards."""
    path = tmp_path / "data"
    yield path
    running = find_live_postmaster(Folder.at(path).pgdata)
    if running is not None:
        os.kill(running.pid, signal.SIGQUIT)
        assert wait_until(lambda: not is_alive(running.pid), seconds=20)


def open_server(data_dir: Path, *, shared_buffers_mb: int = 16) -> Embedded:
    return Embedded.open(data_dir, owner="a test", shared_buffers_mb=shared_buffers_mb)


def query(url: str, text: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(text)
        return cursor.fetchall() if cursor.description else []


def pid_of(data_dir: Path) -> int:
    running = find_live_postmaster(Folder.at(data_dir).pgdata)
    assert running is not None
    return running.pid


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_alive(pid), seconds=20)


@contextmanager
def other_owner(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that owns the folder; yields it and its server's address."""
    words = [sys.executable, "-c", OWNER, str(data_dir)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = next(line[4:].strip() for line in process.stdout if line.startswith("URL "))
            yield process, url
        finally:
            process.kill()


def test_a_new_folder_becomes_a_server_within_seconds(data_dir: Path) -> None:
    started = time.monotonic()

    with open_server(data_dir) as server:
        seconds = time.monotonic() - started
        encoding = query(server.url, "SHOW server_encoding")

    assert seconds < 15  # It takes 0.7 on an idle machine, and tests share theirs.
    assert encoding == [("UTF8",)]


def test_data_survive_a_stop_and_a_start(data_dir: Path) -> None:
    with open_server(data_dir) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 7 AS n")

    with open_server(data_dir) as server:
        rows = query(server.url, "SELECT n FROM kept")

    assert rows == [(7,)]


def test_a_stopped_server_leaves_no_process_and_no_address(data_dir: Path) -> None:
    server = open_server(data_dir)
    pid = pid_of(data_dir)

    server.stop()
    server.stop()

    assert not is_alive(pid)
    assert find_children(Folder.at(data_dir).name) == []
    assert find_running(data_dir) is None


def test_others_find_the_server_while_it_runs(data_dir: Path) -> None:
    assert find_running(data_dir) is None

    with open_server(data_dir) as server:
        found = find_running(data_dir)

    assert found == server.url


def test_the_server_listens_on_its_socket_alone(data_dir: Path) -> None:
    with open_server(data_dir) as server:
        addresses = query(server.url, "SHOW listen_addresses")
        descriptors = Path(f"/proc/{pid_of(data_dir)}/fd")
        links = {os.readlink(each) for each in descriptors.iterdir()}
        tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
        rows = [row.split() for each in tables for row in each.read_text().splitlines()[1:]]
        # The folder is elsewhere where the data folder's path is too long for a socket.
        mode = Path(str(conninfo_to_dict(server.url)["host"])).stat().st_mode & 0o777

    assert addresses == [("",)]
    assert not links & {f"socket:[{row[9]}]" for row in rows}
    assert mode == 0o700


def test_the_server_logs_no_values_of_failing_statements(data_dir: Path) -> None:
    with open_server(data_dir) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE one (email text PRIMARY KEY)")
        connection.execute("INSERT INTO one VALUES ('anna@example.org')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO one VALUES ('anna@example.org')")

    logs = [path.read_text() for path in Folder.at(data_dir).log.glob("*.log")]
    assert any("duplicate key" in text for text in logs)
    assert not any("anna@example.org" in text for text in logs)


def test_a_second_owner_is_refused_and_told_who_is_first(data_dir: Path) -> None:
    with other_owner(data_dir) as (process, url):
        with pytest.raises(DataFolderInUseError) as caught:
            open_server(data_dir)
        rows = query(url, "SELECT 1")

    assert f"in use by `the first owner` (process {process.pid})" in caught.value.message
    assert "COTERIE_DATA_DIR" in caught.value.message
    assert rows == [(1,)]


def test_the_same_process_is_refused_a_second_time(data_dir: Path) -> None:
    with open_server(data_dir), pytest.raises(DataFolderInUseError, match="`a test`"):
        open_server(data_dir)


def test_a_server_whose_owner_was_killed_is_taken_over(data_dir: Path) -> None:
    with other_owner(data_dir) as (process, url):
        query(url, "CREATE TABLE kept AS SELECT 7 AS n")
        before = pid_of(data_dir)
        kill(process.pid)

        with open_server(data_dir) as server:
            after = pid_of(data_dir)
            rows = query(server.url, "SELECT n FROM kept")

    assert after == before
    assert rows == [(7,)]


def test_a_server_taken_over_gets_the_new_owners_settings(data_dir: Path) -> None:
    with other_owner(data_dir) as (process, _):
        before = pid_of(data_dir)
        kill(process.pid)

        with open_server(data_dir, shared_buffers_mb=24) as server:
            after = pid_of(data_dir)
            rows = query(server.url, "SHOW shared_buffers")

    assert after != before
    assert rows == [("24MB",)]


def test_a_server_keeps_as_many_pages_as_the_machine_s_memory_allows(data_dir: Path) -> None:
    pages = "SELECT setting::bigint * 8 / 1024 FROM pg_settings WHERE name = 'shared_buffers'"

    with Embedded.open(data_dir, owner="a test") as server:
        rows = query(server.url, pages)

    assert rows == [(buffers_megabytes(memory_bytes()),)]


def test_a_killed_server_is_started_again_with_all_that_was_committed(data_dir: Path) -> None:
    with open_server(data_dir) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
        kill(pid_of(data_dir))
        was_running = server.is_running()

        has_started = server.ensure_running()
        rows = query(server.url, "SELECT n FROM kept")

    assert not was_running
    assert has_started
    assert rows == [(7,)]


def test_a_running_server_is_left_alone(data_dir: Path) -> None:
    with open_server(data_dir) as server:
        before = pid_of(data_dir)

        has_started = server.ensure_running()

        assert not has_started
        assert pid_of(data_dir) == before


def test_all_that_was_committed_survives_the_kill_of_everything(data_dir: Path) -> None:
    with other_owner(data_dir) as (process, url):
        query(url, "CREATE TABLE kept AS SELECT 7 AS n")
        processes = [process.pid, pid_of(data_dir), *find_children(Folder.at(data_dir).name)]
        for pid in processes:
            # A child whose postmaster is gone may end before its turn comes.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

        with open_server(data_dir) as server:
            rows = query(server.url, "SELECT n FROM kept")

    assert rows == [(7,)]


def test_a_busy_process_of_a_killed_server_does_not_block_the_next(data_dir: Path) -> None:
    with open_server(data_dir) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
        with closing(psycopg.connect(server.url)) as busy:
            # A backend that computes does not notice that the main process is gone.
            busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000000)")
            backend = busy.info.backend_pid
            kill(pid_of(data_dir))

            server.ensure_running()
        rows = query(server.url, "SELECT n FROM kept")

    assert not is_alive(backend)
    assert rows == [(7,)]


def test_a_left_over_pid_file_that_names_a_stranger_is_ignored(data_dir: Path) -> None:
    open_server(data_dir).stop()
    pid_file = Folder.at(data_dir).pgdata / "postmaster.pid"
    pid_file.write_text(
        f"{os.getpid()}\n{pid_file.parent}\n1700000000\n5432\n/nowhere\n\n\nready\n"
    )

    with open_server(data_dir) as server:
        rows = query(server.url, "SELECT 1")

    assert rows == [(1,)]


def test_a_half_made_database_is_made_anew(data_dir: Path) -> None:
    half = Folder.at(data_dir).server / "new-killed"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    with open_server(data_dir) as server:
        rows = query(server.url, "SELECT 1")

    assert rows == [(1,)]
    assert not half.exists()


@pytest.mark.parametrize(
    "name",
    ["d" * 120, 'it\'s a "folder", with 100 % \\odd signs', "Ordner für Übung"],
    ids=["long", "signs", "umlauts"],
)
def test_any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    data_dir = tmp_path / name

    with open_server(data_dir) as server:
        first = query(server.url, "SELECT 1")
        found = find_running(data_dir)
    with open_server(data_dir) as server:
        again = query(server.url, "SELECT 1")

    assert first == again == [(1,)]
    assert found is not None


def test_a_far_socket_folder_is_private_and_goes_with_the_server(tmp_path: Path) -> None:
    data_dir = tmp_path / ("d" * 120)

    with open_server(data_dir) as server:
        far = Path(str(psycopg.conninfo.conninfo_to_dict(server.url)["host"]))
        mode = far.stat().st_mode & 0o777

    assert mode == 0o700
    assert not far.is_relative_to(tmp_path)
    assert not far.exists()


def test_data_of_another_major_version_are_left_alone(data_dir: Path) -> None:
    open_server(data_dir).stop()
    version = Folder.at(data_dir).pgdata / "PG_VERSION"
    version.write_text("11\n")

    with pytest.raises(NoServerProgramsError, match=r"No PostgreSQL 11 found .*18 in"):
        open_server(data_dir)


def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    open_server(data_dir).stop()
    (Folder.at(data_dir).pgdata / "global" / "pg_control").write_bytes(b"")

    with pytest.raises(Exception, match="pg_control") as caught:
        open_server(data_dir)

    assert type(caught.value).__name__ == "ServerStartError"
    with pytest.raises(Exception, match="pg_control"):
        open_server(data_dir)
