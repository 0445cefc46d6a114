"""What tests of replays do again and again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House

from coterie.control.definitions.schema import publish_lql
from coterie.control.replays import confirm_replay, get_replay, start_replay
from coterie.model.replay import Replay
from coterie.worker.replayer import Replayer

# The default mapping with what it did not know before: a loyalty number that identifies, a colour.
NEW_LQL = """
SELECT loyalty_id SHORTDESC "Loyalty number" KIND string, colour SHORTDESC "Colour" KIND string
FROM default INTO user BY user_id OR loyalty_id OR email OR phone OR _uids ALIAS more
"""


def start(house: House, *, rate: int | None = None, accepts_loss: bool = False) -> Replay:
    return start_replay(
        house.store,
        account=house.account.number,
        events_a_second=rate,
        accepts_loss=accepts_loss,
        actor=ACTOR,
        clock=lambda: house.now,
    )


def publish(house: House, text: str = NEW_LQL) -> None:
    house.now += timedelta(seconds=1)
    publish_lql(
        house.store,
        account=house.account.number,
        text=text,
        actor=ACTOR,
        clock=lambda: house.now,
    )


def confirm(house: House) -> None:
    number = house.account.number
    confirm_replay(house.store, account=number, actor=ACTOR, clock=lambda: house.now)


def replay(house: House) -> Replay:
    return get_replay(house.store, house.account.number)


def go_on(
    house: House, *, until: str, between: Callable[[], object] | None = None, most: int = 300
) -> None:
    """Take steps, each in another process as it were, until the replay has come so far."""
    for _ in range(most):
        if replay(house).state == until:
            return
        Replayer()(house.bench)
        house.now += timedelta(seconds=1)
        if between is not None:
            between()
    pytest.fail(f"the replay is {replay(house).state} after {most} steps")
