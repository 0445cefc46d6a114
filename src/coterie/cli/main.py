"""The command `coterie`."""

import sys

from rich.console import Console

from coterie.base.errors import CoterieError, UserError
from coterie.cli.commands import build_app

USER_ERROR_CODE = 2
OTHER_ERROR_CODE = 1


def main() -> None:
    """Run the command line; errors that a person can act on end without a traceback."""
    try:
        _run(sys.argv[1:])
    except CoterieError as error:
        Console(stderr=True, soft_wrap=True).print(error.message, style="red", markup=False)
        sys.exit(USER_ERROR_CODE if isinstance(error, UserError) else OTHER_ERROR_CODE)


def _run(words: list[str]) -> None:
    called = next((word for word in words if not word.startswith("-")), None)
    build_app(called)()
