"""What reads fields by their names, and lets it follow when they get others."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change
from coterie.control.definitions.config_fields import fields_named, rename_in
from coterie.control.definitions.lengths import check_length
from coterie.control.rows import find_one, list_all, run, to_json
from coterie.lang.filterql import StoredFilters, compile_filter, read_stored, rename_fields
from coterie.model.checkpoints import EDITION, PROGRESS
from coterie.model.control import Actor, Job, JobState, Personalization
from coterie.model.file_exports import ExportFilesConfig
from coterie.model.schema import Schema
from coterie.store import Connection, load_queries

PUBLIC = "what is public of people"
_AT_WORK: tuple[JobState, ...] = ("running", "runnable", "fault", "paused", "failed")


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Something that reads a field by its name: an audience, a job, or what is public."""

    field: str
    kind: str
    name: str


class _Audience(msgspec.Struct, frozen=True):
    id: int
    slug: str
    filter_text: str


def find_readers(conn: Connection, account: int, fields: frozenset[str]) -> Iterator[Reader]:
    """Yield what reads one of `fields`."""
    if not fields:
        return
    filters = _read(_audiences(conn, account)).filters
    for slug, flt in sorted(filters.items()):
        for field in sorted(compile_filter(flt).reads & fields):
            yield Reader(field=field, kind="audience", name=slug)
    for job in _jobs(conn, account):
        for field in sorted(fields_named(job.config) & fields):
            yield Reader(field=field, kind="job", name=job.label)
    public = _find_public(conn, account)
    if public is not None:
        for field in sorted({*public.fields, *public.by_fields} & fields):
            yield Reader(field=field, kind="public", name=PUBLIC)


def rename_for_readers(
    change: Change, before: Schema, names: Mapping[str, str], *, account: int, actor: Actor
) -> None:
    """Let all that reads a field of `before` read it by its new name (by the old one).

    They mean what they meant, so nobody is asked anew. Raises TextTooLongError.
    """
    if names:
        _rename_in_audiences(change, before, names, account, actor)
        _rename_in_jobs(change, names, account, actor)
        _rename_in_public(change, names, account)


def _rename_in_audiences(
    change: Change, before: Schema, names: Mapping[str, str], account: int, actor: Actor
) -> None:
    known = {field.name for field in before.fields}
    rows = _audiences(change.conn, account)
    filters = _read(rows).filters
    for row in rows:
        flt = filters.get(row.slug)
        text = row.filter_text if flt is None else rename_fields(flt, names, known)
        if text == row.filter_text:
            continue
        check_length(text, what=f"The filter of {row.slug}")
        values = {"audience_id": row.id, "filter_text": text, "now": change.now}
        run(change.conn, load_queries("definitions").respell_audience, values)
        subject = Subject(account, "audience", row.slug)
        _note(change, subject, names, actor)


def _rename_in_jobs(change: Change, names: Mapping[str, str], account: int, actor: Actor) -> None:
    for job in _jobs(change.conn, account):
        config = rename_in(job.config, names)
        if config == job.config:
            continue
        values = {
            "job_id": job.id,
            "config": to_json(config),
            "checkpoint": to_json(_begun_again(job)),
            "now": change.now,
        }
        run(change.conn, load_queries("jobs").respell_job, values)
        _note(change, Subject(account, "job", job.id), names, actor)


def _begun_again(job: Job) -> dict[str, Any]:
    """Return the checkpoint of a job whose file, if one is being written, begins again."""
    if not isinstance(job.config, ExportFilesConfig) or job.state not in _AT_WORK:
        return job.checkpoint
    kept = {key: value for key, value in job.checkpoint.items() if key != PROGRESS}
    return {**kept, EDITION: int(kept.get(EDITION, 0)) + 1}


def _rename_in_public(change: Change, names: Mapping[str, str], account: int) -> None:
    public = _find_public(change.conn, account)
    if public is None or not names.keys() & {*public.fields, *public.by_fields}:
        return
    values = {
        "account": account,
        "fields": [names.get(field, field) for field in public.fields],
        "audiences": list(public.audiences),
        "by_fields": [names.get(field, field) for field in public.by_fields],
        "origins": list(public.origins),
        "now": change.now,
    }
    run(change.conn, load_queries("personalization").save_personalization, values)


def _note(change: Change, subject: Subject, names: Mapping[str, str], actor: Actor) -> None:
    detail = {"renamed_fields": dict(names)}
    record(change.conn, "updated", subject, actor=actor, now=change.now, detail=detail)


def _audiences(conn: Connection, account: int) -> list[_Audience]:
    query = load_queries("definitions").list_filters
    return list_all(conn, query, {"account": account}, row=_Audience)


def _read(rows: Iterable[_Audience]) -> StoredFilters:
    # What can no longer be read stays as it is, and is set aside as before.
    return read_stored({row.slug: row.filter_text for row in rows})


def _jobs(conn: Connection, account: int) -> list[Job]:
    values = {"account": account, "with_deleted": False}
    return list_all(conn, load_queries("jobs").list_jobs, values, row=Job)


def _find_public(conn: Connection, account: int) -> Personalization | None:
    query = load_queries("personalization").find_personalization
    return find_one(conn, query, {"account": account}, row=Personalization)
