"""What logs of jobs say of a run that ended well, in the words of each kind."""

from coterie.base.words import counted
from coterie.model.control import JobConfig
from coterie.model.exports import ExportConfig
from coterie.model.feeds import FeedConfig
from coterie.model.file_exports import ExportFilesConfig
from coterie.model.webhooks import WebhookConfig

_FILES_READ = {
    "sleeping": "All files are read; waiting for newer ones.",
    "completed": "All files are read.",
}
_FILES_WRITTEN = {
    "sleeping": "The file is written; waiting until the next one is due.",
    "completed": "The file is written.",
}


def say_ended(config: JobConfig, state: str) -> str:
    """Return what a job has done and does from now on; `state` is where that leaves it."""
    if isinstance(config, ExportConfig):
        return say_following(config)
    said = _FILES_WRITTEN if isinstance(config, ExportFilesConfig) else _FILES_READ
    return said[state]


def say_waiting(config: ExportConfig) -> str:
    """Return what a change of options means for what waits to be delivered."""
    match config:
        case FeedConfig(consent=consent, suppressed_by=suppressed_by) if consent or suppressed_by:
            allows = "consents" if consent else "is not suppressed"
            return (
                f"What waits is sent as it was queued if its person {allows}; what arrives from "
                "now on follows the change."
            )
        case FeedConfig():
            return (
                "What waits is sent as it was queued; what arrives from now on follows the change."
            )
        case WebhookConfig():
            return "What waits is told as the job says now, if it says that it is told."
        case _:
            return "What waits is sent as the job says now, in its newest state."


def say_rechecked(config: JobConfig, denied: int) -> str:
    """Return what became of what people, or events of theirs, who do not consent had or waited."""
    consent = config.consent if isinstance(config, ExportConfig) else None
    asked = f"consent in field {consent.field!r}" if consent else "the consent of another job"
    if isinstance(config, FeedConfig):
        if consent is None:
            dropped = counted(denied, config.form.removesuffix("s"))
            return f"What waited for people who are left out now was dropped: {dropped}."
        return f"All that waits was asked for {asked}: {denied:,} {config.form} were dropped."
    return (
        f"Who was told of was asked for {asked}: {denied:,} do not give it. What they hold at the "
        "destination is taken away, and nothing more is sent."
    )


def say_following(config: ExportConfig) -> str:
    """Return what becomes of members and events once an export has started."""
    match config:
        case FeedConfig():
            return f"From now on {config.form} are sent as they arrive."
        case WebhookConfig(existing_users=True):
            return "Who is a member now is being told; from now on entries, exits and changes are."
        case WebhookConfig():
            return "Who is a member now is noted; from now on entries, exits and changes are told."
        case ExportConfig(existing_users=True):
            return "The members at the start are on their way; from now on changes follow."
        case _:
            return "Nobody is sent at the start; from now on changes follow."
