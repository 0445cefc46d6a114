"""When Python's garbage collector may look for cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Let the collector wait until a batch is done.

    A batch makes hundreds of thousands of objects that live as long as it does and are part of no
    cycle; visiting them once took a worker four hundredths of its time in an import. What is in a
    cycle goes at the first look after the batch.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Several threads may pause it: whoever found it at work lets it go on.
        if was_enabled:
            gc.enable()


def keep_what_is_there() -> None:
    """Let the collector never again visit what this process has made up to now.

    For the end of a start: what it made lives as long as the process, and visiting all of a web
    process once held up everybody who asked for a twentieth of a second and more.
    """
    gc.collect()
    gc.freeze()
