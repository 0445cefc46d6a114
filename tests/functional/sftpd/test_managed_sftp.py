import asyncio
import os
import socket
import time
from collections.abc import Callable

import asyncssh
import pytest
from tests.functional.sftpd.conftest import ACCOUNT, PASSWORD, SftpWorld
from tests.openssh import make_key

from coterie.control.audit import list_audit
from coterie.control.managed_sftp import NameTakenError
from coterie.control.provider_forms import BadConfigError

DEADLINE = 60.0


async def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_file_goes_up_and_comes_back_byte_for_byte(world: SftpWorld) -> None:
    user = world.add_user()
    data = os.urandom(3_000_000)
    (world.folder / "users.csv").write_bytes(data)

    said = await world.client().run("put -p users.csv", "ls -l", "get users.csv back.csv")

    assert said.code == 0, said.err
    assert (world.folder / "back.csv").read_bytes() == data
    assert world.names(user) == ["users.csv"]
    verbs = [(entry.verb, entry.detail["file"]) for entry in world.audit()]
    assert verbs == [("uploaded", "users.csv"), ("downloaded", "users.csv")]
    assert world.audit()[0].detail["bytes"] == len(data)
    assert world.audit()[0].detail["from"] == "127.0.0.1"


async def test_a_public_key_lets_in_and_a_password_does_not_have_to(world: SftpWorld) -> None:
    key = world.folder / "id_agency"
    make_key(key)
    world.add_user(password="", public_key=key.with_suffix(".pub").read_text())
    client = world.client()
    client.key = key

    said = await client.run("pwd")

    assert said.code == 0, said.err
    assert "/" in said.out
    assert (await world.client().run("pwd")).code != 0


async def test_users_see_nothing_of_each_other_and_nothing_above(world: SftpWorld) -> None:
    secret = world.folder_of(world.add_user("other")) / "secret.csv"
    secret.write_text("id\n1\n")
    mine = world.add_user()
    number = secret.parent.name
    (world.folder_of(mine) / "way-out").symlink_to(secret.parent)

    for path in (f"../{number}/secret.csv", "/etc/passwd", "way-out/secret.csv"):
        said = await world.client().run(f"get {path} got")
        assert said.code != 0
    assert not (world.folder / "got").exists()
    said = await world.client().run("ln -s /etc/passwd p")
    assert said.code != 0


async def test_an_upload_only_user_reads_and_deletes_nothing(world: SftpWorld) -> None:
    user = world.add_user(access="upload-only")
    (world.folder / "users.csv").write_text("id\n1\n")

    up = await world.client().run("put users.csv", "ls")
    down = await world.client().run("get users.csv back.csv")
    gone = await world.client().run("rm users.csv")

    assert up.code == 0, up.err
    assert "users.csv" in up.out
    assert down.code != 0
    assert not (world.folder / "back.csv").exists() or not (world.folder / "back.csv").read_bytes()
    assert gone.code != 0
    assert world.names(user) == ["users.csv"]


async def test_a_new_version_takes_the_place_of_the_old_in_one_step(world: SftpWorld) -> None:
    user = world.add_user()
    (world.folder / "users.csv").write_text("id\n1\n")
    await world.client().run("put users.csv")
    (world.folder / "users.csv").write_text("id\n1\n2\n")

    said = await world.client().run("put users.csv", "rename users.csv final.csv")

    assert said.code == 0, said.err
    assert (world.folder_of(user) / "final.csv").read_text() == "id\n1\n2\n"
    assert world.names(user) == ["final.csv"]


async def test_an_upload_that_is_cut_off_leaves_no_half_of_a_file(world: SftpWorld) -> None:
    user = world.add_user(kilobytes_per_second=200)
    (world.folder / "users.csv").write_bytes(bytes(4_000_000))
    process = await world.client().start()
    assert process.stdin is not None
    process.stdin.write(b"put users.csv\n")
    await process.stdin.drain()
    await wait_until(lambda: bool(world.names(user)))

    process.kill()
    await process.wait()
    await wait_until(lambda: bool(world.audit()))

    assert world.names(user) == []
    assert [entry.verb for entry in world.audit()] == ["upload_cut"]


async def test_a_client_that_ends_its_session_without_closing_leaves_no_file(
    world: SftpWorld,
) -> None:
    user = world.add_user()
    connection = await asyncssh.connect(
        "127.0.0.1", world.port, username="agency", password=PASSWORD, known_hosts=None, config=None
    )
    async with connection:
        client = await connection.start_sftp_client()
        stream = await client.open("users.csv", "wb")
        await stream.write("id\n1\n")
        assert world.names(user) != []
        client.exit()
        await client.wait_closed()
        await wait_until(lambda: bool(world.audit()))

    assert world.names(user) == []
    assert [entry.verb for entry in world.audit()] == ["upload_cut"]


