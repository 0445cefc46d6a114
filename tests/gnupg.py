"""The real `gpg`, with a home of its own."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PASSPHRASE = "open sesame"
MISSING = "gpg is not installed (on Debian: apt-get install gnupg)"


class Gpg:
    """Makes keys, encrypts and signs; nothing of the machine's own key ring is touched."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._private: dict[str, str] = {}

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        command = [
            "gpg", "--homedir", str(self.home), "--batch", "--yes", "--quiet", "--no-tty",
            "--pinentry-mode", "loopback", "--trust-model", "always", *arguments,
        ]  # fmt: skip
        done = subprocess.run(command, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make_key(
        self, name: str, kind: str, *, passphrase: str = "", subkey: str = "", at: str = ""
    ) -> None:
        """Make a key named `name`; `at` is when, as 20200101T000000, and then it lives a year."""
        when = ["--faked-system-time", at] if at else []
        life = "1y" if at else "0"
        usage = "cert" if subkey else "sign,encr" if kind.startswith("rsa") else "sign"
        self.run(*when, "--passphrase", passphrase, "--quick-gen-key", name, kind, usage, life)
        if subkey:
            listed = self.run("--with-colons", "--list-keys", name).decode()
            print_ = next(line for line in listed.splitlines() if line.startswith("fpr"))
            fingerprint = print_.split(":")[9]
            for sub, what in ((subkey, "encr"), (kind, "sign")):
                self.run(
                    "--passphrase", passphrase, "--quick-add-key", fingerprint, sub, what, life
                )

    def private_key(self, name: str, *, passphrase: str = "") -> str:
        export = ("--armor", "--passphrase", passphrase, "--export-secret-keys", name)
        # What a passphrase protects takes gpg a while, on purpose.
        if name not in self._private:
            self._private[name] = self.run(*export).decode()
        return self._private[name]

    def public_key(self, name: str) -> str:
        return self.run("--armor", "--export", name).decode()


def open_gpg() -> Iterator[Gpg]:
    """Yield a gpg with keys: rsa, ecc (with a passphrase), sender; skip where there is none."""
    if shutil.which("gpg") is None:
        pytest.skip(MISSING)
    # Its agent's socket needs a short path, which a test's own folder is not.
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        gpg = Gpg(Path(home))
        gpg.home.chmod(0o700)
        # By itself it makes a passphrase take a tenth of a second, on an idle machine.
        (gpg.home / "gpg-agent.conf").write_text("s2k-count 65536\n")
        try:
            gpg.make_key("rsa", "rsa2048")
            gpg.make_key("ecc", "ed25519", subkey="cv25519", passphrase=PASSPHRASE)
            gpg.make_key("sender", "ed25519")
            yield gpg
        finally:
            subprocess.run(
                ["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True, check=False
            )
