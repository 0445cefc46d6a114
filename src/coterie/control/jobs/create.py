"""Making jobs that send: everything they name is checked first."""

from collections.abc import Mapping
from typing import Any

import msgspec

from coterie.base.clock import Clock
from coterie.base.ids import new_id
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.export_checks import (
    check_export,
    check_label,
    check_named,
    kind_of,
    read_export,
)
from coterie.control.jobs.read import add_log
from coterie.control.jobs.said import say_following
from coterie.control.jobs.steps import RESTATED, UNCHECKED
from coterie.control.rows import find_one, get_value, list_all, run, to_json
from coterie.control.sealed import UnknownAuthorizationError
from coterie.model.control import RECHECKING, Actor, Job, JobState
from coterie.model.exports import ExportConfig
from coterie.model.feeds import FeedConfig
from coterie.model.webhooks import WebhookConfig
from coterie.store import Connection, Store, load_queries


class _Id(msgspec.Struct, frozen=True):
    id: int


class _Provider(msgspec.Struct, frozen=True):
    provider: str
    public_config: dict[str, Any]


def create_export(  # noqa: PLR0913 - the job form, spelled out
    store: Store,
    *,
    account: int,
    label: str,
    description: str = "",
    authorization_id: int,
    config: ExportConfig | Mapping[str, Any],
    actor: Actor,
    clock: Clock,
) -> Job:
    """Make an export job; it follows its audiences from this instant on.

    With `existing_users` the present members are sent first. Raises BadJobError,
    UnknownAuthorizationError, UnknownAudienceError, UnknownFieldError.
    """
    label, checked = check_label(label), read_export(config)
    with definition_change(store, clock) as change:
        conn = change.conn
        check_export(checked, now=change.now)
        require_destination(conn, account, authorization_id, checked)
        check_named(conn, account, checked)
        checked = give_outlet(checked)
        destination = ensure_destination(conn, account, authorization_id, checked)
        # Whom other jobs tell of at the destination may not consent to what this one asks.
        asked = {"destination_id": destination}
        asks_others = checked.consent is not None and get_value(
            conn, load_queries("jobs").is_shared, asked, kind=bool
        )
        # Once the present members are sent the worker does the rest, and no runner is needed.
        needs_runner = checked.sends_members or asks_others
        run_at = change.now if needs_runner else checked.expires_at
        state: JobState = "runnable" if needs_runner else "running"
        checkpoint = {RESTATED: "", RECHECKING: dict(UNCHECKED)} if asks_others else {}
        values = {
            "account": account,
            "kind": kind_of(checked),
            "label": label,
            "description": description.strip(),
            "authorization_id": authorization_id,
            "destination_id": destination,
            "config": to_json(checked),
            "checkpoint": to_json(checkpoint),
            "state": state,
            "run_at": run_at,
            "started_at": change.now,
        }
        job = insert_job(change, values, actor=actor)
        if state == "running":
            add_log(conn, job.id, "started", say_following(checked), now=change.now)
        return job


def require_destination(
    conn: Connection, account: int, authorization_id: int, config: ExportConfig
) -> None:
    """Raise unless an export can use the authorization, which is locked until the end.

    Raises UnknownAuthorizationError, BadJobError.
    """
    provider = "webhook" if isinstance(config, WebhookConfig) else "braze"
    public = require_provider(conn, account, authorization_id, provider=provider)
    if config.target[0] == "cohorts" and not public.get("cohort_partner"):
        raise BadJobError(
            message=f"Authorization {authorization_id} has no access to cohorts. Give it the "
            "partner name, the partner API key and the data import key (cohort_partner, "
            "cohort_partner_key, cohort_import_key), or tell Braze in an attribute."
        )


def give_outlet(config: ExportConfig) -> ExportConfig:
    """Return the options with what keeps deliveries of the job apart from any other's, if it."""
    if not isinstance(config, WebhookConfig | FeedConfig):
        return config
    return msgspec.structs.replace(config, outlet=new_id())


def ensure_destination(
    conn: Connection, account: int, authorization_id: int, config: ExportConfig
) -> int:
    """Return the destination that an export writes to, which other jobs may share."""
    queries = load_queries("jobs")
    form, attribute = config.target
    values = {
        "account": account,
        "authorization_id": authorization_id,
        "form": form,
        "attribute": attribute,
    }
    made = find_one(conn, queries.insert_destination, values, row=_Id)
    if made is not None:
        if isinstance(config, FeedConfig):
            choose_repeats(conn, made.id, config)
        return made.id
    return get_value(conn, queries.find_destination, values, kind=int)


def choose_repeats(conn: Connection, destination: int, config: FeedConfig) -> None:
    """Let the delivery of a job do with what had no answer as the job says."""
    values = {"destination_id": destination, "repeats": config.repeats}
    run(conn, load_queries("deliveries").set_repeats, values)


def require_provider(
    conn: Connection, account: int, authorization_id: int, *, provider: str
) -> dict[str, Any]:
    """Return the public options of an authorization for `provider`, locked until the end.

    Raises UnknownAuthorizationError, BadJobError.
    """
    values = {"account": account, "authorization_id": authorization_id}
    query = load_queries("authorizations").lock_authorization
    found = find_one(conn, query, values, row=_Provider)
    if found is None:
        raise UnknownAuthorizationError(account=account, authorization_id=authorization_id)
    if found.provider != provider:
        raise BadJobError(
            message=f"Authorization {authorization_id} is for {found.provider}, and this job "
            f"needs one for {provider}."
        )
    return found.public_config


def insert_job(change: Change, values: Mapping[str, Any], *, actor: Actor) -> Job:
    """Write a checked job down, in the audit log and its own too."""
    row = {"checkpoint": "{}", **values, "created_by": actor.name, "now": change.now}
    (job,) = list_all(change.conn, load_queries("jobs").insert_job, row, row=Job)
    detail = {"kind": job.kind, "label": job.label}
    subject = Subject(job.account, "job", job.id)
    record(change.conn, "created", subject, actor=actor, now=change.now, detail=detail)
    add_log(change.conn, job.id, "created", f"Made by {actor.name}.", now=change.now)
    return job
