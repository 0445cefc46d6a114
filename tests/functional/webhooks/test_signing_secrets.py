"""A signing secret is replaced without a message that some receiver could not check."""

import base64
from typing import Any

import pytest
from tests.functional.flow.conftest import ACTOR
from tests.functional.webhooks.conftest import SECRET, HookShop, running_receiver

from coterie.base.errors import UserError
from coterie.connectors.webhook.probe import probe_webhook
from coterie.control.authorizations import (
    AddressChangedError,
    AuthorizationRefusedError,
    TwoSecretsError,
    get_authorization,
    open_config,
    update_authorization,
)
from coterie.model.control import Authorization, ProbeResult

NEW = "whsec_" + base64.b64encode(b"another key of twenty-si").decode()
THIRD = "whsec_" + base64.b64encode(b"one key too many to know").decode()


def edit(hooks: HookShop, **options: Any) -> Authorization:
    return update_authorization(
        hooks.store,
        hooks.ring,
        account=hooks.account.number,
        authorization_id=hooks.authorization,
        actor=ACTOR,
        now=hooks.now,
        probe=try_it,
        **options,
    )


def try_it(config: dict[str, Any]) -> ProbeResult:
    return probe_webhook(config, allow_private_addresses=True)


def signers(hooks: HookShop) -> list[tuple[bool, bool]]:
    """Return which of old and new secret signed each message that is no test."""
    return [
        (request.is_signed_by(SECRET), request.is_signed_by(NEW))
        for request in hooks.receiver.taken
        if "webhook-id" in request.headers and request.json.get("type") != "test"
    ]


def test_both_secrets_sign_until_the_old_one_is_taken_away(hooks: HookShop) -> None:
    hooks.hook()
    hooks.tell(user_id="ada", city="Oslo")
    both = edit(hooks, config={"secret": NEW})
    hooks.tell(user_id="bo", city="Oslo")
    one = edit(hooks, without=["old_secret"])
    hooks.tell(user_id="cy", city="Oslo")

    assert signers(hooks) == [(True, False), (True, True), (False, True)]
    assert both.public_config["signing_secrets"] == 2
    assert "signing_secrets" not in one.public_config
    assert open_config(hooks.store, hooks.ring, hooks.authorization)["headers"] == "X-Team: crm"


def test_a_third_secret_waits_until_the_first_is_gone(hooks: HookShop) -> None:
    edit(hooks, config={"secret": NEW})
    with pytest.raises(TwoSecretsError, match="Take the old one away"):
        edit(hooks, config={"secret": THIRD})

    edit(hooks, config={"secret": THIRD}, without=["old_secret"])

    stored = open_config(hooks.store, hooks.ring, hooks.authorization)
    assert (stored["secret"], stored["old_secret"]) == (THIRD, NEW)


def test_what_the_receiver_refuses_without_the_old_secret_changes_nothing(hooks: HookShop) -> None:
    edit(hooks, config={"secret": NEW})
    hooks.receiver.statuses.append(401)

    with pytest.raises(AuthorizationRefusedError, match="401"):
        edit(hooks, without=["old_secret"])

    assert open_config(hooks.store, hooks.ring, hooks.authorization)["old_secret"] == SECRET


def test_an_edit_without_a_new_secret_leaves_both_in_force(hooks: HookShop) -> None:
    edit(hooks, config={"secret": NEW})

    edit(hooks, label="Renamed", config={"secret": "", "url": f"{hooks.receiver.url}/deep"})

    found = get_authorization(hooks.store, hooks.account.number, hooks.authorization)
    assert (found.label, found.public_config["signing_secrets"]) == ("Renamed", 2)


def test_stored_secrets_and_headers_never_leave_for_another_address(hooks: HookShop) -> None:
    with running_receiver() as thief:
        for config in ({"url": thief.url}, {"url": thief.url, "secret": NEW}):
            with pytest.raises(AddressChangedError):
                edit(hooks, config=config)
        edit(hooks, config={"url": thief.url, "secret": NEW}, without=["headers"])

        stored = open_config(hooks.store, hooks.ring, hooks.authorization)
        assert "old_secret" not in stored
        assert "headers" not in stored
        assert all("x-team" not in request.headers for request in thief.requests)


@pytest.mark.parametrize("name", ["secret", "url", "colour"])
def test_what_is_needed_or_unknown_cannot_be_taken_away(hooks: HookShop, name: str) -> None:
    with pytest.raises(UserError, match=r"cannot be left out|no option"):
        edit(hooks, without=[name])
