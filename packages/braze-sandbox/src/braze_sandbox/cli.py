"""The `braze-sandbox` command."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from braze_sandbox.auth.keys import make_key
from braze_sandbox.clock import system_clock
from braze_sandbox.errors import SandboxError
from braze_sandbox.ids import new_id
from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.settings import Settings, change_settings
from braze_sandbox.store.database import MEMORY, Database
from braze_sandbox.store.state import DEFAULT_WORKSPACE, State

app = typer.Typer(
    help="A faithful local stand-in for Braze.", no_args_is_help=True, add_completion=False
)
keys_app = typer.Typer(help="REST keys.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")

StateOption = Annotated[
    str, typer.Option(help="Folder that keeps users and keys, or :memory: to forget at the end.")
]


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="0 takes any free port.")] = 0,
    host: Annotated[str, typer.Option(help="The admin routes need no key: keep to loopback.")] = (
        "127.0.0.1"
    ),
    state: StateOption = MEMORY,
    key: Annotated[
        list[str] | None,
        typer.Option(help="Create a REST key, KEY or KEY:permission,permission. Repeatable."),
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option(help="Change a setting, name=JSON value. Repeatable.")
    ] = None,
    blackhole: Annotated[
        bool, typer.Option("--blackhole", help="Validate, count and answer; keep nothing.")
    ] = False,
) -> None:
    """Serve until SIGTERM or Ctrl-C; print the URL once listening."""
    settings = _read_settings([*(setting or ()), *(["blackhole=true"] if blackhole else ())])
    asyncio.run(_serve(host, port, state=state, keys=key or [], settings=settings))


@keys_app.command("create")
def create_key(
    state: StateOption,
    permission: Annotated[
        list[str] | None, typer.Option(help="A permission name; none gives all. Repeatable.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    workspace: Annotated[str, typer.Option(help="The workspace it opens.")] = DEFAULT_WORKSPACE,
    allow_ip: Annotated[
        list[str] | None, typer.Option(help="An address or subnet that may use it. Repeatable.")
    ] = None,
    secret: Annotated[str, typer.Option(help="The key itself; made up if left out.")] = "",
) -> None:
    """Create a REST key, also while a sandbox serves the folder, and print it."""
    text = secret or new_id()
    store = State(Database(state))
    try:
        store.add_workspace(workspace, workspace)
        store.add_key(
            make_key(
                text,
                workspace=workspace,
                now=system_clock(),
                name=name,
                permissions=permission or (),
                allowed_ips=allow_ip or (),
            )
        )
    finally:
        store.close()
    print(text)


@keys_app.command("list")
def list_keys(state: StateOption) -> None:
    """Print the REST keys of a folder with their workspaces and permissions."""
    store = State(Database(state))
    try:
        for key in store.list_keys():
            print(f"{key.key}\t{key.workspace}\t{key.name}\t{','.join(key.permissions)}")
    finally:
        store.close()


def main() -> None:
    """Run the command; an error that the caller can cure is one line on stderr."""
    try:
        app()
    except SandboxError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


async def _serve(host: str, port: int, *, state: str, keys: list[str], settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    place: str | Path = state if state == MEMORY else Path(state)
    async with BrazeSandbox.start(
        state=place, keys=keys, settings=settings, host=host, port=port
    ) as sandbox:
        print(f"braze-sandbox listening on {sandbox.url}", flush=True)
        if not sandbox.engine.state.list_keys():
            key = make_key(new_id(), workspace=DEFAULT_WORKSPACE, now=system_clock())
            sandbox.engine.state.add_key(key)
            print(f"REST key with all permissions: {key.key}", flush=True)
        print(f"Pages: {sandbox.url}/_sandbox/page", flush=True)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, sandbox.background), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()


def _read_settings(changes: list[str]) -> Settings:
    pairs = dict(change.partition("=")[::2] for change in changes)
    decoded = {name: _read_value(text) for name, text in pairs.items()}
    return change_settings(Settings(), decoded)


def _read_value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
