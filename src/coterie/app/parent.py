"""Ends this process when the one that started it is gone."""

import multiprocessing
import os
import signal
import threading

CHECK_SECONDS = 0.5


def end_with_parent(parent: int, *, drain: float) -> None:
    """Send this process SIGTERM once its parent is no longer `parent`, SIGKILL `drain` s later.

    So the sudden death of a supervisor leaves no process behind that would stand in the next
    one's way.
    """

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        pause.wait(drain)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def end_with_forking_parent(*, drain: float) -> None:
    """Do the same in a process that the HTTP server made, whose parent is that server."""
    server = multiprocessing.parent_process()
    if server is not None and server.pid is not None:
        end_with_parent(server.pid, drain=drain)
