from datetime import timedelta

from tests.functional.control.conftest import ACTOR, START

from coterie.base.seal import KeyRing
from coterie.control.authorizations import (
    create_authorization,
    get_authorization,
    update_authorization,
)
from coterie.control.health import check_next
from coterie.control.sealed import open_config
from coterie.model.control import Account, Authorization, ProbeResult
from coterie.store import Store

CLIENT = {"host": "sftp.example.com", "username": "u", "password": "p"}
KEY = "ssh-ed25519 AAAA"


def make(store: Store, ring: KeyRing, account: Account, *, known_host: str = "") -> Authorization:
    return create_authorization(
        store,
        ring,
        account=account.number,
        provider="sftp",
        method="client_sftp",
        label="Files",
        config={**CLIENT, "known_host": known_host},
        actor=ACTOR,
        now=START,
        probe=lambda _: ProbeResult(ok=True, detail="Connected."),
    )


def test_an_authorization_is_tried_once_a_day(
    store: Store, ring: KeyRing, account: Account
) -> None:
    made = make(store, ring, account)
    probes = {"sftp": lambda _: ProbeResult(ok=False, detail="The password was changed.")}

    soon = check_next(store, ring, probes, now=START + timedelta(hours=23))
    later = check_next(store, ring, probes, now=START + timedelta(hours=25))
    again = check_next(store, ring, probes, now=START + timedelta(hours=26))

    assert soon is None
    assert later is not None
    assert (later.id, later.health) == (made.id, "unhealthy")
    assert later.health_detail == "The password was changed."
    assert again is None


def test_what_a_connection_teaches_is_kept_and_never_replaced(
    store: Store, ring: KeyRing, account: Account
) -> None:
    made = make(store, ring, account)
    day = timedelta(days=1, hours=1)
    for number, key in enumerate((KEY, "ssh-ed25519 BBBB"), start=1):
        answer = ProbeResult(ok=True, detail="", learned={"known_host": key})
        check_next(store, ring, {"sftp": lambda _, a=answer: a}, now=START + number * day)  # type: ignore[misc]

    assert get_authorization(store, account.number, made.id).public_config["known_host"] == KEY
    assert open_config(store, ring, made.id) == {**CLIENT, "port": 22, "known_host": KEY}


def test_another_host_is_met_anew(store: Store, ring: KeyRing, account: Account) -> None:
    made = make(store, ring, account, known_host=KEY)

    moved = update_authorization(
        store,
        ring,
        account=account.number,
        authorization_id=made.id,
        config={**CLIENT, "host": "new.example.com", "known_host": KEY},
        actor=ACTOR,
        now=START,
    )

    assert "known_host" not in moved.public_config
