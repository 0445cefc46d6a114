"""Someone who types what a page says, block by block, on a product of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from braze_sandbox.testing import RunningSandbox, running_sandbox
from coterie.app.up import Running, running_product
from coterie.base.settings import load_settings

DEADLINE = 180.0  # Seconds for one block, on a machine that others use too.


class Reader:
    """Types blocks as a shell does; `real` says what stands for which shown text."""

    def __init__(
        self, product: Running, braze: RunningSandbox, env: dict[str, str], folder: Path
    ) -> None:
        self.braze = braze
        self.address = product.address
        self.folder = folder
        self.real: dict[str, str] = {}
        self._env = env

    def type_in(self, text: str) -> str:
        """Run a block and return what it printed; it has to succeed."""
        for shown, real in self.real.items():
            text = text.replace(shown, real)
        # The reader copies the token; here it comes from the environment of the shell.
        text = "\n".join(line for line in text.splitlines() if not line.startswith("TOKEN="))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def note_token(self, printed: str) -> str:
        """Keep the token that a command printed last, as TOKEN, and return it."""
        token = printed.strip().splitlines()[-1]
        self._env["TOKEN"] = token
        return token

    def write(self, files: Mapping[str, str]) -> None:
        """Put files where the reader works."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


@contextmanager
def reading(folder: Path, *, key: str) -> Iterator[Reader]:
    """Run a product and a sandbox that knows `key`, for a reader who works in `folder`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COTERIE_")}
    env |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}",
        "COTERIE_DATA_DIR": str(folder / "data"),
        "COTERIE_PORT": "0",
        "COTERIE_PG_SHARED_BUFFERS_MB": "32",
        "COTERIE_ALLOW_PRIVATE_ADDRESSES": "true",
        "COTERIE_FLUSH_SECONDS": "0.1",
        "COTERIE_DRAIN_SECONDS": "5",
    }
    with ExitStack() as stack:
        braze = stack.enter_context(running_sandbox(keys=[key]))
        product = stack.enter_context(running_product(load_settings(env), env))
        yield Reader(product, braze, env, folder)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Ask again and again until it is so; fail after a generous time."""
    deadline = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
