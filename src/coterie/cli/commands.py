"""All commands of `coterie`."""

import typer

from coterie.cli import (
    account,
    audience,
    audit,
    authorization,
    doctor,
    job,
    lang,
    schema,
    stream,
    token,
    up,
    user,
)

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
for group in (account, user, token, authorization, stream, schema, audience, lang, job, audit):
    app.add_typer(group.app)
