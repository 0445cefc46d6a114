"""The root of the errors this package raises."""

from typing import Any


class SandboxError(Exception):
    """Something a caller can cure; the message says what, which and how."""


class RefusedError(SandboxError):
    """A request that is answered with an error.

    `status` is the HTTP status, `message` the text of the answer's `message` key, `details` the
    further keys of the answer in the order in which they are sent, `headers` its headers.
    """

    headers: dict[str, str] = {}

    def __init__(self, status: int, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details or {}

    def body(self) -> dict[str, Any]:
        """Return the JSON object that the answer carries."""
        return {"message": self.message, **self.details}
