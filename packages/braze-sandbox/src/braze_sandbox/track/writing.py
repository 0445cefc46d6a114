"""What the processing of one request reads from and reports to."""

from datetime import datetime

from braze_sandbox.model.deed import Event, Purchase
from braze_sandbox.model.notice import Notice
from braze_sandbox.settings import Settings
from braze_sandbox.store.workspace import Workspace


class Writing:
    """The workspace being written, with the circumstances of the request.

    `notices` collects what was dropped silently, `deeds` what users did, `joined` the changes of
    subscription states (braze_id, subscription group or None for e-mail as a whole, state).
    """

    def __init__(
        self, workspace: Workspace, *, settings: Settings, now: datetime, key_name: str
    ) -> None:
        self.workspace = workspace
        self.settings = settings
        self.now = now
        self.key_name = key_name
        self.notices: list[Notice] = []
        self.deeds: list[Event | Purchase] = []
        self.joined: list[tuple[str, str | None, str]] = []

    def forget(self) -> None:
        """Note that nothing was written."""
        self.deeds.clear()
        self.joined.clear()

    def record(self, deed: Event | Purchase) -> None:
        """Keep what a user did."""
        self.deeds.append(deed)
        if isinstance(deed, Event):
            self.workspace.record_event(deed)
        else:
            self.workspace.record_purchase(deed)

    def drop(self, user: str, attribute: str, reason: str) -> None:
        """Note that a value was not stored."""
        self.notices.append(
            Notice(
                at=self.now,
                workspace=self.workspace.id,
                user=user,
                attribute=attribute,
                reason=reason,
            )
        )

    def charge(self, kind: str, name: str, points: int = 1) -> None:
        """Count data points; an unchanged value costs as much as a new one."""
        self.workspace.meter.add(self.key_name, kind, name, points)
