"""All commands of `coterie`, each loaded only when it is called."""

from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import typer

EVERYTHING = ""


class Entry(NamedTuple):
    """A command or a group as the list of commands shows it.

    `modules` make it, the first with its `app`, or with a function of the command's name; the
    others add to that.
    """

    help: str
    modules: tuple[str, ...]


# What a command needs (database, HTTP, SFTP) takes a second or more to import, so the list is here
# and the rest comes when it is called. A test holds the words to those of the modules.
COMMANDS = MappingProxyType({
    "up": Entry(
        "Start the whole product: PostgreSQL, web, worker, jobs, sender. Ctrl-C stops it.", ("up",)
    ),
    "serve": Entry(
        "Run one role, on the database that COTERIE_DATABASE_URL names or the embedded one.",
        ("up",),
    ),
    "doctor": Entry(
        "Check settings, keys, disk, store, clock, worker and every authorization.", ("doctor",)
    ),
})  # fmt: skip
GROUPS = MappingProxyType({
    "account": Entry("Accounts: each a world of its own.", ("account",)),
    "user": Entry("People who may sign in to the console.", ("user",)),
    "token": Entry("Access tokens for programs.", ("token",)),
    "authorization": Entry("Access to outside systems such as Braze.", ("authorization",)),
    "stream": Entry(
        "Streams: the named inputs of an account.", ("stream", "stream_inspect", "stream_rules")
    ),
    "field": Entry("Fields: the named values of a profile.", ("field",)),
    "mapping": Entry("Mappings: which raw data of a stream fill which field.", ("mapping",)),
    "schema": Entry(
        "Fields, mappings and their versions: drafts and what is published.", ("schema",)
    ),
    "replay": Entry("Replays: history mapped anew, beside what is live.", ("replay",)),
    "audience": Entry(
        "Audiences: people who match a filter.",
        ("audience", "audience_insights", "audience_life", "audience_tags"),
    ),
    "changes": Entry("Changes: who entered or left an audience, and why.", ("changes",)),
    "profile": Entry(
        "Profiles: what is known of one person.", ("profile", "profile_why")
    ),
    "erasure": Entry("Erasures: people who are, or were, forgotten.", ("erasure",)),
    "personalization": Entry(
        "What web pages may be told of their visitor without a token.", ("personalization",)
    ),
    "identity": Entry("Identities: who is one person, and why.", ("identity",)),
    "lang": Entry("LQL and FilterQL: try a text on data, without a database.", ("lang",)),
    "job": Entry("Jobs: exports and imports.", ("job",)),
    "delivery": Entry("Deliveries: what goes to destinations, and what they hold.", ("delivery",)),
    "alert": Entry("Alerts: who is told when something goes wrong.", ("alert",)),
    "audit": Entry("The audit log: who changed what.", ("audit",)),
    "log": Entry("Show what the event log holds.", ("event_log",)),
    "scale": Entry("More than one database server.", ("scale",)),
})  # fmt: skip


def build_app(called: str | None = EVERYTHING) -> typer.Typer:
    """Return the command line with the command or group `called` loaded, or everything.

    Of the others it knows the name and what help says in the list; so of all with None.
    """
    app = typer.Typer(
        name="coterie",
        help="The customer data platform that works beside Braze.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name, entry in COMMANDS.items():
        is_called = called in (name, EVERYTHING)
        app.command(name, help=None if is_called else entry.help)(
            _load(entry, name) if is_called else _not_loaded
        )
    for name, entry in GROUPS.items():
        is_called = called in (name, EVERYTHING)
        app.add_typer(_load(entry, "app") if is_called else typer.Typer(name=name, help=entry.help))
    return app


def _load(entry: Entry, what: str) -> Any:
    first, *others = [import_module(f"{__package__}.{name}") for name in entry.modules]
    del others  # Each has added its commands to those of the first.
    return getattr(first, what)


def _not_loaded() -> None:
    raise LookupError("only what is called is loaded")
