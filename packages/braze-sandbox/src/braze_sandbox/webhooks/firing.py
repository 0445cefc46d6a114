"""The firing of campaigns: each member of the segment gets its message."""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

import aiohttp
import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_dispatch_id
from braze_sandbox.liquid.tags import AbortedMessageError
from braze_sandbox.liquid.template import RenderError
from braze_sandbox.liquid.variables import make_variables
from braze_sandbox.model.campaign import Campaign
from braze_sandbox.model.delivery import Activity, FireReport
from braze_sandbox.model.profile import Profile
from braze_sandbox.segments import find_members, resolve_filter
from braze_sandbox.settings import Settings
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.webhooks.message import MessageTemplate
from braze_sandbox.webhooks.sender import deliver

_REMEMBERED_FIRINGS = 1000
# What Braze shows for `campaign.${dispatch_id}` in previews and tests.
_TEST_DISPATCH = "dispatch_id_for_unsent_campaign"


class UnknownFiringError(RefusedError):
    """No firing has this dispatch id, or it is too long ago."""

    def __init__(self, dispatch_id: str) -> None:
        super().__init__(
            404, f"There is no firing '{dispatch_id}'. POST /_sandbox/campaigns/ID/fire starts one."
        )


class _Run:
    """One firing on its way: what is sent to whom, with the count so far."""

    def __init__(self, campaign: Campaign, members: list[Profile], report: FireReport) -> None:
        self.campaign = campaign
        self.template = MessageTemplate(campaign.webhook)
        self.members: Iterator[Profile] = iter(members)
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
    """Fires campaigns and keeps the message activity log."""

    def __init__(self, *, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._runs: dict[str, _Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.activity: deque[Activity] = deque(maxlen=settings.journal_entries)

    def use(self, settings: Settings) -> None:
        """Take over changed settings."""
        self._settings = settings

    def start(
        self, workspace: Workspace, campaign: Campaign, *, only: list[Profile] | None = None
    ) -> FireReport:
        """Begin to send to the members of the segment as it is now; return the first count.

        `only` sends to these users instead. Raise UnknownSegmentError (404), BadFilterError,
        BadTemplateError (400).
        """
        condition = resolve_filter(workspace, campaign.segment_id, campaign.filter)
        members = list(find_members(workspace, condition)) if only is None else only
        report = FireReport(
            dispatch_id=new_dispatch_id(),
            campaign_id=campaign.id,
            state="running",
            matched=len(members),
            started_at=self._clock(),
        )
        run = _Run(campaign, members, report)
        self._remember(run)
        self._tasks[report.dispatch_id] = asyncio.create_task(self._run(run))
        return report

    async def wait(self, dispatch_id: str) -> FireReport:
        """Return the count of a firing once every message has met its end."""
        task = self._tasks.get(dispatch_id)
        if task is not None:
            await asyncio.shield(task)
        return self.report(dispatch_id)

    def report(self, dispatch_id: str) -> FireReport:
        """Return the count of a firing so far; raise UnknownFiringError (404)."""
        if dispatch_id not in self._runs:
            raise UnknownFiringError(dispatch_id)
        return self._runs[dispatch_id].report

    async def send_test(self, campaign: Campaign, profile: Profile) -> Activity:
        """Send one message outside any firing and the log; return what became of it.

        Raise BadTemplateError (400).
        """
        return await self._send(
            campaign, MessageTemplate(campaign.webhook), profile, _TEST_DISPATCH
        )

    def forget(self) -> None:
        """Stop what runs and empty the activity log."""
        for task in self._tasks.values():
            task.cancel()
        self._runs.clear()
        self.activity.clear()

    async def close(self) -> None:
        """Stop what runs and close the connections."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        if self._session is not None:
            await self._session.close()

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
            del self._tasks[dispatch_id]
            run.report = msgspec.structs.replace(
                run.report, state="done", finished_at=self._clock()
            )

    async def _send_members(self, run: _Run) -> None:
        for profile in run.members:
            activity = await self._send(run.campaign, run.template, profile, run.report.dispatch_id)
            self.activity.append(activity)
            run.count(activity)

    async def _send(
        self, campaign: Campaign, template: MessageTemplate, profile: Profile, dispatch_id: str
    ) -> Activity:
        started = time.perf_counter()
        line = Activity(
            at=self._clock(),
            campaign_id=campaign.id,
            dispatch_id=dispatch_id,
            braze_id=profile.braze_id,
            external_id=profile.external_id,
            outcome="aborted",
            status=None,
            attempts=0,
            milliseconds=0.0,
        )
        try:
            message = template.render(make_variables(profile, campaign, dispatch_id))
        except (AbortedMessageError, RenderError) as error:
            return msgspec.structs.replace(line, error=str(error))
        # Braze's User-Agent ends in a hash that changes (braze-docs, creating_a_webhook.md).
        agent = f"Braze Sender {hashlib.sha256(dispatch_id.encode()).hexdigest()[:40]}"
        delivery = await deliver(
            self._connections(), message, user_agent=agent, settings=self._settings
        )
        return msgspec.structs.replace(
            line,
            outcome="succeeded" if delivery.is_success() else "failed",
            status=delivery.status,
            attempts=delivery.attempts,
            milliseconds=round((time.perf_counter() - started) * 1000, 3),
            error=delivery.error,
            response=delivery.response,
        )

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Each firing bounds its own concurrency, so the pool need not.
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session
