"""The real OpenSSH: its `sftp` as a client, its `sshd` as a server."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

NO_CLIENT = "OpenSSH's sftp is not installed (on Debian: apt-get install openssh-client)"
NO_SERVER = "OpenSSH's sshd is not installed (on Debian: apt-get install openssh-server)"
SSHD = next(
    (path for path in ("/usr/sbin/sshd", "/usr/local/sbin/sshd") if Path(path).exists()), ""
)
READY_SECONDS = 60.0


class Said(msgspec.Struct, frozen=True):
    """How a client's session ended."""

    code: int
    out: str
    err: str


class SftpClient:
    """OpenSSH's sftp with a password or a key, and nothing of the machine's own settings."""

    def __init__(self, folder: Path, *, port: int, username: str) -> None:
        if shutil.which("sftp") is None:
            pytest.skip(NO_CLIENT)
        self.folder = folder
        self.port = port
        self.username = username
        self.key: Path | None = None
        self.password = ""

    async def run(self, *commands: str, options: tuple[str, ...] = ()) -> Said:
        """Run commands in order; the first that fails ends the session."""
        process = await self.start(options=options)
        out, err = await process.communicate("\n".join([*commands, ""]).encode())
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def start(self, *, options: tuple[str, ...] = ()) -> asyncio.subprocess.Process:
        """Start a session that takes commands from its standard input."""
        ask = self.folder / "askpass.sh"
        ask.write_text(f"#!/bin/sh\nprintf '%s\\n' '{self.password}'\n")
        ask.chmod(0o700)
        wants_key = self.key is not None
        how = [
            f"-oPubkeyAuthentication={'yes' if wants_key else 'no'}",
            f"-oPasswordAuthentication={'no' if wants_key else 'yes'}",
            *([f"-oIdentityFile={self.key}"] if wants_key else []),
        ]
        return await asyncio.create_subprocess_exec(
            "sftp", "-F", "/dev/null", "-oBatchMode=no", "-oStrictHostKeyChecking=no",
            "-oUserKnownHostsFile=/dev/null", "-oNumberOfPasswordPrompts=1", "-oIdentitiesOnly=yes",
            "-oKbdInteractiveAuthentication=no", "-oLogLevel=ERROR", *how, *options,
            "-P", str(self.port), "-b", "-", f"{self.username}@127.0.0.1",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"},
            cwd=self.folder,
        )  # fmt: skip


class Sshd(msgspec.Struct, frozen=True):
    """A running server: who may sign in with which key, and what it shows."""

    port: int
    username: str
    private_key: str
    host_key: str
    folder: Path

    def config(self, **changes: object) -> dict[str, object]:
        """Return the configuration of an authorization for this server."""
        plain = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": self.username,
            "private_key": self.private_key,
            "folder": str(self.folder),
        }
        return {**plain, **changes}


@contextmanager
def running_sshd(folder: Path, *, host_key: Path | None = None, port: int = 0) -> Iterator[Sshd]:
    """Run OpenSSH's own server on loopback, for the user that the tests run as."""
    if not SSHD:
        pytest.skip(NO_SERVER)
    files = folder / "files"
    files.mkdir(exist_ok=True)
    user_key, shown = folder / "id_user", host_key or folder / "id_host"
    for path in (user_key, shown):
        if not path.exists():
            make_key(path)
    port = port or _free_port()
    allowed = folder / "authorized_keys"
    allowed.write_text(user_key.with_suffix(".pub").read_text())
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {shown}\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {allowed}\nStrictModes no\nPasswordAuthentication no\n"
        "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    # As root it wants a folder to lock its children into.
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = (folder / "sshd.log").open("ab")
    with log:
        process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(config)], stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        _wait_until_listening(port, process, folder / "sshd.log")
        yield Sshd(
            port=port,
            username=os.environ.get("USER") or _username(),
            private_key=user_key.read_text(),
            host_key=" ".join(shown.with_suffix(".pub").read_text().split()[:2]),
            folder=files,
        )
    finally:
        process.terminate()
        process.wait()


def make_key(path: Path, *, passphrase: str = "", kind: str = "ed25519") -> None:
    """Write a key pair to `path` and `path`.pub with ssh-keygen."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True)


def _username() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, check=True).stdout.decode().strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_listening(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        else:
            return
