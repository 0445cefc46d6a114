"""The command `coterie`."""

import sys

from rich.console import Console

from coterie.base.errors import CoterieError, UserError

USER_ERROR_CODE = 2
OTHER_ERROR_CODE = 1
LANG = "lang"


def main() -> None:
    """Run the command line; errors that a person can act on end without a traceback."""
    try:
        _run(sys.argv[1:])
    except CoterieError as error:
        Console(stderr=True, soft_wrap=True).print(error.message, style="red", markup=False)
        sys.exit(USER_ERROR_CODE if isinstance(error, UserError) else OTHER_ERROR_CODE)


def _run(words: list[str]) -> None:
    # The languages are asked case by case from outside, so theirs is the quick start: all that
    # the other commands import (database, HTTP, SFTP) takes several times as long.
    if words[:1] == [LANG]:
        from coterie.cli.lang import app as lang_app

        lang_app(words[1:], prog_name=f"coterie {LANG}")
    from coterie.cli.commands import app

    app()
