"""Sets up the log: dotted events with keys, from our code and from libraries, in one form."""

import logging
import re
import sys
import traceback
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

MASK = "***"
SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|authorization|api_?key|private_?key|rest_?key|cookie"
    r"|e_?mail|phone|first_?name|last_?name|birth|postal|street",
    re.IGNORECASE,
)
SECRET_EXACTLY = frozenset({"key", "body", "headers", "url_query", "dsn", "conninfo"})
NOT_SECRET = frozenset({"token_id", "tokens", "token_number", "authorization_id"})
# They log every connection, with the names of users.
TALKATIVE = ("asyncssh", "asyncio")
CREDENTIALS_IN_URL = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")


class OurHandler(logging.StreamHandler[TextIO]):
    """Marks the handler that `configure_logging` put in place."""


def configure_logging(
    form: Literal["console", "json"], *, level: str, stream: TextIO | None = None
) -> None:
    """Send every log line of this process to `stream` (standard error) in `form`.

    `level` is the least one shown: debug, info, warning or error. May be called again.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
    ]
    handler = OurHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(_traceback_without_data),
                _renderer(form, stream=handler.stream),
            ],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, OurHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace values whose key names a secret or personal data, at any depth."""
    return {name: _masked(name, value) for name, value in event.items()}


def is_secret_name(name: str) -> bool:
    """Answer whether a key of this name may hold a secret or personal data."""
    lowered = name.lower()
    if lowered in NOT_SECRET:
        return False
    return lowered in SECRET_EXACTLY or SECRET_NAME.search(lowered) is not None


def _masked(name: str, value: Any) -> Any:
    if is_secret_name(name):
        return MASK
    if isinstance(value, dict):
        return {str(inner): _masked(str(inner), each) for inner, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", each) for each in value]
    if isinstance(value, str):
        return CREDENTIALS_IN_URL.sub(MASK, value)
    return value


def _traceback_without_data(exc_info: ExcInfo) -> str:
    # PostgreSQL quotes rows in these lines of its errors.
    lines = "".join(traceback.format_exception(*exc_info)).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("DETAIL:", "CONTEXT:")))


def _renderer(form: Literal["console", "json"], *, stream: TextIO) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=stream.isatty())
