"""Takes one bulk load: `python -m coterie.app.bulk_process`, with the load on standard input.

A process of its own, since reading a file keeps a Python thread busy, and one busy thread beside a
collector costs it nine of ten requests. Standard input holds a line of JSON (`BulkRequest`) and the
body in pieces, each after its length in four bytes; a length of 0 ends it. The answer is a line of
JSON on standard output: `BulkOutcome` or `BulkFailure`.
"""

import hashlib
import os
import sys
import tempfile
from functools import partial
from typing import BinaryIO

import msgspec
import structlog

from coterie.app.services import Services, config_source, open_services
from coterie.base.errors import CoterieError, PermanentError, TransientError
from coterie.base.log import configure_logging
from coterie.base.settings import load_settings
from coterie.control.definitions.streams import ensure_streams
from coterie.flow.run.bulk import BulkLimits, BulkLoader
from coterie.flow.run.preview import Previewer
from coterie.model.bulk import BulkFailure, BulkOutcome, BulkRequest
from coterie.model.control import Actor

COLLECTOR = Actor(name="collector")
LENGTH_BYTES = 4
# Live events come first on this machine's processors too.
NICENESS = 10

log = structlog.get_logger(__name__)


class BrokenLoadError(TransientError):
    """The web process ended before it had handed over the whole body."""

    code = "incomplete_load"

    def __init__(self) -> None:
        super().__init__("The body of the load did not arrive as a whole. Send it again.")


def main() -> int:
    """Take the load; return 0 unless the product is broken."""
    settings = load_settings(os.environ)
    configure_logging(settings.log_format, level=settings.log_level)
    os.nice(NICENESS)
    answer: BulkOutcome | BulkFailure
    try:
        with open_services(settings, settings.database_url or "", connections=2) as services:
            answer = take(services, sys.stdin.buffer)
    except CoterieError as error:
        answer = _failure(error)
    sys.stdout.buffer.write(_encode(answer) + b"\n")
    return 0


def take(services: Services, source: BinaryIO) -> BulkOutcome:
    """Take the load that `source` holds. Raises what `BulkLoader.load` raises."""
    request = msgspec.json.decode(source.readline(), type=BulkRequest)
    settings = services.settings
    loader = BulkLoader(
        services.store,
        limits=BulkLimits(
            event=settings.collect_event_limit_bytes,
            body=settings.collect_bulk_limit_bytes,
            waiting_events=settings.collect_bulk_waiting_events,
        ),
        clock=services.clock,
        previewer=partial(make_previewer, services),
    )
    if not request.is_dryrun:
        loader.check_backlog()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    # Beside the data, since a folder for temporary files may lie in memory.
    with tempfile.TemporaryFile(dir=settings.data_dir) as body:
        digest = _receive(source, body)
        if not request.is_dryrun:
            ensure_streams(
                services.store,
                account=request.account,
                names=[request.stream],
                actor=COLLECTOR,
                now=services.clock(),
            )
        return loader.load(request, body, digest=digest)


def make_previewer(services: Services) -> Previewer:
    """Return what shows the effect of events on people."""
    batch = services.batch_settings
    return Previewer(services.store, config_source(), batch.hash_key, batch.bounds, services.clock)


def _receive(source: BinaryIO, body: BinaryIO) -> bytes:
    """Write the pieces to `body`; return their digest. Raises BrokenLoadError."""
    hasher = hashlib.sha256()
    while True:
        head = source.read(LENGTH_BYTES)
        if len(head) < LENGTH_BYTES:
            raise BrokenLoadError
        size = int.from_bytes(head, "big")
        if size == 0:
            return hasher.digest()
        piece = source.read(size)
        if len(piece) < size:
            raise BrokenLoadError
        hasher.update(piece)
        body.write(piece)


def _failure(error: CoterieError) -> BulkFailure:
    if isinstance(error, TransientError):
        return BulkFailure(
            family="transient",
            code=error.code,
            message=error.message,
            retry_after=error.retry_after,
        )
    family = "permanent" if isinstance(error, PermanentError) else "user"
    return BulkFailure(family=family, code=error.code, message=error.message)


def _encode(answer: BulkOutcome | BulkFailure) -> bytes:
    kind = "failure" if isinstance(answer, BulkFailure) else "outcome"
    return msgspec.json.Encoder(decimal_format="number").encode({kind: answer})


if __name__ == "__main__":
    sys.exit(main())
