"""What the composition root hands to the console."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings
from coterie.console.reads import Reads
from coterie.control import Store
from coterie.control.authorizations import Probe
from coterie.flow.run.deliveries import DeliveryCalls
from coterie.model.control import Actor, ImportCsvConfig
from coterie.model.dry_run import DryRun, FeedDryRun
from coterie.model.erasure import Dossier, Erasure
from coterie.model.file_exports import WrittenFile
from coterie.model.imports import ImportedFile
from coterie.model.mapped import Identifier
from coterie.model.previews import USUAL_ROWS, FilesLook
from coterie.model.schema_preview import SchemaPreview


class DryRuns(Protocol):
    """What an export would do; raises UserError where it could not be made."""

    def of_new(
        self, *, account: int, authorization_id: int, config: Mapping[str, Any]
    ) -> DryRun | FeedDryRun:
        """Count what a new export would do."""

    def of_change(
        self, *, account: int, job_id: int, options: Mapping[str, Any], clean_up: bool = False
    ) -> DryRun | FeedDryRun:
        """Count what an export would do with other options."""


class Files(Protocol):
    """What there is to say of the files of jobs."""

    def look(
        self,
        account: int,
        authorization_id: int | None,
        config: ImportCsvConfig,
        *,
        rows: int = USUAL_ROWS,
    ) -> FilesLook:
        """Return the files that fit a job's options, and a look into the newest."""

    def files(self, account: int, job_id: int) -> Sequence[ImportedFile]:
        """Return the ledger of a job, newest first."""

    def written(self, account: int, job_id: int) -> Sequence[WrittenFile]:
        """Return the files that a job has written, newest first."""

    def rejected_rows(self, account: int, job_id: int) -> Iterable[str]:
        """Yield the rows that a job left out as lines of CSV."""


class ConsoleDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the console's handlers call.

    `probes` tries an authorization by provider; replay_refused(account, job_id, actor, now) sends
    what a job's destination refused again and returns the number of users. forget(account,
    identifier, blocks, actor), which raises UserError; dossier(account, identifier, actor), None if
    there is nobody.
    run_again(account, stream, ref, body, actor) and map_key(account, stream, key, field, actor) as
    in `api.dependencies.StreamCalls`, preview_draft(account, name, hides_personal) as in
    `DraftCalls`; they raise UserError.
    """

    store: Store
    ring: KeyRing
    clock: Clock
    settings: Settings
    reads: Reads
    probes: Mapping[str, Probe]
    replay_refused: Callable[[int, int, Actor, datetime], int]
    dry_runs: DryRuns
    deliveries: DeliveryCalls
    forget: Callable[[int, Identifier, bool, Actor], Erasure]
    dossier: Callable[[int, Identifier, Actor], Dossier | None]
    files: Files
    run_again: Callable[[int, str, str, str | None, Actor], int]
    map_key: Callable[[int, str, str, str, Actor], int]
    preview_draft: Callable[[int, str, bool], SchemaPreview]
