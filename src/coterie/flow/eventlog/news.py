"""Lets a worker wait until the collector has written events."""

import threading

from coterie.store import Bell, Connection, listen, wait_for_ring


def listen_for_events(conn: Connection) -> None:
    """Let a worker's connection hear of new events. Raises StoreUnavailableError."""
    listen(conn, Bell.EVENTS)


def wait_for_events(conn: Connection, seconds: float, stop: threading.Event) -> None:
    """Return once there is word of new events, `stop` is set or the time is over.

    Raises StoreUnavailableError.
    """
    wait_for_ring(conn, seconds, stop)
