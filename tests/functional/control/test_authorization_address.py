from typing import Any

import pytest

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing
from coterie.control import authorizations
from coterie.control.authorizations import AddressChangedError
from coterie.model.control import Account, Actor, Authorization, ProbeResult
from coterie.store import Store

KEY = "rest-api-key-of-a-test"
SECRETS = {
    "braze": {"apikey": KEY, "instance": "EU-01"},
    "sftp": {"host": "files.example.org", "username": "crm", "password": KEY},
}
METHODS = {"braze": "api_key", "sftp": "client_sftp"}


class Desk:
    """Saves an authorization and edits it, noting what leaves for the outside system."""

    def __init__(self, store: Store, ring: KeyRing, actor: Actor, clock: Clock) -> None:
        self.store, self.ring, self.actor, self.clock = store, ring, actor, clock
        self.tried: list[dict[str, Any]] = []

    def probe(self, config: dict[str, Any]) -> ProbeResult:
        self.tried.append(config)
        return ProbeResult(ok=True, detail="fine")

    def save(self, provider: str) -> Authorization:
        return authorizations.create_authorization(
            self.store, self.ring, account=3012, provider=provider, method=METHODS[provider],
            label="One", config=SECRETS[provider], actor=self.actor, now=self.clock(),
        )  # fmt: skip

    def edit(self, saved: Authorization, **config: str) -> Authorization:
        return authorizations.update_authorization(
            self.store, self.ring, account=3012, authorization_id=saved.id, config=config,
            actor=self.actor, now=self.clock(), probe=self.probe,
        )  # fmt: skip

    def stored(self, saved: Authorization) -> dict[str, Any]:
        return authorizations.open_config(self.store, self.ring, saved.id)


@pytest.fixture
def desk(store: Store, ring: KeyRing, account: Account, actor: Actor, clock: Clock) -> Desk:
    assert account.number == 3012
    return Desk(store, ring, actor, clock)


@pytest.mark.parametrize(
    ("provider", "address"),
    [
        ("braze", {"apikey": "", "instance": "", "endpoint_url": "https://thief.example.org"}),
        ("braze", {"endpoint_url": "https://thief.example.org"}),
        ("braze", {"instance": "US-01"}),
        ("sftp", {"host": "thief.example.org"}),
        ("sftp", {"port": "2222", "password": ""}),
    ],
)
def test_a_stored_secret_never_leaves_for_another_address(
    desk: Desk, provider: str, address: dict[str, str]
) -> None:
    saved = desk.save(provider)
    before = desk.stored(saved)

    with pytest.raises(AddressChangedError, match="enter the key again"):
        desk.edit(saved, **address)

    assert desk.tried == []
    assert desk.stored(saved) == before


def test_another_address_is_taken_with_the_secret_entered_anew(desk: Desk) -> None:
    braze, files = desk.save("braze"), desk.save("sftp")

    desk.edit(braze, apikey="new", endpoint_url="https://braze.example.org")
    desk.edit(files, host="other.example.org", private_key="BEGIN\nEND")

    assert desk.stored(braze)["apikey"] == "new"
    assert "password" not in desk.stored(files)
    assert KEY not in str(desk.tried)


def test_the_secret_stays_where_the_address_stays(desk: Desk) -> None:
    saved = desk.save("sftp")

    desk.edit(saved, host="files.example.org", port="22", username="other", password="")

    assert desk.stored(saved)["password"] == KEY
