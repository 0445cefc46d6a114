import asyncio

from tests.functional.connectors.conftest import Server, sftp_server
from tests.functional.imports.conftest import ImportWorld

__all__ = ["sftp_server"]


async def test_files_of_a_clients_sftp_server_are_imported(
    world: ImportWorld, sftp_server: Server
) -> None:
    (sftp_server.folder / "out").mkdir()
    path = sftp_server.folder / "out" / "users.csv"
    path.write_text("id\n1\n2\n")
    world.age(path)
    authorization = world.add_authorization(sftp_server.config())
    job = world.add_job(authorization_id=authorization, filename="users.csv", folder="out")

    await asyncio.to_thread(world.run)

    assert world.job(job)["state"] == "completed"
    assert [event["id"] for event in world.events()] == ["1", "2"]


async def test_a_changed_password_fails_the_job_with_its_cure(
    world: ImportWorld, sftp_server: Server
) -> None:
    authorization = world.add_authorization(sftp_server.config(password="changed"))
    job = world.add_job(authorization_id=authorization, filename="users.csv")

    await asyncio.to_thread(world.run)

    assert world.job(job)["state"] == "failed"
    assert "password" in world.job(job)["last_error"]


async def test_a_file_that_changes_while_it_is_read_is_left_for_later(
    world: ImportWorld, sftp_server: Server
) -> None:
    path = sftp_server.folder / "users.csv"
    path.write_text("id\n1\n")
    world.age(path)
    sftp_server.on_close.append(lambda: path.write_text("id\n1\n2\n"))
    authorization = world.add_authorization(sftp_server.config())
    job = world.add_job(authorization_id=authorization, filename="users.csv")

    await asyncio.to_thread(world.run)
    sftp_server.on_close.clear()
    first = world.job(job)
    events_then = world.events()
    world.later(minutes=1)
    await asyncio.to_thread(world.run)

    assert first["state"] == "fault"
    assert "changed while it was read" in first["last_error"]
    assert events_then == []
    assert [event["id"] for event in world.events()] == ["1", "2"]
