import threading
import time

from coterie.store import Bell, Store, listen, ring, wait_for_ring

LONG = 60.0


def test_who_waits_wakes_when_a_transaction_that_rang_commits(database_url: str) -> None:
    stop = threading.Event()
    with Store.open(database_url) as store, store.connect() as waiting:
        listen(waiting, Bell.EVENTS)
        started = time.monotonic()
        with store.transaction() as conn:
            ring(conn, Bell.EVENTS)

        wait_for_ring(waiting, LONG, stop)

        assert time.monotonic() - started < LONG


def test_what_rang_while_its_listener_was_at_work_is_heard_afterwards(database_url: str) -> None:
    stop = threading.Event()
    with Store.open(database_url) as store, store.connect() as waiting:
        listen(waiting, Bell.EVENTS)
        started = time.monotonic()
        with waiting.transaction():
            waiting.execute("SELECT 1")
            with store.transaction() as conn:
                ring(conn, Bell.EVENTS)
            waiting.execute("SELECT 1")

        wait_for_ring(waiting, LONG, stop)

        assert time.monotonic() - started < LONG


def test_another_bell_and_a_transaction_that_is_rolled_back_wake_nobody(database_url: str) -> None:
    stop = threading.Event()
    with Store.open(database_url) as store, store.connect() as waiting:
        listen(waiting, Bell.EVENTS)
        started = time.monotonic()
        with store.connect() as conn:
            ring(conn, Bell.EVENTS)
            conn.rollback()
        with store.transaction() as conn:
            ring(conn, Bell.OUTBOX)

        wait_for_ring(waiting, 0.3, stop)

        assert time.monotonic() - started >= 0.3


def test_a_stop_ends_the_wait(database_url: str) -> None:
    stop = threading.Event()
    with Store.open(database_url) as store, store.connect() as waiting:
        listen(waiting, Bell.EVENTS)
        timer = threading.Timer(0.1, stop.set)
        timer.start()
        started = time.monotonic()

        wait_for_ring(waiting, LONG, stop)
        timer.join()

        assert time.monotonic() - started < LONG