async def test_size_limits_hold_while_the_bytes_come_in(world: SftpWorld) -> None:
    user = world.add_user(file_limit_mb=1, quota_mb=2)
    (world.folder / "large.csv").write_bytes(bytes(1_500_000))
    (world.folder / "fits.csv").write_bytes(bytes(900_000))

    large = await world.client().run("put large.csv")
    fits = await world.client().run("put fits.csv 1.csv", "put fits.csv 2.csv")
    full = await world.client().run("put fits.csv 3.csv")

    assert large.code != 0
    assert fits.code == 0, fits.err
    assert full.code != 0
    assert (world.folder_of(user) / "2.csv").stat().st_size == 900_000
    assert "large.csv" not in world.names(user)


async def test_five_wrong_passwords_lock_the_name_for_that_address(world: SftpWorld) -> None:
    world.add_user()
    for _ in range(5):
        assert (await world.client(password="Wrong-123").run("pwd")).code != 0

    locked = await world.client().run("pwd")
    world.later(minutes=16)
    after = await world.client().run("pwd")

    assert locked.code != 0
    assert after.code == 0, after.err
    assert [entry.verb for entry in world.audit()] == ["locked"]


async def signs_in(world: SftpWorld, password: str) -> bool:
    """Try one password, without the retries of a client's own."""
    try:
        async with asyncssh.connect(
            "127.0.0.1",
            world.port,
            username="agency",
            password=password,
            client_keys=None,
            agent_path=None,
            known_hosts=None,
            config=None,
        ):
            return True
    except asyncssh.PermissionDenied:
        return False


async def test_a_restart_unlocks_nobody_and_keeps_nothing_readable(world: SftpWorld) -> None:
    world.add_user()
    for _ in range(5):
        assert not await signs_in(world, "Wrong-123")

    async with world.serving():
        locked = not await signs_in(world, PASSWORD)
        world.later(minutes=16)
        is_in_again = await signs_in(world, PASSWORD)

        assert (locked, is_in_again) == (True, True)
        await wait_until(lambda: kept(world) == 1)
        # Of the name nothing is left; the address has failed as often as it did.
        world.later(hours=2)
        assert not await signs_in(world, "Wrong-123")
        assert kept(world) == 2
    with world.services.store.transaction() as conn:
        rows = conn.execute("SELECT who FROM sftp_failure").fetchall()
    assert all(len(who) == 32 and b"agency" not in who for (who,) in rows)


async def test_failures_that_lie_far_apart_lock_nobody(world: SftpWorld) -> None:
    world.add_user()
    for _ in range(6):
        assert not await signs_in(world, "Wrong-123")
        world.later(minutes=61)

    assert await signs_in(world, PASSWORD)


def kept(world: SftpWorld) -> int:
    with world.services.store.transaction() as conn:
        found = conn.execute("SELECT count(*) FROM sftp_failure").fetchone()
    assert found is not None
    return int(found[0])


async def test_there_is_no_shell_no_command_and_no_forwarding(world: SftpWorld) -> None:
    world.add_user()
    async with await asyncssh.connect(
        "127.0.0.1", world.port, username="agency", password=PASSWORD, known_hosts=None, config=None
    ) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", world.port)
        with pytest.raises(asyncssh.Error):
            await connection.run("id", check=True)
        with pytest.raises(asyncssh.Error):
            await connection.run(check=True)


async def test_a_changed_password_and_a_deleted_user_count_at_once(world: SftpWorld) -> None:
    user = world.add_user()
    world.change(user, password="Another-1")

    assert (await world.client().run("pwd")).code != 0
    assert (await world.client(password="Another-1").run("pwd")).code == 0
    kept = list_audit(world.services.store, ACCOUNT)
    assert not any("Another-1" in str(entry.detail) for entry in kept)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"password": "short-1A"[:7]}, "8 to 32 characters"),
        ({"password": "no-upper-case-1"}, "upper-case"),
        ({"password": "NoSpecial1"}, "special"),
        ({"password": ""}, "a password, a public key"),
        ({"username": "-dash"}, "must not start with -"),
        ({"username": "ab"}, "3 to 32"),
        ({"access": "all"}, "upload-only, read-write"),
    ],
)
def test_the_rules_of_a_user_are_told(
    world: SftpWorld, config: dict[str, str], reason: str
) -> None:
    with pytest.raises(BadConfigError, match=reason):
        world.add_user(**config)


def test_two_users_cannot_have_one_name(world: SftpWorld) -> None:
    world.add_user()

    with pytest.raises(NameTakenError, match="Choose another"):
        world.add_user()


async def test_silence_and_noise_do_not_end_the_server(world: SftpWorld) -> None:
    world.add_user()
    for noise in (b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(300)):
        with socket.create_connection(("127.0.0.1", world.port)) as line:
            line.sendall(noise)

    assert (await world.client().run("pwd")).code == 0
