"""Rules of who is told when something goes wrong."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.base.seal import KeyRing
from coterie.control.audit import Subject, record
from coterie.control.definitions.audiences import find_audience
from coterie.control.existing import require_account
from coterie.control.jobs.read import UnknownJobError
from coterie.control.rows import find_one, list_all, run, to_json
from coterie.model.alerts import AlertChannel, AlertKind, AlertMetric, AlertRule
from coterie.model.control import Actor, Job
from coterie.store import Connection, Store, load_queries

MOST_RULES = 100
LABEL_LIMIT = 100
STALL_MINUTES = 30
LONGEST_STALL = 7 * 24 * 60
# What can stand in an address without a chance to smuggle another header line.
EMAIL = re.compile(r"[^\s@<>,;:\"\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.\-]{1,189}")


class BadAlertError(UserError):
    """A rule that cannot be kept as asked."""

    code = "bad_alert"


class UnknownAlertError(UserError):
    """The account has no such rule."""

    code = "unknown_alert"

    def __init__(self, *, account: int, rule: int) -> None:
        super().__init__(
            f"Account {account} has no alert {rule}. `coterie alert list` shows those it has."
        )


class NewAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is asked for; `target` is an e-mail address or the address of a webhook."""

    label: str
    kinds: tuple[AlertKind, ...] = ("failure", "stall")
    channel: AlertChannel
    target: str
    job_id: int | None = None
    stall_minutes: int = STALL_MINUTES
    metric: AlertMetric | None = None
    above: int | None = None
    below: int | None = None
    audience: str | None = None


class AlertCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What doors do with alerts, bound to a store; the first parameter is the account."""

    list: Callable[[int], Sequence[AlertRule]]
    create: Callable[[int, NewAlert, Actor], AlertRule]
    delete: Callable[[int, int, Actor], None]


def alert_calls(store: Store, ring: KeyRing, clock: Clock) -> AlertCalls:
    """Return the functions that doors call."""

    def create(account: int, new: NewAlert, actor: Actor) -> AlertRule:
        return create_alert(store, ring, account=account, new=new, actor=actor, clock=clock)

    def delete(account: int, rule: int, actor: Actor) -> None:
        delete_alert(store, account=account, rule=rule, actor=actor, clock=clock)

    return AlertCalls(
        list=lambda account: list_alerts(store, account), create=create, delete=delete
    )


class _Target(msgspec.Struct, frozen=True):
    target_sealed: bytes


def create_alert(
    store: Store, ring: KeyRing, *, account: int, new: NewAlert, actor: Actor, clock: Clock
) -> AlertRule:
    """Keep a rule. Raises BadAlertError or UnknownJobError."""
    _check(new)
    now = clock()
    sealed = ring.seal(new.target.strip().encode(), context=_context(account))
    with store.transaction() as conn:
        require_account(conn, account)
        _check_job(conn, account, new.job_id)
        if new.audience is not None:
            find_audience(conn, account, new.audience)
        if len(_list(conn, account)) >= MOST_RULES:
            raise BadAlertError(
                message=f"An account has at most {MOST_RULES} alerts. Delete one that nobody needs."
            )
        values = {
            **msgspec.structs.asdict(new),
            "label": new.label.strip(),
            "kinds": list(dict.fromkeys(new.kinds)),
            "account": account,
            "target_sealed": sealed,
            "target_shown": _shown(new),
            "created_by": actor.name,
            "now": now,
        }
        (rule,) = list_all(conn, load_queries("alerts").insert_rule, values, row=AlertRule)
        detail = {"label": rule.label, "channel": rule.channel}
        record(
            conn, "created", Subject(account, "alert", rule.id), actor=actor, now=now, detail=detail
        )
        return rule


def list_alerts(store: Store, account: int | None) -> list[AlertRule]:
    """Return the rules of an account, or of all."""
    with store.transaction() as conn:
        return _list(conn, account)


def delete_alert(store: Store, *, account: int, rule: int, actor: Actor, clock: Clock) -> None:
    """Forget a rule. Raises UnknownAlertError."""
    with store.transaction() as conn:
        values = {"account": account, "rule_id": rule}
        if not run(conn, load_queries("alerts").delete_rule, values):
            raise UnknownAlertError(account=account, rule=rule)
        record(conn, "deleted", Subject(account, "alert", rule), actor=actor, now=clock())


def open_target(store: Store, ring: KeyRing, account: int, rule: int) -> str:
    """Return where a rule's alerts go. Raises UnknownAlertError and the errors of a broken seal."""
    values = {"account": account, "rule_id": rule}
    with store.transaction() as conn:
        found = find_one(conn, load_queries("alerts").find_target, values, row=_Target)
    if found is None:
        raise UnknownAlertError(account=account, rule=rule)
    return ring.unseal(found.target_sealed, context=_context(account)).decode()


