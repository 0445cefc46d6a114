"""A command imports what it needs, and no more before it is called."""

import subprocess
import sys

import pytest

from coterie.cli.commands import COMMANDS, GROUPS

# Each takes a tenth of a second or more; together they doubled the time of every command.
LONG_TO_IMPORT = ("aiohttp", "asyncssh", "granian", "liquid", "litestar")
LISTING = """
import sys
from coterie.cli.commands import build_app
for name in sys.argv[1:]:
    build_app(name)
print(*sys.modules)
"""


def modules_after(*called: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LISTING, *called], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_what_speaks_to_outside_systems_is_not_imported_to_read_a_command() -> None:
    assert modules_after(*COMMANDS, *GROUPS).isdisjoint(LONG_TO_IMPORT)


@pytest.mark.parametrize(
    "name",
    [
        "account", "audience", "authorization", "changes", "delivery", "doctor", "job", "profile",
        "schema", "up",
    ],
)  # fmt: skip
def test_the_languages_are_not_imported_to_read_a_command_about(name: str) -> None:
    assert "coterie.lang.expr.functions" not in modules_after(name)
