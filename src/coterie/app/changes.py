"""Binds the stream of changes to the store."""

from collections.abc import Callable

from coterie.app.services import Services, config_source
from coterie.flow.run.stream import ChangePage, ChangeStream, Wanted


def change_reader(services: Services) -> Callable[[int, str, Wanted, int], ChangePage]:
    """Return the function that doors call."""
    stream = ChangeStream(services.store, config_source())

    def read(account: int, after: str, wanted: Wanted, limit: int) -> ChangePage:
        return stream.read(account, after, wanted, limit=limit, now=services.clock())

    return read
