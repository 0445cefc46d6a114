"""`make demo` does what it says, and says so with its exit code."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.e2e
def test_the_demo_plays_the_three_flows_and_every_claim_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=280
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " NO " not in done.stdout
    assert "users that Braze holds" in done.stdout


@pytest.mark.e2e
def test_ctrl_c_ends_the_demo_in_the_middle_and_leaves_nothing(tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-u", "-m", "demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    heard = next(line for line in started.stdout if "CDNOW" in line)

    started.send_signal(signal.SIGINT)
    rest, _ = started.communicate(timeout=120)

    assert heard
    assert "nothing is left of it" in rest
    assert started.returncode == 130
    assert list(tmp_path.iterdir()) == []
