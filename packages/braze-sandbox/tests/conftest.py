"""The sandbox and the receiver that the tests speak to."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher, catching_webhooks
from braze_sandbox.testing import RunningSandbox, running_sandbox

_VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors"


@pytest.fixture(scope="session")
def served() -> Iterator[RunningSandbox]:
    with running_sandbox(keys=["sandbox-key"]) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: RunningSandbox) -> Iterator[RunningSandbox]:
    before = served.call("GET", "/settings")
    served.reset(everything=True)
    yield served
    served.set(**before)
    served.reset(everything=True)


@pytest.fixture
def catcher() -> Iterator[WebhookCatcher]:
    with catching_webhooks() as receiver:
        yield receiver


@pytest.fixture
def vectors() -> Callable[[str], Any]:
    def read(name: str) -> Any:
        path = _VECTORS / name
        if not path.exists():
            pytest.skip(f"the shared vectors are not here: {name}")
        return json.loads(path.read_text(encoding="utf-8"))

    return read
