"""Runs `coterie up` as a process of its own, and starts it again when it was killed."""

import base64
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.crash.killer import find_processes

from coterie.app.up import free_port
from coterie.base.settings import Settings, load_settings
from coterie.store import find_running

# Both runs name profiles with the same key, so that the names can be compared.
KEYS = ",".join(
    f"{name}:{base64.b64encode(name.ljust(32, '.').encode()).decode()}" for name in ("test", "root")
)
STOP_SECONDS = 60.0
PATIENCE = 240.0
CHECK_SECONDS = 0.2


class Product:
    """A running product; `address` stays the same over restarts.

    Without `restarts` it stays down once it ended; `settings` are more of its environment.
    """

    def __init__(
        self, folder: Path, *, restarts: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        plain = product_environment(folder / "data", port=free_port("127.0.0.1"))
        self.env = {**plain, **(settings or {})}
        self.settings: Settings = load_settings(self.env)
        self.address = f"http://127.0.0.1:{self.settings.port}"
        self.log = folder / "product.log"
        self._stopping = threading.Event()
        self._process = self._start()
        self._init = threading.Thread(target=self._keep_running, name="init", daemon=True)
        if restarts:
            self._init.start()

    @property
    def url(self) -> str:
        """Where its database is; asked while it runs."""
        found = find_running(self.settings.data_dir)
        assert found is not None, self.last_words()
        return found

    def wait_until_ready(self) -> None:
        """Return once it answers."""
        wait_until(self.is_ready, "ready", self.last_words)

    def is_ready(self) -> bool:
        """Answer whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.address}/health/ready", timeout=5):  # noqa: S310 - our own address
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> int:
        """Ask it to stop and wait until nothing of it is left; return its exit code."""
        self._stopping.set()
        if self._init.is_alive():
            self._init.join()
        self._process.terminate()
        self.wait_until_gone()
        return self._process.returncode

    def wait_until_gone(self) -> None:
        """Return once no process of it is left but for its database."""
        self._process.wait(STOP_SECONDS)
        data_dir = self.settings.data_dir
        wait_until(
            lambda: not find_processes(data_dir), "gone", lambda: str(find_processes(data_dir))
        )

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8").splitlines()[-60:])

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "coterie", "up"],
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _keep_running(self) -> None:
        """Do what the init system of a server does."""
        while not self._stopping.wait(CHECK_SECONDS):
            if self._process.poll() is not None:
                self._process = self._start()


@contextmanager
def running_product(folder: Path, **settings: str) -> Iterator[Product]:
    """Run the product on `folder` until the block ends; then nothing of it is left."""
    product = Product(folder, settings=settings)
    try:
        product.wait_until_ready()
        yield product
    except BaseException:
        print(product.last_words())  # noqa: T201 - shown when the test fails
        raise
    finally:
        code = product.stop()
    assert code == 0, product.last_words()


def product_environment(data_dir: Path, *, port: int) -> Mapping[str, str]:
    """Return the environment of a quick small product."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COTERIE_")}
    return env | {
        "COTERIE_DATA_DIR": str(data_dir),
        "COTERIE_PORT": str(port),
        "COTERIE_SECRET_KEYS": KEYS,
        "COTERIE_PG_SHARED_BUFFERS_MB": "32",
        "COTERIE_ALLOW_PRIVATE_ADDRESSES": "true",
        "COTERIE_FLUSH_SECONDS": "0.2",
        "COTERIE_BATCH_SIZE": "300",
        "COTERIE_DRAIN_SECONDS": "20",
    }


def wait_until(
    holds: Callable[[], bool], what: str, explain: Callable[[], str], *, seconds: float = PATIENCE
) -> None:
    """Return once it holds; fail with the explanation if that takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not {what} after {seconds:.0f} s\n{explain()}"
        time.sleep(0.05)
