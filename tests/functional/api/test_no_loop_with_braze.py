"""What Braze tells us because we wrote to it is no news, over HTTP both ways."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.functional.api.conftest import MakeToken, WebProcess
from tests.functional.exports.conftest import Shop

from braze_sandbox import lytics_webhook_body, running_sandbox
from coterie.store import Store

HOOK_BODY = {
    **lytics_webhook_body(external_id=True),
    "lytics_segments": "{{custom_attribute.${lytics_segments}}}",
}


@pytest.fixture
def shop(store: Store) -> Iterator[Shop]:
    with running_sandbox() as braze:
        made = Shop(store, braze)
        yield made
        made.worker._conn.close()


def received(shop: Shop) -> list[dict[str, Any]]:
    with shop.store.transaction() as conn:
        rows = conn.execute("SELECT body FROM event_log ORDER BY received_at").fetchall()
    return [msgspec.json.decode(body) for (body,) in rows]


@pytest.mark.e2e
def test_a_webhook_that_our_own_export_set_off_changes_nobody_and_sends_nothing(
    shop: Shop, web: WebProcess, make_token: MakeToken
) -> None:
    account = shop.account.number
    key = make_token(account=account).token
    url = f"{web.address}/c/{account}/braze_users?key={key}"
    shop.audience("oslo", 'FILTER city = "Oslo"')
    shop.create("oslo")
    shop.run_jobs()
    campaign = shop.braze.add_campaign("Tell", {"url": url, "body": HOOK_BODY})

    def tell() -> None:
        """Let the campaign post the user, and work off what came."""
        shop.braze.fire(campaign)
        shop.braze.settle()
        shop.now = datetime.now(UTC)
        shop.work()
        shop.deliver()

    def write(**attributes: str) -> None:
        shop.braze.post("/users/track", {"attributes": [{"external_id": "u1", **attributes}]})

    write(home_city="Oslo", first_name="Kim")
    tell()
    assert shop.at_braze("u1") == ["oslo"]
    person, changes = shop.profile("user_id", "u1"), shop.changes()
    requests = shop.braze.count_requests("/users/track")

    tell()

    assert ["oslo" in str(event["lytics_segments"]) for event in received(shop)] == [False, True]
    assert shop.profile("user_id", "u1") == person
    assert shop.changes() == changes
    assert shop.braze.count_requests("/users/track") == requests

    # What a person changed at Braze beside it is news as ever.
    write(home_city="Bergen")
    tell()

    assert shop.profile("user_id", "u1")["city"] == "Bergen"
    assert not shop.at_braze("u1")
