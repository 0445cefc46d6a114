"""Making jobs: everything they name is checked first."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.authorizations import UnknownAuthorizationError
from coterie.control.definitions.audiences import require_audiences
from coterie.control.definitions.change import Change, definition_change
from coterie.control.definitions.schema import require_scalar_field
from coterie.control.definitions.streams import ensure_in
from coterie.control.existing import require_account
from coterie.control.jobs.read import add_log
from coterie.control.rows import find_one, get_value, list_all, to_json
from coterie.model.control import Actor, ExportAudienceConfig, ImportCsvConfig, Job, JobState
from coterie.store import Connection, Store, load_queries

LABEL_LIMIT = 100
# Braze: attribute names up to 255 characters, and array values up to 255.
NAME_LIMIT = 255
ARRAY_FORM = "array"
# Lytics' four, "t" being a tab.
DELIMITERS = {",": ",", "|": "|", ";": ";", "t": "\t", "\t": "\t"}


class BadJobError(UserError):
    """A job that cannot be made as asked."""

    code = "bad_job"


class _Id(msgspec.Struct, frozen=True):
    id: int


class _Provider(msgspec.Struct, frozen=True):
    provider: str


def create_export_audience(  # noqa: PLR0913 - the job form, spelled out
    store: Store,
    *,
    account: int,
    label: str,
    description: str = "",
    authorization_id: int,
    identifier_field: str,
    audience_slugs: Iterable[str],
    existing_users: bool,
    attribute: str = "lytics_segments",
    value_prefix: str = "",
    names: Mapping[str, str] | None = None,
    actor: Actor,
    clock: Clock,
) -> Job:
    """Make an Export Audience job; it follows its audiences from this instant on.

    `identifier_field` holds the destination's id of a user; `names` gives the exported value of an
    audience where it is not `value_prefix` and its slug. With `existing_users` the present members
    are sent first. Raises BadJobError, UnknownAuthorizationError, UnknownAudienceError,
    UnknownFieldError.
    """
    label = _check_label(label)
    config = ExportAudienceConfig(
        identifier_field=identifier_field.strip(),
        audiences=tuple(dict.fromkeys(audience_slugs)),
        existing_users=existing_users,
        attribute=attribute.strip(),
        value_prefix=value_prefix,
        names={slug: name for slug, name in (names or {}).items() if name},
    )
    _check_export(config)
    with definition_change(store, clock) as change:
        conn = change.conn
        _require_provider(conn, account, authorization_id, provider="braze")
        require_scalar_field(conn, account, config.identifier_field)
        require_audiences(conn, account, config.audiences)
        destination = _ensure_destination(conn, account, authorization_id, config.attribute)
        state: JobState = "runnable" if existing_users else "running"
        values = {
            "account": account,
            "kind": "export_audience",
            "label": label,
            "description": description.strip(),
            "authorization_id": authorization_id,
            "destination_id": destination,
            "config": to_json(config),
            "state": state,
            # Once the present members are sent the worker does the rest, and no runner is needed.
            "run_at": change.now if existing_users else None,
            "started_at": change.now,
        }
        return _insert(change, values, actor=actor)


def create_import_csv(  # noqa: PLR0913 - the job form, spelled out
    store: Store,
    *,
    account: int,
    label: str,
    description: str = "",
    authorization_id: int | None,
    config: ImportCsvConfig | Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> Job:
    """Make an Import CSV job, due at once; without authorization it reads a local folder.

    A stream that does not exist yet is made. Raises BadJobError, BadStreamNameError,
    UnknownAuthorizationError, UnknownAccountError.
    """
    label = _check_label(label)
    checked = _check_import(_read_import(config), is_local=authorization_id is None)
    with store.transaction() as conn:
        require_account(conn, account)
        if authorization_id is not None:
            _require_provider(conn, account, authorization_id, provider="sftp")
        ensure_in(conn, account, [checked.stream], actor=actor, now=now)
        values = {
            "account": account,
            "kind": "import_csv",
            "label": label,
            "description": description.strip(),
            "authorization_id": authorization_id,
            "destination_id": None,
            "config": to_json(checked),
            "state": "runnable",
            "run_at": now,
            "started_at": None,
        }
        return _insert(Change(conn, now), values, actor=actor)


def _check_label(label: str) -> str:
    label = label.strip()
    if not label or len(label) > LABEL_LIMIT:
        raise BadJobError(message=f"A job needs a label of 1 to {LABEL_LIMIT} characters.")
    return label


def _check_export(config: ExportAudienceConfig) -> None:
    if not config.audiences:
        raise BadJobError("Choose at least one audience to export.")
    attribute = config.attribute
    if not attribute or len(attribute) > NAME_LIMIT or attribute.startswith("$"):
        raise BadJobError(
            message=f"The attribute needs a name of 1 to {NAME_LIMIT} characters that does not "
            "start with a dollar sign, such as lytics_segments."
        )
    for slug in config.names:
        if slug not in config.audiences:
            raise BadJobError(
                message=f"A name is given for {slug!r}, which the job does not export."
            )
    values = [config.exported_name(slug) for slug in config.audiences]
    for value in values:
        if not value.strip() or len(value) > NAME_LIMIT:
            raise BadJobError(
                message=f"An exported name needs 1 to {NAME_LIMIT} characters: {value!r}."
            )
        if values.count(value) > 1:
            raise BadJobError(
                message=f"Two audiences would be exported as {value!r}. Rename one of them."
            )


def _read_import(config: ImportCsvConfig | Mapping[str, Any]) -> ImportCsvConfig:
    if isinstance(config, ImportCsvConfig):
        return config
    given = {name: value for name, value in config.items() if name != "kind"}
    unknown = sorted(set(given) - set(ImportCsvConfig.__struct_fields__))
    if unknown:
        known = ", ".join(ImportCsvConfig.__struct_fields__)
        raise BadJobError(message=f"There is no option {unknown[0]!r}. The options are {known}.")
    try:
        return msgspec.convert({"kind": "import_csv", **given}, ImportCsvConfig)
    except msgspec.ValidationError as error:
        raise BadJobError(message=f"The import's options do not fit: {error}.") from error


def _check_import(config: ImportCsvConfig, *, is_local: bool) -> ImportCsvConfig:
    if config.delimiter not in DELIMITERS:
        raise BadJobError("The delimiter must be one of , | ; or t (tab).")
    if bool(config.filename) == bool(config.prefix):
        raise BadJobError("Give either the name of one file or the prefix of several.")
    for name in (config.filename, config.prefix):
        if "/" in name or "\\" in name or name.startswith("."):
            raise BadJobError(message=f"{name!r} is no file name. Put its path into the folder.")
    if config.continuous_update and config.filename:
        raise BadJobError("Only files of a prefix can be watched. Give the prefix of the files.")
    if is_local and not config.folder:
        raise BadJobError("Name the local folder to read, or choose an SFTP authorization.")
    return msgspec.structs.replace(config, delimiter=DELIMITERS[config.delimiter])


def _require_provider(
    conn: Connection, account: int, authorization_id: int, *, provider: str
) -> None:
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


def _ensure_destination(
    conn: Connection, account: int, authorization_id: int, attribute: str
) -> int:
    queries = load_queries("jobs")
    values = {
        "account": account,
        "authorization_id": authorization_id,
        "form": ARRAY_FORM,
        "attribute": attribute,
    }
    made = find_one(conn, queries.insert_destination, values, row=_Id)
    if made is not None:
        return made.id
    return get_value(conn, queries.find_destination, values, kind=int)


def _insert(change: Change, values: Mapping[str, Any], *, actor: Actor) -> Job:
    row = {**values, "created_by": actor.name, "now": change.now}
    (job,) = list_all(change.conn, load_queries("jobs").insert_job, row, row=Job)
    detail = {"kind": job.kind, "label": job.label}
    subject = Subject(job.account, "job", job.id)
    record(change.conn, "created", subject, actor=actor, now=change.now, detail=detail)
    add_log(change.conn, job.id, "created", f"Made by {actor.name}.", now=change.now)
    return job
