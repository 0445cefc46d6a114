"""An export as it would be, checked like one and saved nowhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.clock import Clock
from coterie.control.definitions.pipeline import NamedAudience, export_spec
from coterie.control.jobs.create import require_destination
from coterie.control.jobs.export_checks import check_export, check_named, read_export
from coterie.control.jobs.update import merge_options, require_changeable
from coterie.control.rows import list_all
from coterie.model.config import ExportSpec
from coterie.model.control import Job
from coterie.model.exports import ExportConfig
from coterie.store import Connection, Store, load_queries


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An export that nobody has started, or one with a change that nobody has made."""

    account: int
    authorization_id: int
    config: ExportConfig
    spec: ExportSpec

    def spec_at(self, destination_id: int) -> ExportSpec:
        """Return what the data plane would be told, at a destination."""
        return msgspec.structs.replace(self.spec, destination_id=destination_id)


def draft_export(
    store: Store,
    *,
    account: int,
    authorization_id: int,
    config: ExportConfig | Mapping[str, Any],
    job: Job | None = None,
    clock: Clock,
) -> Draft:
    """Return a checked draft; with `job`, its options with those of `config` in their place.

    Raises what `create_export` and `update_export` raise.
    """
    now = clock()
    if job is None:
        checked = read_export(config)
    else:
        options = config if isinstance(config, Mapping) else msgspec.to_builtins(config)
        checked = merge_options(require_changeable(job), options, now=now)
    check_export(checked, now=now)
    with store.transaction() as conn:
        require_destination(conn, account, authorization_id, checked)
        check_named(conn, account, checked)
        spec = _spec(conn, account, checked, job=job, now=now)
    return Draft(account=account, authorization_id=authorization_id, config=checked, spec=spec)


def _spec(
    conn: Connection,
    account: int,
    config: ExportConfig,
    *,
    job: Job | None,
    now: datetime,
) -> ExportSpec:
    query = load_queries("definitions").list_audience_ids
    known = list_all(conn, query, {"account": account}, row=NamedAudience)
    audiences = {row.slug: row for row in known}
    started = now if job is None else job.started_at or job.created_at
    return export_spec(
        config, audiences, job_id=job.id if job else 0, destination_id=0, started_at=started
    )
