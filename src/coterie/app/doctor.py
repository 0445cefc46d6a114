"""Checks an installation, one sentence a line, each with its own cure."""

import os
import shutil
from collections.abc import Generator, Iterator, Mapping
from typing import Literal

import msgspec

from coterie.app.crowding import Crowding
from coterie.app.database import find_database
from coterie.base.clock import Clock
from coterie.base.errors import CoterieError, TransientError, UserError
from coterie.base.keyfile import MissingKeysError, open_key_ring
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings, load_settings
from coterie.base.words import counted
from coterie.control.accounts import list_accounts
from coterie.control.authorizations import list_authorizations
from coterie.control.authorizations import test_authorization as try_authorization
from coterie.control.installation import WrongKeysError, check_keys
from coterie.control.probes import build_probes
from coterie.flow.identity.maintenance import Backlog
from coterie.flow.run.lookup import count_waiting, identity_backlog
from coterie.store import OLDEST_SERVER, Store, server_facts

LEAST_FREE_BYTES = 2 * 2**30
LARGEST_SKEW_SECONDS = 2.0
MANY_WAITING = 100_000


class Finding(msgspec.Struct, frozen=True):
    """One line of the report: `cure` is empty where all is well."""

    state: Literal["ok", "warning", "error"]
    subject: str
    detail: str
    cure: str = ""


def examine(env: Mapping[str, str], clock: Clock) -> Iterator[Finding]:
    """Yield what is found, in the order in which things depend on each other."""
    try:
        settings = load_settings(env)
    except UserError as error:
        yield _failure("settings", error)
        return
    yield Finding("ok", "settings", f"data folder {settings.data_dir.resolve()}")
    yield from _examine_disk(settings)
    try:
        url = find_database(settings)
    except CoterieError as error:
        yield _failure("store", error)
        return
    ring = yield from _examine_keys(settings, is_new=url is None)
    if url is None:
        yield Finding(
            "warning",
            "store",
            "no embedded PostgreSQL runs on the data folder",
            "Start it with `coterie up`, or set COTERIE_DATABASE_URL.",
        )
        return
    try:
        with Store.open(url, max_size=2) as store:
            has_tables = yield from _examine_store(store, clock)
            if not has_tables:
                return
            if ring is not None:
                with store.transaction() as conn:
                    check_keys(conn, ring)
                yield from _examine_authorizations(store, ring, settings, clock)
            yield from _examine_exports(store, clock)
    except WrongKeysError as error:
        yield _failure("keys", error)
    except TransientError as error:
        detail, _, _ = error.message.partition(". ")
        cure = "Start that server, or correct COTERIE_DATABASE_URL; its own log says more."
        yield Finding("error", "store", f"{detail}.", cure)
    except CoterieError as error:
        yield _failure("store", error)


def _failure(subject: str, error: CoterieError) -> Finding:
    # By the house's style a message says what is wrong in its first sentence, then the cure.
    detail, _, cure = error.message.partition(". ")
    return Finding("error", subject, f"{detail}." if cure else detail, cure)


def _examine_keys(settings: Settings, *, is_new: bool) -> Generator[Finding, None, KeyRing | None]:
    """Yield findings about the keys; return the ring if it opens.

    Where no database runs (`is_new`) there may be no keys yet.
    """
    try:
        ring = open_key_ring(settings)
    except MissingKeysError as error:
        failure = _failure("keys", error)
        yield msgspec.structs.replace(failure, state="warning") if is_new else failure
        return None
    except CoterieError as error:
        yield _failure("keys", error)
        return None
    yield Finding("ok", "keys", f"{counted(len(ring.keys), 'sealing key')}; back the folder up")
    return ring


def _examine_exports(store: Store, clock: Clock) -> Iterator[Finding]:
    for account, crowded in Crowding(store, clock).of_all():
        said = (
            f"account {account}: {counted(crowded.users, 'user')} of destination "
            f"{crowded.destination} would hold more than {crowded.limit} audiences"
        )
        cure = (
            "Braze silently drops the oldest. Export fewer audiences to that attribute, or use "
            "booleans; if your contract allows more, set array_limit of the authorization."
        )
        yield Finding("warning", "exports", said, cure)


