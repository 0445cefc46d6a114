"""Versions of the schema and a replay of history are looked at and decided in the console."""

from tests.functional.console.conftest import ACCOUNT, ACTOR, SteppingClock, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.definitions.schema import publish_lql
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.replays import get_replay

LQL = "SELECT colour KIND string FROM default INTO user BY user_id OR email ALIAS more"
REPLAY = "/data/schema/replay"


def publish(deps: ConsoleDependencies, clock: SteppingClock) -> None:
    publish_lql(deps.store, account=ACCOUNT, text=LQL, actor=ACTOR, clock=clock)


def test_a_version_is_compared_and_gone_back_to(
    admin: Visitor, deps: ConsoleDependencies, clock: SteppingClock
) -> None:
    publish(deps, clock)

    listed = admin.open("/data/schema/versions").text
    changed = admin.open("/data/schema/versions/2").text
    answer = admin.send("/data/schema/versions/1/revert", page="/data/schema/versions/1")

    assert "Version 2" in listed
    assert "colour" in changed
    assert "Version 3 is as version 1 was" in admin.follow(answer).text
    assert current_schema(deps.store, ACCOUNT).version == 3


def test_a_replay_is_started_and_cancelled(admin: Visitor, deps: ConsoleDependencies) -> None:
    started = admin.follow(admin.send(REPLAY, rate="500")).text
    again = admin.send(REPLAY, page="/data/schema")
    early = admin.send(f"{REPLAY}/confirm", page=REPLAY)
    cancelled = admin.follow(admin.send(f"{REPLAY}/cancel", page=REPLAY)).text

    assert "Preparing" in started
    assert "in hand already" in again.text
    assert "Confirm it once it is ready" in early.text
    assert "is cancelled" in cancelled
    found = get_replay(deps.store, ACCOUNT)
    assert (found.state, found.events_a_second) == ("cancelled", 500)
