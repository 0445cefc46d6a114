"""The firing of campaigns: each recipient gets its message."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_dispatch_id
from braze_sandbox.model.campaign import Campaign
from braze_sandbox.model.content_block import ContentBlock
from braze_sandbox.model.delivery import Activity, FireReport
from braze_sandbox.model.mail import Occasion, Origin
from braze_sandbox.model.profile import Profile
from braze_sandbox.segments.asking import Asking
from braze_sandbox.segments.members import find_members, resolve_filter
from braze_sandbox.settings import Settings
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.webhooks.dispatch import Dispatch, Mail
from braze_sandbox.webhooks.message import MessageTemplate

_REMEMBERED_FIRINGS = 1000
# What Braze shows for `campaign.${dispatch_id}` in previews and tests.
_TEST_DISPATCH = "dispatch_id_for_unsent_campaign"


class UnknownFiringError(RefusedError):
    """No firing has this dispatch id, or it is too long ago."""

    def __init__(self, dispatch_id: str) -> None:
        super().__init__(
            404, f"There is no firing '{dispatch_id}'. POST /_sandbox/campaigns/ID/fire starts one."
        )


class Recipient(msgspec.Struct, frozen=True):
    """A user who gets a message, with the properties that came along."""

    profile: Profile
    occasion: Occasion = Occasion()


class _Run:
    """One firing on its way: what is sent to whom, with the count so far."""

    def __init__(
        self, workspace: Workspace, mail: Mail, members: list[Recipient], report: FireReport
    ) -> None:
        self.workspace = workspace
        self.mail = mail
        self.members: Iterator[Recipient] = iter(members)
        self.report = report

    def count(self, activity: Activity) -> None:
        report, outcome = self.report, activity.outcome
        self.report = msgspec.structs.replace(
            report,
            sent=report.sent + (outcome != "aborted"),
            succeeded=report.succeeded + (outcome == "succeeded"),
            failed=report.failed + (outcome == "failed"),
            aborted=report.aborted + (outcome == "aborted"),
            attempts=report.attempts + activity.attempts,
        )


class Firing:
    """Fires campaigns and counts what became of their messages."""

    def __init__(self, dispatch: Dispatch, *, clock: Clock, settings: Settings) -> None:
        self._dispatch = dispatch
        self._clock = clock
        self._settings = settings
        self._runs: dict[str, _Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def use(self, settings: Settings) -> None:
        """Take over changed settings."""
        self._settings = settings

    def start(
        self,
        asking: Asking,
        campaign: Campaign,
        *,
        only: list[Recipient] | None = None,
        is_kept: bool = True,
    ) -> FireReport:
        """Begin to send to the members of the segment as it is now; return the first count.

        `only` sends to these users instead; `is_kept` tells that the campaign is one that users
        remember. Raise UnknownSegmentError (404), BadFilterError, BadTemplateError (400).
        """
        workspace = asking.workspace
        condition = resolve_filter(asking, campaign.segment_id, campaign.filter)
        members = [Recipient(p) for p in find_members(asking, condition)] if only is None else only
        members = [member for member in members if self._dispatch.may_receive(member.profile)]
        template = MessageTemplate(campaign.webhook, workspace.shelf(ContentBlock))
        report = FireReport(
            dispatch_id=new_dispatch_id(),
            campaign_id=campaign.id,
            state="running",
            matched=len(members),
            started_at=self._clock(),
        )
        origin = Origin(dispatch_id=report.dispatch_id, campaign=campaign, is_kept=is_kept)
        run = _Run(workspace, Mail(template, origin), members, report)
        self._remember(run)
        self._tasks[report.dispatch_id] = asyncio.create_task(self._run(run))
        return report

    async def wait(self, dispatch_id: str) -> FireReport:
        """Return the count of a firing once every message has met its end."""
        task = self._tasks.get(dispatch_id)
        if task is not None:
            await asyncio.shield(task)
        return self.report(dispatch_id)

    async def settle(self) -> None:
        """Return once nothing is on its way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks.values()))

    def report(self, dispatch_id: str) -> FireReport:
        """Return the count of a firing so far; raise UnknownFiringError (404)."""
        if dispatch_id not in self._runs:
            raise UnknownFiringError(dispatch_id)
        return self._runs[dispatch_id].report

    async def send_test(
        self, workspace: Workspace, campaign: Campaign, profile: Profile
    ) -> Activity:
        """Send one message outside any firing and the log; return what became of it.

        Raise BadTemplateError (400).
        """
        template = MessageTemplate(campaign.webhook, workspace.shelf(ContentBlock))
        origin = Origin(dispatch_id=_TEST_DISPATCH, campaign=campaign)
        return await self._dispatch.send_test(workspace, Mail(template, origin), profile)

    def forget(self) -> None:
        """Stop what runs and forget the counts."""
        for task in self._tasks.values():
            task.cancel()
        self._runs.clear()

    async def close(self) -> None:
        """Stop what runs."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def _remember(self, run: _Run) -> None:
        self._runs[run.report.dispatch_id] = run
        while len(self._runs) > _REMEMBERED_FIRINGS:
            del self._runs[next(iter(self._runs))]

    async def _run(self, run: _Run) -> None:
        dispatch_id = run.report.dispatch_id
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._settings.webhook_concurrency, run.report.matched)):
                    group.create_task(self._send_members(run))
        finally:
            self._tasks.pop(dispatch_id, None)
            run.report = msgspec.structs.replace(
                run.report, state="done", finished_at=self._clock()
            )

    async def _send_members(self, run: _Run) -> None:
        for member in run.members:
            activity = await self._dispatch.send(
                run.workspace, run.mail, member.profile, member.occasion
            )
            run.count(activity)
