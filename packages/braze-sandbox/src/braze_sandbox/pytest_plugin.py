"""The pytest fixture `braze_sandbox`."""

from collections.abc import Iterator

import pytest

from braze_sandbox.testing import RunningSandbox, running_sandbox


@pytest.fixture
def braze_sandbox() -> Iterator[RunningSandbox]:
    """Give a fresh sandbox that forgets everything after the test."""
    with running_sandbox() as sandbox:
        yield sandbox
