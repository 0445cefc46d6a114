"""`coterie up`: the whole product on one machine."""

import errno
import os
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from ipaddress import IPv6Address, ip_address

import msgspec

from coterie.app.database import owned_database, prepare_database
from coterie.app.services import Services, open_services
from coterie.app.supervisor import Role, Supervisor, serve_command
from coterie.base.clock import system_clock
from coterie.base.errors import PermanentError, UserError
from coterie.base.settings import Settings
from coterie.control.accounts import create_account, list_accounts
from coterie.control.users import ensure_first_person
from coterie.model.control import Actor

OWNER = "coterie up"
READY_SECONDS = 60.0
FIRST_RUN = Actor(name="first run")


class NotReadyError(PermanentError):
    """The web role did not answer in time."""

    code = "not_ready"

    def __init__(self, *, address: str) -> None:
        super().__init__(
            f"Nothing answers at {address} after {READY_SECONDS:.0f} s. The log lines above say "
            "why; `coterie doctor` checks the set-up."
        )


class PortInUseError(UserError):
    """Something else listens where the console and the API should."""

    code = "port_in_use"

    def __init__(self, *, host: str, port: int) -> None:
        super().__init__(
            f"Something already listens on {host}:{port}. Stop it, or choose another port with "
            "COTERIE_PORT (0 takes a free one)."
        )


class ForeignAddressError(UserError):
    """The address to listen on is none of this machine's."""

    code = "foreign_address"

    def __init__(self, *, host: str) -> None:
        super().__init__(
            f"This machine has no address {host!r} to listen on. Set COTERIE_HOST to one of its IP "
            "addresses, to 127.0.0.1 for this machine alone, or to 0.0.0.0 for all of them."
        )


class CannotListenError(UserError):
    """The operating system does not allow to listen there."""

    code = "cannot_listen"

    def __init__(self, *, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"Cannot listen on {host}, port {port}: {reason}. Choose others with COTERIE_HOST and "
            "COTERIE_PORT; ports below 1024 need privileges."
        )


class FirstSignIn(msgspec.Struct, frozen=True):
    """What the first person needs; the password is shown this once."""

    account: int
    email: str
    password: str


class Running(msgspec.Struct, frozen=True):
    """A product that runs: where it is, and what a first run made."""

    address: str
    url: str
    first: FirstSignIn | None
    pids: Mapping[str, int]
    watch: Callable[[threading.Event], None]


@contextmanager
def running_product(
    settings: Settings,
    env: Mapping[str, str],
    *,
    show_first: Callable[[FirstSignIn], None] = lambda _: None,
) -> Iterator[Running]:
    """Start everything, yield once it answers, and stop it in order at the end of the block.

    `show_first` is called as soon as a first run has made a password, whatever fails afterwards.
    """
    host = listening_host(settings.host)
    with ExitStack() as stack:
        if settings.database_url is None:
            server = stack.enter_context(owned_database(settings, owner=OWNER))
            url, keep_running = server.url, server.ensure_running
        else:
            url, keep_running = settings.database_url, lambda: False
        # Before the first run, whose password would be lost if the start failed after it.
        port = free_port(host, wanted=settings.port)
        prepare_database(url, settings, system_clock)
        with open_services(settings, url) as services:
            first = prepare_first_run(services)
        if first is not None:
            show_first(first)
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        child_env = {**env, "COTERIE_DATABASE_URL": url, "COTERIE_PORT": str(port)}
        child_env["COTERIE_HOST"] = host
        child_env["COTERIE_DATA_DIR"] = str(settings.data_dir.resolve())
        supervisor = Supervisor(_roles(settings), child_env, drain=settings.drain_seconds)
        stack.callback(supervisor.stop)
        wait_until_ready(address)
        yield Running(
            address,
            url,
            first,
            supervisor.pids,
            lambda stop: supervisor.run(stop, keep_running),
        )


def prepare_first_run(services: Services) -> FirstSignIn | None:
    """Make the first account with someone who may sign in; None if there are accounts."""
    store, now = services.store, services.clock()
    accounts = list_accounts(store)
    account = (
        accounts[0]
        if accounts
        else create_account(
            store,
            name="My company",
            phone_region=services.settings.phone_region,
            actor=FIRST_RUN,
            clock=services.clock,
        )
    )
    made = ensure_first_person(store, account=account.number, actor=FIRST_RUN, now=now)
    return None if made is None else FirstSignIn(account.number, *made)


def listening_host(host: str) -> str:
    """Return the IP address that `host` means: itself, or that of "localhost".

    Raises ForeignAddressError for other names, which the server does not take.
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(host))
    except ValueError as error:
        raise ForeignAddressError(host=host) from error


def free_port(host: str, *, wanted: int = 0) -> int:
    """Return `wanted`, or any TCP port for 0, if one can listen there on the IP address `host`.

    Asked here because the server shares its port with whoever asks for it. Raises PortInUseError,
    ForeignAddressError, CannotListenError.
    """
    family = socket.AF_INET6 if isinstance(ip_address(host), IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            # As servers do, so that a port whose last connections still linger counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, wanted))
            return int(probe.getsockname()[1])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(host=host, port=wanted) from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise ForeignAddressError(host=host) from error
        reason = error.strerror or str(error)
        raise CannotListenError(host=host, port=wanted, reason=reason) from error


def wait_until_ready(address: str, *, seconds: float = READY_SECONDS) -> None:
    """Return once the web role answers. Raises NotReadyError."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.1)):
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=5):  # noqa: S310 - http
                return
        except (urllib.error.URLError, OSError):
            pause.wait(0.1)
    raise NotReadyError(address=address)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def current_environment() -> Mapping[str, str]:
    """Return the environment of this process, for its children."""
    return dict(os.environ)


def _roles(settings: Settings) -> list[Role]:
    workers = [
        Role(f"worker-{number}", serve_command("worker"))
        for number in range(1, settings.worker_processes + 1)
    ]
    return [
        Role("web", serve_command("web")),
        *workers,
        Role("jobs", serve_command("jobs")),
        Role("sender", serve_command("sender")),
        *([Role("sftp", serve_command("sftp"))] if settings.sftp_port else []),
    ]
