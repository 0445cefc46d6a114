from datetime import UTC, datetime
from typing import Any

import pytest
from tests.functional.sender.conftest import ACCOUNT, ACTOR, World

from braze_sandbox.sandbox import BrazeSandbox
from coterie.connectors.braze.client import BrazeClient, BrazeUnsendableError
from coterie.control.authorizations import create_authorization, get_authorization
from coterie.control.providers import Config
from coterie.control.sealed import seal
from coterie.flow.exports.desk import DeliveryDesk

# As an earlier release could save them; `check_config` refuses all of them now.
BAD_KEY = {"apikey": "one\nother"}
BAD_HOST = {"endpoint_url": "http://a..b"}
NO_CONFIG = {"objects_per_request": "many"}


def add_broken(world: World, **config: Any) -> int:
    """Add an authorization with a destination whose config nothing can be sent with."""
    good = {"apikey": "key", "endpoint_url": world.sandbox.url}
    made = create_authorization(
        world.store, world.ring, account=ACCOUNT, provider="braze", method="api_key",
        label="Broken", config=good, actor=ACTOR, now=datetime.now(UTC),
    )  # fmt: skip
    sealed = seal(world.ring, made.id, Config({**good, **config}, {}))
    with world.store.transaction() as conn:
        conn.execute(
            "UPDATE provider_authorization SET config_sealed = %s WHERE id = %s", (sealed, made.id)
        )
    return made.id


@pytest.mark.parametrize("config", [BAD_KEY, BAD_HOST, NO_CONFIG], ids=["key", "host", "config"])
async def test_a_broken_authorization_is_unhealthy_and_the_others_go_on(
    world: World, config: dict[str, Any]
) -> None:
    working = world.authorization_id
    broken = world.authorization_id = add_broken(world, **config)
    stuck = world.add_destination("other")
    world.wish("u1", {"vip"}, destination=stuck)
    world.authorization_id = working

    async with world.sending():
        await world.wait_until(
            lambda: get_authorization(world.store, ACCOUNT, broken).health == "unhealthy"
        )
        world.wish("u2", {"vip"})
        await world.wait_until(lambda: world.at_braze("u2") == {"vip"})

    detail = get_authorization(world.store, ACCOUNT, broken).health_detail
    assert "one\nother" not in detail
    assert get_authorization(world.store, ACCOUNT, working).health != "unhealthy"


class BrokenDesk(DeliveryDesk):
    """Fails for one authorization as a fault of our own would, until it is mended."""

    def __init__(self, world: World) -> None:
        super().__init__(world.store)
        self.tries = 0
        self.broken = world.authorization_id

    def try_hold(self, authorization_id: int) -> Any:
        if authorization_id == self.broken:
            self.tries += 1
            raise ZeroDivisionError
        return super().try_hold(authorization_id)


async def test_a_fault_of_our_own_is_told_and_tried_again_when_something_changes(
    world: World,
) -> None:
    desk = BrokenDesk(world)
    world.wish("u1", {"vip"})

    async with world.sending(desk=desk):
        await world.wait_until(
            lambda: get_authorization(world.store, ACCOUNT, desk.broken).health == "unhealthy"
        )
        await world.wait_until(lambda: desk.tries >= 2)
        detail = get_authorization(world.store, ACCOUNT, desk.broken).health_detail
        desk.broken = 0
        world.save_key("another-key")
        await world.wait_idle()

    assert "ZeroDivisionError" in detail
    assert world.at_braze("u1") == {"vip"}


@pytest.mark.parametrize(("url", "key"), [("", "one\nother"), ("http://a..b", "key")])
async def test_what_http_cannot_carry_is_an_error_with_its_cure(
    sandbox: BrazeSandbox, url: str, key: str
) -> None:
    async with BrazeClient(url or sandbox.url, key, allow_private_addresses=True) as client:
        with pytest.raises(BrazeUnsendableError, match="enter the address and the key again"):
            await client.post("/users/track", {})
