"""What the demo needs around the product: the Braze sandbox and a client's SFTP server."""

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

BRAZE_KEY = "00000000-0000-4000-8000-00000000cafe"
LISTENING = re.compile(rb"listening on (\S+)")
SFTP_USER, SFTP_PASSWORD = "braze-files", "demo-only-password"


@contextmanager
def running_sandbox() -> Iterator[str]:
    """Run the Braze sandbox as a process of its own; yield its URL."""
    command = [sys.executable, "-m", "braze_sandbox", "serve", "--port", "0", "--key", BRAZE_KEY]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    try:
        line = process.stdout.readline() if process.stdout else b""
        found = LISTENING.search(line)
        if found is None:
            raise SystemExit("The Braze sandbox did not start; its output is above.")
        yield found.group(1).decode()
    finally:
        process.terminate()
        process.wait()


@contextmanager
def running_sftp(folder: Path) -> Iterator[int]:
    """Serve a folder as a client's SFTP server would; yield the port."""
    ready, stop = threading.Event(), threading.Event()
    ports: list[int] = []
    thread = threading.Thread(
        target=lambda: asyncio.run(_serve_sftp(folder, ports, ready, stop)), daemon=True
    )
    thread.start()
    try:
        if not ready.wait(30) or not ports:
            raise SystemExit("The SFTP server of the demo did not start.")
        yield ports[0]
    finally:
        stop.set()
        thread.join()


class _Guard(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - everyone must sign in
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (SFTP_USER, SFTP_PASSWORD)


async def _serve_sftp(
    folder: Path, ports: list[int], ready: threading.Event, stop: threading.Event
) -> None:
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=_Guard,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder).encode()),
        allow_scp=False,
    )
    async with server:
        ports.append(server.get_port())
        ready.set()
        await asyncio.to_thread(stop.wait)
