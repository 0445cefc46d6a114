"""What can go wrong with a webhook, told apart by what to do next."""

from coterie.base.errors import PermanentError, UserError
from coterie.connectors.destination import BusyError, RefusedError, UnavailableError


class BadWebhookConfigError(UserError):
    """A webhook's authorization lacks something or holds a value of the wrong kind."""

    code = "bad_webhook_config"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The webhook authorization cannot be used: {reason}. Correct and save it."
        )


class WebhookRefusedError(RefusedError):
    """A receiver refused messages with a status that is not to be tried again."""

    code = "webhook_refused"

    def __init__(self, *, host: str, status: int, answer: str, is_divisible: bool) -> None:
        super().__init__(
            f"{host} refused the message (status {status}). Correct the receiver or the job and "
            "replay it.",
            status=status,
            answer=answer,
            is_divisible=is_divisible,
        )


class WebhookUnmadeError(RefusedError):
    """No body could be made of messages."""

    code = "webhook_unmade"

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason, status=None, answer="no body could be made")


class WebhookBusyError(BusyError):
    """A receiver says that too many requests came, or when to come back."""

    code = "webhook_busy"

    def __init__(self, *, host: str, status: int, retry_after: float | None) -> None:
        super().__init__(
            f"{host} asks for a pause (status {status}). Sending goes on by itself after it.",
            retry_after=retry_after,
        )


class WebhookUnavailableError(UnavailableError):
    """A receiver did not answer, or not with a status that says that it took the messages."""

    code = "webhook_unavailable"

    def __init__(
        self, *, host: str, what: str, may_have_worked: bool = True, status: int | None = None
    ) -> None:
        super().__init__(
            f"{host} did not take the message ({what}). It is sent again by itself; if this lasts, "
            "look at the receiver.",
            may_have_worked=may_have_worked,
            status=status,
        )
        self.trial = (
            f"{host} did not take the message ({what}). Check the address, look whether the "
            "receiver runs and this machine may connect to it; then try again."
        )


class WebhookEndpointError(PermanentError):
    """What answers there lets nothing of ours in, or is somewhere else now."""

    code = "webhook_endpoint_wrong"

    def __init__(self, *, host: str, status: int) -> None:
        super().__init__(
            f"{host} takes nothing (status {status}). Correct the address, the headers or the "
            "secret of the authorization; redirects are not followed."
        )
        self.status = status
