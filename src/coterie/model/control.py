"""What the control plane tells its callers: records without secrets, ready to be shown."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from coterie.model.exports import (
    ExportAudienceConfig,
    ExportProfilesConfig,
    ExportSubscriptionsConfig,
)
from coterie.model.feeds import ExportEventsConfig, ExportPurchasesConfig
from coterie.model.file_exports import ExportFilesConfig
from coterie.model.webhooks import WebhookConfig

Health = Literal["healthy", "unhealthy", "unknown"]
AudienceState = Literal["draft", "building", "live", "expired", "archived"]
JobState = Literal[
    "runnable", "running", "sleeping", "paused",
    "completed", "fault", "failed", "killed", "deleted",
]  # fmt: skip
ENDING = "ending"
"""Key of a job's checkpoint: the state that it gets once what it wrote is taken away."""
RECHECKING = "rechecking"
"""Key of a job's checkpoint: how far people were asked for a consent that changed.

Nothing leaves for the job's destination while it is there.
"""
JobLogLevel = Literal["info", "warning", "error"]
FileFrequency = Literal["", "hourly", "daily", "weekly", "monthly"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a change: `name` is "cli", "token:<prefix>" or "person:<id>"."""

    name: str
    account: int | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A customer of this installation; everything else belongs to one."""

    number: int
    name: str
    created_at: datetime


class Personalization(msgspec.Struct, frozen=True, kw_only=True):
    """What is public of an account's people, who are looked up by one of `by_fields`."""

    account: int
    fields: tuple[str, ...]
    audiences: tuple[str, ...]
    by_fields: tuple[str, ...]
    origins: tuple[str, ...]
    updated_at: datetime


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who may sign in to the console."""

    id: int
    account: int
    email: str
    role: str
    created_at: datetime
    disabled_at: datetime | None = None

    def __repr__(self) -> str:
        """Return the person without the e-mail address, so that no log shows it."""
        return f"Person(id={self.id}, account={self.account}, role={self.role!r})"


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh console session. The token goes into the cookie and is not stored anywhere."""

    session_token: str
    csrf_token: str
    person: Person
    expires_at: datetime

    def __repr__(self) -> str:
        """Return the session without its tokens."""
        return f"SignedIn(person={self.person!r})"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A console session that holds now."""

    person: Person
    csrf_token: str
    created_at: datetime
    expires_at: datetime

    def __repr__(self) -> str:
        """Return the session without its token."""
        return f"Session(person={self.person!r})"


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """An access token as listed; `prefix` is all that is kept of its text."""

    id: int
    account: int
    name: str
    description: str
    scopes: tuple[str, ...]
    prefix: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token just made: `token` can be shown this once."""

    token: str
    record: AccessToken

    def __repr__(self) -> str:
        """Return the record only."""
        return f"NewToken(record={self.record!r})"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a presented token allows."""

    account: int
    token_id: int
    scopes: tuple[str, ...]
    prefix: str
    expires_at: datetime | None = None


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """Access to an outside system. `public_config` holds the parts that are no secret.

    `jobs_in_use` counts the jobs that keep the authorization from being deleted. `caution` says
    what it cannot do although it works, with the cure; `deletes_forgotten`: people whom its jobs
    told of are deleted there when they are forgotten here.
    """

    id: int
    account: int
    provider: str
    method: str
    label: str
    description: str
    public_config: dict[str, Any]
    health: Health
    health_detail: str
    created_at: datetime
    updated_at: datetime
    checked_at: datetime | None = None
    jobs_in_use: int = 0
    caution: str = ""
    deletes_forgotten: bool = False


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of trying an authorization; `detail` says the cure when it failed.

    `learned` are options to be saved with it, such as the host key of a server met first. `caution`
    says what it cannot do although it works, with the cure.
    """

    ok: bool
    detail: str
    caution: str = ""
    learned: dict[str, str] = {}


class ImportCsvConfig(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="import_csv"
):
    """Options of an Import CSV job: `filename` names one file, `prefix` the start of several.

    Empty `fields` means all columns; `timestamps` are the columns that may hold the event time,
    most important first; `continuous_update` keeps watching for newer files. `braze_format` takes
    off the apostrophe that Braze's exports put before values that start with - = + or @.

    `pattern` is a regular expression in place of the prefix, which fits a name up to its time
    stamp. `names` says under which raw key a column is taken, `header` names the columns of files
    that have no header line, `encoding` "" finds the encoding out. `diff` leaves out rows that the
    file before held word for word. `file_frequency` is how often a file is expected; with
    `time_of_day` ("02:30", in `timezone`) files are looked for then and not all the time.
    """

    stream: str
    folder: str = ""
    filename: str = ""
    prefix: str = ""
    fields: tuple[str, ...] = ()
    delimiter: str = ","
    timestamps: tuple[str, ...] = ()
    continuous_update: bool = False
    braze_format: bool = False
    pattern: str = ""
    names: dict[str, str] = {}
    header: tuple[str, ...] = ()
    encoding: str = ""
    diff: bool = False
    file_frequency: FileFrequency = ""
    time_of_day: str = ""
    timezone: str = ""


JobConfig = (
    ExportAudienceConfig
    | ExportProfilesConfig
    | ExportSubscriptionsConfig
    | ExportEventsConfig
    | ExportPurchasesConfig
    | ExportFilesConfig
    | ImportCsvConfig
    | WebhookConfig
)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job: its row is the queue. `run_at` is None when no runner has to look at it."""

    id: int
    account: int
    kind: str
    label: str
    description: str
    authorization_id: int | None
    destination_id: int | None
    config: JobConfig
    state: JobState
    run_at: datetime | None
    started_at: datetime | None
    checkpoint: dict[str, Any]
    progress_done: int
    progress_total: int
    failures: int
    fault_since: datetime | None
    last_error: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime


class JobLogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a job's log."""

    id: int
    job_id: int
    at: datetime
    level: JobLogLevel
    code: str
    message: str
    context: dict[str, Any]


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A named input; events of a trusted stream may say when they happened."""

    account: int
    name: str
    trusted: bool
    created_at: datetime


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """An audience with its exact size and, while it is building, how far that has come.

    From `expires_at` on it holds nobody (None: it has no end). `fault` says why nobody can be asked
    about it, with the cure: it is set aside and keeps its members as they are. `tags` are labels by
    which people find it; `is_public` says that web pages may be told of it without a token.
    """

    id: int
    account: int
    slug: str
    name: str
    description: str
    filter_text: str
    version: int
    state: AudienceState
    created_at: datetime
    updated_at: datetime
    build_done: int = 0
    build_total: int = 0
    size: int = 0
    expires_at: datetime | None = None
    fault: str | None = None
    tags: tuple[str, ...] = ()
    is_public: bool = False


class AudienceGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The audiences that bear a tag, by slug."""

    tag: str
    audiences: tuple[str, ...]


class SizePoint(msgspec.Struct, frozen=True, kw_only=True):
    """How many members an audience had at an instant."""

    at: datetime
    size: int


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who changed what, and when; `detail` never holds a secret."""

    id: int
    account: int | None
    at: datetime
    actor: str
    verb: str
    subject: str
    subject_id: str
    detail: dict[str, Any]
