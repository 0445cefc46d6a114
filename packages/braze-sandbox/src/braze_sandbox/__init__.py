"""A faithful local stand-in for Braze."""

from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.settings import Settings
from braze_sandbox.testing import RunningSandbox, running_sandbox
from braze_sandbox.webhooks.presets import LYTICS_WEBHOOK_BODY, lytics_webhook_body

__all__ = [
    "LYTICS_WEBHOOK_BODY",
    "BrazeSandbox",
    "RunningSandbox",
    "Settings",
    "lytics_webhook_body",
    "running_sandbox",
]