def _cure_of_authorization(account: int, authorization: int) -> str:
    command, which = "coterie authorization", f"{authorization} --account {account}"
    return (
        f"Correct it with `{command} update {which} --set …`, and try again with "
        f"`{command} test {which}`."
    )


def _examine_disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        cure = "Give it to this user with chown, or set COTERIE_DATA_DIR to another folder."
        yield Finding("error", "disk", f"{folder} cannot be written", cure)
        return
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:.1f} GB free at {folder}"
    if free < LEAST_FREE_BYTES:
        yield Finding("warning", "disk", said, "Free some space: a full disk stops collection.")
    else:
        yield Finding("ok", "disk", said)


def _examine_store(store: Store, clock: Clock) -> Generator[Finding, None, bool]:
    """Yield findings about the database; return whether it has the tables to look into."""
    with store.transaction() as conn:
        facts, now = server_facts(conn), clock()
        waiting = count_waiting(conn) if facts.is_migrated else 0
        backlog = identity_backlog(conn) if facts.is_migrated else None
    if facts.major < OLDEST_SERVER:
        cure = f"Use PostgreSQL {OLDEST_SERVER} or newer."
        yield Finding("error", "store", f"PostgreSQL {facts.major} answers", cure)
    elif not facts.is_migrated:
        cure = "Run `coterie up` once; it applies the migrations."
        yield Finding("error", "store", "the database has no Coterie tables", cure)
    else:
        yield Finding("ok", "store", f"PostgreSQL {facts.major} answers")
    skew = abs((facts.now - now).total_seconds())
    said = f"{skew:.1f} s between this machine's clock and the database's"
    if skew > LARGEST_SKEW_SECONDS:
        cure = "Turn on time synchronisation (chrony or systemd-timesyncd) on both."
        yield Finding("error", "clock", said, cure)
    else:
        yield Finding("ok", "clock", said)
    if waiting > MANY_WAITING:
        cure = "Look at the worker's log; raise COTERIE_WORKER_PROCESSES if it is healthy."
        yield Finding("warning", "worker", f"{waiting:,} events wait for a worker", cure)
    elif facts.is_migrated:
        yield Finding("ok", "worker", f"{waiting:,} events wait for a worker")
    if backlog is not None:
        yield _examine_identities(backlog)
    return facts.is_migrated


def _examine_identities(backlog: Backlog) -> Finding:
    said = f"{backlog.waiting:,} identifiers wait for maintenance"
    if backlog.too_large:
        cure = (
            "Too many people are connected for one process. Find the value that they share with "
            "`coterie identity graph`, and block it with `coterie identity block`."
        )
        return Finding("error", "identities", f"{said}, {backlog.too_large:,} in vain", cure)
    if backlog.waiting:
        cure = "The role jobs settles them by itself; look at its log if the number stays."
        return Finding("warning", "identities", said, cure)
    return Finding("ok", "identities", said)


def _examine_authorizations(
    store: Store, ring: KeyRing, settings: Settings, clock: Clock
) -> Iterator[Finding]:
    probes = build_probes(settings)
    for account in list_accounts(store):
        for known in list_authorizations(store, account.number):
            subject = f"authorization {known.id} {known.label!r} of account {account.number}"
            probe = probes.get(known.provider)
            if probe is None:
                cure = "Delete it: this version has no such provider."
                yield Finding("warning", subject, f"provider {known.provider!r}", cure)
                continue
            tried = try_authorization(
                store,
                ring,
                account=account.number,
                authorization_id=known.id,
                probe=probe,
                now=clock(),
            )
            healthy = tried.health == "healthy"
            cure = "" if healthy else _cure_of_authorization(account.number, known.id)
            yield Finding("ok" if healthy else "error", subject, tried.health_detail, cure)
            if tried.caution and tried.deletes_forgotten:
                yield Finding("warning", subject, tried.caution)
