"""The package on its own: built, installed into an empty environment, started."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
PINS = PACKAGE.parents[1] / "requirements" / "run.txt"
SECONDS = 120

pytestmark = pytest.mark.e2e


def run(command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_the_wheel_installs_alone_and_serves(tmp_path: Path) -> None:
    uv = [sys.executable, "-m", "uv", "--quiet"]
    build = ["build", "--wheel", "--no-build-isolation", "--out-dir", str(tmp_path), str(PACKAGE)]
    built = run([*uv, *build], cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    pins = tmp_path / "pins.txt"
    lines = re.findall(r"^\S+==\S+", PINS.read_text(encoding="utf-8"), re.MULTILINE)
    pins.write_text("\n".join(lines), encoding="utf-8")
    venv = tmp_path / "venv"
    made = run([*uv, "venv", "--python", sys.executable, str(venv)], cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    install = ["pip", "install", "--python", str(venv), "-c", str(pins), str(wheel)]
    try:
        installed = run([*uv, *install], cwd=tmp_path)
    except subprocess.TimeoutExpired:
        pytest.skip(f"uv found no registry within {SECONDS} seconds")
    if installed.returncode:
        pytest.skip(f"the dependencies are not to be had here: {installed.stderr.strip()[-300:]}")

    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(venv / "bin" / "braze-sandbox"), "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--state", ":memory:"], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=env
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        for path in ("/_sandbox/health", "/_sandbox/page"):
            with urllib.request.urlopen(url + path) as answer:  # noqa: S310  # the sandbox's own
                assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
