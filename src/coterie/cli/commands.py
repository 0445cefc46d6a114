"""All commands of `coterie`."""

import typer

from coterie.cli import (
    account,
    alert,
    audience,
    audience_insights,
    audience_life,
    audit,
    authorization,
    changes,
    delivery,
    doctor,
    erasure,
    event_log,
    field,
    identity,
    job,
    lang,
    mapping,
    personalization,
    profile,
    replay,
    scale,
    schema,
    stream,
    stream_inspect,
    stream_rules,
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
GROUPS = (
    account, user, token, authorization, stream, field, mapping, schema, replay, audience, changes,
    profile, erasure, personalization, identity, lang, job, delivery, alert, audit, event_log,
    scale,
)  # fmt: skip
# These add commands to those of `audience`.
MORE_OF_AUDIENCE = (audience_life, audience_insights)
# These to those of `stream`.
MORE_OF_STREAM = (stream_rules, stream_inspect)
for group in GROUPS:
    app.add_typer(group.app)
