"""The sending of single messages, with the log of what became of them."""

import hashlib
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.liquid.catalogs import LOOK_UP
from braze_sandbox.liquid.connected import FETCH, ConnectedContentError, ContentRequest
from braze_sandbox.liquid.extras import EXTRAS
from braze_sandbox.liquid.tags import AbortedMessageError
from braze_sandbox.liquid.template import RenderError
from braze_sandbox.liquid.variables import make_variables
from braze_sandbox.model.catalog import CatalogItem
from braze_sandbox.model.delivery import Activity
from braze_sandbox.model.mail import Occasion, Origin
from braze_sandbox.model.profile import Profile
from braze_sandbox.settings import Settings
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.webhooks.content import Content
from braze_sandbox.webhooks.hosts import Hosts
from braze_sandbox.webhooks.message import Message, MessageTemplate
from braze_sandbox.webhooks.receipts import note_received
from braze_sandbox.webhooks.sender import HOST_UNHEALTHY, Delivery, deliver


class Sent(msgspec.Struct, frozen=True):
    """A message that met its end: whose, from where, what became of it, its extras, its URL."""

    profile: Profile
    origin: Origin
    activity: Activity
    extras: dict[str, str]
    url: str | None


class Mail(msgspec.Struct, frozen=True):
    """A message before it is made for one user."""

    template: MessageTemplate
    origin: Origin


class Dispatch:
    """Makes and sends messages one by one; keeps the message activity log.

    `save` writes a workspace, `tell` hears of every message that met its end.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        settings: Settings,
        save: Callable[[Workspace], None],
        tell: Callable[[Workspace, Sent], None],
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._save = save
        self._tell = tell
        self._session: aiohttp.ClientSession | None = None
        self._hosts = Hosts()
        self._content = Content(self.connections, clock)
        self.activity: deque[Activity] = deque(maxlen=settings.journal_entries)

    def use(self, settings: Settings) -> None:
        """Take over changed settings."""
        self._settings = settings

    def may_receive(self, profile: Profile) -> bool:
        """Tell whether a user is outside the global control group."""
        return profile.random_bucket >= self._settings.global_control_buckets

    async def send(
        self, workspace: Workspace, mail: Mail, profile: Profile, occasion: Occasion
    ) -> Activity:
        """Send one message, log it, and remember at the user that it was received."""
        extras: dict[str, str] = {}
        activity, url = await self._send(workspace, mail, profile, occasion, extras)
        self.activity.append(activity)
        if activity.outcome == "succeeded" and mail.origin.is_kept:
            current = workspace.profiles.find(profile.braze_id)
            if current is not None:
                workspace.put(note_received(current, mail.origin, now=self._clock()))
                self._save(workspace)
        self._tell(workspace, Sent(profile, mail.origin, activity, extras, url))
        return activity

    async def send_test(self, workspace: Workspace, mail: Mail, profile: Profile) -> Activity:
        """Send one message outside the log; return what became of it."""
        activity, _ = await self._send(workspace, mail, profile, Occasion(), {})
        return activity

    def connections(self) -> aiohttp.ClientSession:
        """Return the pool of connections that messages leave by."""
        if self._session is None:
            # Each firing bounds its own concurrency, so the pool need not.
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    def forget(self) -> None:
        """Empty the log, and forget the health of hosts and what they said."""
        self.activity.clear()
        self._hosts.clear()
        self._content.clear()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _send(
        self,
        workspace: Workspace,
        mail: Mail,
        profile: Profile,
        occasion: Occasion,
        extras: dict[str, str],
    ) -> tuple[Activity, str | None]:
        started = time.perf_counter()
        line = self._blank_line(mail.origin, profile)
        try:
            variables = {
                **make_variables(profile, mail.origin, occasion),
                **self._services(workspace),
                EXTRAS: extras,
            }
            message = await mail.template.render(variables)
        except (AbortedMessageError, RenderError, ConnectedContentError) as error:
            return msgspec.structs.replace(line, error=str(error)), None
        delivery = await self._deliver(workspace, message, mail.origin.dispatch_id)
        activity = msgspec.structs.replace(
            line,
            outcome="succeeded" if delivery.is_success() else "failed",
            status=delivery.status,
            attempts=delivery.attempts,
            milliseconds=round((time.perf_counter() - started) * 1000, 3),
            error=delivery.error,
            response=delivery.response,
        )
        return activity, message.url

    def _services(self, workspace: Workspace) -> dict[str, Any]:
        """Return what tags reach the world with."""

        async def fetch(request: ContentRequest) -> Any:
            return await self._content.fetch(request, self._settings)

        def look_up(catalog: str, key: str) -> dict[str, Any] | None:
            item = workspace.shelf(CatalogItem).get(f"{catalog}/{key}")
            return None if item is None else item.values

        return {FETCH: fetch, LOOK_UP: look_up}

    async def _deliver(self, workspace: Workspace, message: Message, dispatch_id: str) -> Delivery:
        if self._hosts.is_paused(workspace.id, message.url, now=self._clock()):
            return Delivery(HOST_UNHEALTHY, 0, None, "the host has failed too often")

        def count(status: int) -> None:
            now = self._clock()
            self._hosts.count(workspace.id, message.url, status, settings=self._settings, now=now)

        # Braze's User-Agent ends in a hash that changes (braze-docs, creating_a_webhook.md).
        agent = f"Braze Sender {hashlib.sha256(dispatch_id.encode()).hexdigest()[:40]}"
        return await deliver(
            self.connections(), message, user_agent=agent, settings=self._settings, count=count
        )

    def _blank_line(self, origin: Origin, profile: Profile) -> Activity:
        campaign, canvas, step = origin.campaign, origin.canvas, origin.step
        return Activity(
            at=self._clock(),
            campaign_id=campaign.id if campaign else None,
            canvas_id=canvas.id if canvas else None,
            step_id=step.id if step else None,
            dispatch_id=origin.dispatch_id,
            braze_id=profile.braze_id,
            external_id=profile.external_id,
            outcome="aborted",
            status=None,
            attempts=0,
            milliseconds=0.0,
        )