def note_raised(
    conn: Connection, rule: AlertRule, raised: dict[str, Any], *, error: str | None
) -> None:
    """Keep which conditions people were told of, and why they could not be told."""
    values = {"rule_id": rule.id, "raised": to_json(raised), "last_error": error}
    run(conn, load_queries("alerts").note_raised, values)


def _list(conn: Connection, account: int | None) -> list[AlertRule]:
    return list_all(conn, load_queries("alerts").list_rules, {"account": account}, row=AlertRule)


def _check(new: NewAlert) -> None:
    if not 0 < len(new.label.strip()) <= LABEL_LIMIT:
        raise BadAlertError(message=f"An alert needs a label of 1 to {LABEL_LIMIT} characters.")
    if not new.kinds:
        raise BadAlertError("Choose at least one of failure, stall and threshold.")
    if not 1 <= new.stall_minutes <= LONGEST_STALL:
        raise BadAlertError(message=f"A stall lasts 1 to {LONGEST_STALL:,} minutes.")
    _check_threshold(new)
    target = new.target.strip()
    if new.channel == "email" and not EMAIL.fullmatch(target):
        raise BadAlertError("Give one e-mail address, such as ops@example.org.")
    if new.channel == "webhook" and not _is_address(target):
        raise BadAlertError("Give the webhook's address, starting with https://.")


def _check_threshold(new: NewAlert) -> None:
    numbers = [number for number in (new.below, new.above) if number is not None]
    if ("threshold" in new.kinds) != (new.metric is not None and bool(numbers)):
        raise BadAlertError(
            "A threshold needs a metric and a number that it must not exceed or fall below."
        )
    if any(number < 0 for number in numbers):
        raise BadAlertError("A threshold is 0 or more.")
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        raise BadAlertError("What must not fall below a number must be able to stay under another.")
    if (new.metric == "size") != (new.audience is not None):
        raise BadAlertError("The size is that of an audience: name one, and for no other metric.")
    if new.metric == "size" and (new.job_id is not None or set(new.kinds) != {"threshold"}):
        raise BadAlertError(
            "An alert about an audience's size is about no job: make another one for jobs."
        )


def _is_address(target: str) -> bool:
    try:
        parts = urlsplit(target)
        port_is_fine = parts.port != 0
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and port_is_fine


def _shown(new: NewAlert) -> str:
    # The path of a webhook's address is often its secret.
    return new.target.strip() if new.channel == "email" else urlsplit(new.target).hostname or ""


def _check_job(conn: Connection, account: int, job_id: int | None) -> None:
    if job_id is None:
        return
    values = {"account": account, "job_id": job_id}
    if find_one(conn, load_queries("jobs").find_job, values, row=Job) is None:
        raise UnknownJobError(account=account, job_id=job_id)


def _context(account: int) -> str:
    return f"alert:{account}"


def concerns(rule: AlertRule, jobs: Iterable[int]) -> bool:
    """Answer whether a rule is about any of these jobs."""
    return rule.job_id is None or rule.job_id in set(jobs)


def find_faults(conn: Connection, account: int) -> Sequence[tuple[int, str, str, str]]:
    """Return jobs in fault: id, label, state, error."""
    return conn.execute(
        load_queries("alerts").jobs_in_fault.encode(), {"account": account}
    ).fetchall()


def find_refused(conn: Connection, account: int) -> Sequence[tuple[int, str, str, list[int]]]:
    """Return authorizations that are refused: id, label, detail, jobs that suffer from it."""
    query = load_queries("alerts").refused_authorizations
    return conn.execute(query.encode(), {"account": account}).fetchall()


def find_sent(conn: Connection, account: int, since: datetime) -> dict[int, int]:
    """Return what each destination took since an instant; without those that are younger."""
    values = {"account": account, "since": since}
    found = conn.execute(load_queries("alerts").sent_within.encode(), values)
    return {number: int(sent) for number, sent in found}


def find_size(conn: Connection, account: int, slug: str) -> tuple[str, int] | None:
    """Return name and size of an audience, None while it has no size to go by."""
    values = {"account": account, "slug": slug}
    found = conn.execute(load_queries("alerts").size_noted_last.encode(), values).fetchone()
    return None if found is None else (found[0], int(found[1]))


def find_job_labels(conn: Connection, account: int) -> dict[int, str]:
    """Return what people call the jobs of an account."""
    return dict(
        conn.execute(load_queries("alerts").job_labels.encode(), {"account": account}).fetchall()
    )


def find_authorization_labels(conn: Connection, account: int) -> dict[int, str]:
    """Return what people call the authorizations of an account."""
    query = load_queries("alerts").authorization_labels
    return dict(conn.execute(query.encode(), {"account": account}).fetchall())


def find_sharers(conn: Connection, account: int) -> dict[int, list[int]]:
    """Return the jobs of each destination."""
    query = load_queries("alerts").jobs_of_destinations
    return dict(conn.execute(query.encode(), {"account": account}).fetchall())
