"""What the processing of one request reads from and reports to."""

from datetime import datetime

from braze_sandbox.model.notice import Notice
from braze_sandbox.settings import Settings
from braze_sandbox.store.workspace import Workspace


class Writing:
    """The workspace being written, with the circumstances of the request.

    `notices` collects what was dropped silently.
    """

    def __init__(
        self, workspace: Workspace, *, settings: Settings, now: datetime, key_name: str
    ) -> None:
        self.workspace = workspace
        self.settings = settings
        self.now = now
        self.key_name = key_name
        self.notices: list[Notice] = []

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
