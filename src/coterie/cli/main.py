"""The command `coterie`."""

import sys

import typer
from rich.console import Console

from coterie.base.errors import CoterieError, UserError
from coterie.cli import (
    account,
    audience,
    audit,
    authorization,
    doctor,
    job,
    schema,
    stream,
    token,
    up,
    user,
)

USER_ERROR_CODE = 2
OTHER_ERROR_CODE = 1

app = typer.Typer(
    name="coterie",
    help="The customer data platform that works beside Braze.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up.up)
app.command()(up.serve)
app.command(name="doctor")(doctor.doctor)
for group in (account, user, token, authorization, stream, schema, audience, job, audit):
    app.add_typer(group.app)


def main() -> None:
    """Run the command line; errors that a person can act on end without a traceback."""
    try:
        app()
    except CoterieError as error:
        Console(stderr=True, soft_wrap=True).print(error.message, style="red", markup=False)
        sys.exit(USER_ERROR_CODE if isinstance(error, UserError) else OTHER_ERROR_CODE)
