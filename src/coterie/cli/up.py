"""`coterie up` and `coterie serve`: the product, whole or one role at a time."""

import os
import threading
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from coterie.app.database import prepare_database, serving_database
from coterie.app.parent import end_with_parent
from coterie.app.roles import ROLE_RUNNERS, ROLES, serve_web
from coterie.app.services import open_services
from coterie.app.up import (
    FirstSignIn,
    Running,
    current_environment,
    listening_host,
    running_product,
    stop_on_signals,
)
from coterie.base.clock import system_clock
from coterie.base.errors import UserError
from coterie.base.log import configure_logging
from coterie.base.settings import Settings, load_settings


class UnknownRoleError(UserError):
    """`coterie serve` was asked for a role that does not exist."""

    code = "unknown_role"

    def __init__(self, *, role: str) -> None:
        super().__init__(f"There is no role {role!r}. The roles are {', '.join(ROLES)}.")


def up() -> None:
    """Start the whole product: PostgreSQL, web, worker, jobs, sender. Ctrl-C stops it."""
    settings = _settings()
    console = Console(stderr=True)
    console.print("Starting Coterie …", style="dim")

    def show_first(first: FirstSignIn) -> None:
        console.print(_first_sign_in(first))

    with (
        stop_on_signals() as stop,
        running_product(settings, current_environment(), show_first=show_first) as product,
    ):
        console.print(_welcome(product, settings))
        product.watch(stop)
        console.print("Stopping …", style="dim")
    console.print("Coterie has stopped; nothing was lost.", style="dim")


def serve(
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")],
    parent: Annotated[
        int, typer.Option(help="Stop when this process is no longer the parent.", hidden=True)
    ] = 0,
) -> None:
    """Run one role, on the database that COTERIE_DATABASE_URL names or the embedded one."""
    if role not in ROLES:
        raise UnknownRoleError(role=role)
    settings = _settings()
    if role == "web":
        settings = msgspec.structs.replace(settings, host=listening_host(settings.host))
    if parent:
        end_with_parent(parent, drain=settings.drain_seconds)
    with serving_database(settings, owner=f"coterie serve --role {role}") as url:
        if not parent:
            prepare_database(url, settings, system_clock)
        if role == "web":
            os.environ["COTERIE_DATABASE_URL"] = url
            serve_web(settings)
            return
        with stop_on_signals() as stop, open_services(settings, url) as services:
            ROLE_RUNNERS[role](services, stop)


def _settings() -> Settings:
    settings = load_settings(os.environ)
    configure_logging(settings.log_format, level=settings.log_level)
    threading.current_thread().name = "main"
    return settings


def _first_sign_in(first: FirstSignIn) -> Panel:
    lines = [
        "This is the first run. Once Coterie is running, sign in with",
        f"  e-mail    [bold]{first.email}[/bold]",
        f"  password  [bold]{first.password}[/bold]",
        "The password is shown this once; only its hash is kept.",
        f"Your account number is [bold]{first.account}[/bold].",
    ]
    return Panel("\n".join(lines), title="First sign-in", expand=False)


def _welcome(product: Running, settings: Settings) -> Panel:
    # In brackets of an address rich would see a style of its own.
    lines = [f"Console and API   [bold]{escape(product.address)}[/bold]"]
    if product.first is None:
        lines.append("Forgot the password? coterie user password --help")
    where = settings.database_url and "the PostgreSQL of COTERIE_DATABASE_URL"
    lines += ["", f"Data is in {where or settings.data_dir.resolve()}", "Ctrl-C stops it."]
    return Panel("\n".join(lines), title="Coterie is running", expand=False)
