from typing import Any

import pytest

from coterie.base.clock import Clock
from coterie.base.seal import BrokenSealError, KeyRing
from coterie.control import authorizations, jobs
from coterie.control.audit import list_audit
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.pipeline import current_epoch
from coterie.control.providers import BadConfigError
from coterie.model.control import Account, Actor, Authorization, ProbeResult
from coterie.store import Store

KEY = "rest-api-key-of-a-test"
SFTP = {"host": "files.example.org", "username": "crm", "password": "a-password-of-a-test"}


class Braze:
    """Takes the place of the outside system: notes what it was tried with."""

    def __init__(self, *, ok: bool = True) -> None:
        self.ok = ok
        self.seen: list[dict[str, Any]] = []

    def __call__(self, config: dict[str, Any]) -> ProbeResult:
        self.seen.append(config)
        return ProbeResult(ok=self.ok, detail="fine" if self.ok else "Braze refused the key.")


@pytest.fixture
def saved(
    store: Store, ring: KeyRing, account: Account, actor: Actor, clock: Clock
) -> Authorization:
    return authorizations.create_authorization(
        store,
        ring,
        account=account.number,
        provider="braze",
        method="api_key",
        label="Braze EU",
        config={"apikey": KEY, "instance": "EU-01"},
        actor=actor,
        now=clock(),
        probe=Braze(),
    )


def test_a_configuration_is_tried_with_its_secret_and_then_saved(
    store: Store, ring: KeyRing, account: Account, actor: Actor, clock: Clock
) -> None:
    braze = Braze()

    made = authorizations.create_authorization(
        store, ring, account=account.number, provider="braze", method="api_key", label="Braze",
        config={"apikey": KEY, "instance": "EU-01"}, actor=actor, now=clock(), probe=braze,
    )  # fmt: skip

    assert [seen["apikey"] for seen in braze.seen] == [KEY]
    assert (made.health, made.health_detail, made.checked_at) == ("healthy", "fine", clock())
    assert made.public_config["endpoint_url"] == "https://rest.fra-01.braze.eu"
    assert authorizations.open_config(store, ring, made.id)["apikey"] == KEY


def test_what_the_outside_system_refuses_is_not_saved(
    store: Store, ring: KeyRing, account: Account, actor: Actor, clock: Clock
) -> None:
    with pytest.raises(authorizations.AuthorizationRefusedError, match="Braze refused the key"):
        authorizations.create_authorization(
            store, ring, account=account.number, provider="braze", method="api_key",
            label="Braze", config={"apikey": KEY, "instance": "EU-01"}, actor=actor,
            now=clock(), probe=Braze(ok=False),
        )  # fmt: skip

    assert authorizations.list_authorizations(store, account.number) == []


def test_an_untried_authorization_is_of_unknown_health(
    store: Store, ring: KeyRing, account: Account, actor: Actor, clock: Clock
) -> None:
    made = authorizations.create_authorization(
        store, ring, account=account.number, provider="sftp", method="client_sftp",
        label="Files", config=SFTP, actor=actor, now=clock(),
    )  # fmt: skip

    assert (made.health, made.checked_at) == ("unknown", None)
    assert made.public_config == {"host": "files.example.org", "username": "crm", "port": 22}


def test_the_secret_is_found_nowhere_in_the_database(
    store: Store, account: Account, saved: Authorization
) -> None:
    with store.transaction() as conn:
        kept = conn.execute(
            "SELECT a::text, encode(config_sealed, 'escape'), (SELECT string_agg(l::text, '')"
            " FROM audit_log l) FROM provider_authorization a"
        ).fetchall()

    assert saved.account == account.number
    assert KEY not in str(kept)
    assert KEY not in str(authorizations.list_authorizations(store, account.number))


def test_a_sealed_configuration_does_not_open_in_another_row(
    store: Store, ring: KeyRing, account: Account, saved: Authorization, actor: Actor, clock: Clock
) -> None:
    other = authorizations.create_authorization(
        store, ring, account=account.number, provider="braze", method="api_key", label="Other",
        config={"apikey": "other", "instance": "US-01"}, actor=actor, now=clock(),
    )  # fmt: skip
    with store.transaction() as conn:
        conn.execute(
            "UPDATE provider_authorization SET config_sealed = (SELECT config_sealed FROM"
            " provider_authorization WHERE id = %s) WHERE id = %s",
            [saved.id, other.id],
        )

    with pytest.raises(BrokenSealError):
        authorizations.open_config(store, ring, other.id)


def test_an_empty_secret_in_an_update_keeps_the_old_one(
    store: Store, ring: KeyRing, saved: Authorization, actor: Actor, clock: Clock
) -> None:
    braze = Braze()

    after = authorizations.update_authorization(
        store, ring, account=3012, authorization_id=saved.id, label="Braze EU 50",
        config={"apikey": "", "instance": "EU-01", "objects_per_request": "50"},
        actor=actor, now=clock(), probe=braze,
    )  # fmt: skip

    assert (after.label, after.public_config["objects_per_request"]) == ("Braze EU 50", 50)
    assert braze.seen[0]["apikey"] == KEY
    assert authorizations.open_config(store, ring, saved.id)["apikey"] == KEY


def test_an_instance_can_be_exchanged_for_a_url_and_back(
    store: Store, ring: KeyRing, saved: Authorization, actor: Actor, clock: Clock
) -> None:
    def update(**config: str) -> dict[str, Any]:
        after = authorizations.update_authorization(
            store, ring, account=3012, authorization_id=saved.id, config=config,
            actor=actor, now=clock(),
        )  # fmt: skip
        return after.public_config

    with_url = update(endpoint_url="http://127.0.0.1:9000", instance="", apikey=KEY)
    with_instance = update(instance="US-02", endpoint_url="", apikey=KEY)

    assert (with_url["endpoint_url"], "instance" in with_url) == ("http://127.0.0.1:9000", False)
    assert with_instance["endpoint_url"] == "https://rest.iad-02.braze.com"


def test_a_new_label_alone_needs_no_trial(
    store: Store, ring: KeyRing, saved: Authorization, actor: Actor, clock: Clock
) -> None:
    braze = Braze()

    after = authorizations.update_authorization(
        store, ring, account=3012, authorization_id=saved.id, label="New", description="Word",
        actor=actor, now=clock(), probe=braze,
    )  # fmt: skip

    assert (after.label, after.description, after.health) == ("New", "Word", "healthy")
    assert braze.seen == []


def test_a_refused_update_changes_nothing(
    store: Store, ring: KeyRing, saved: Authorization, actor: Actor, clock: Clock
) -> None:
    with pytest.raises(authorizations.AuthorizationRefusedError):
        authorizations.update_authorization(
            store, ring, account=3012, authorization_id=saved.id, config={"apikey": "wrong"},
            actor=actor, now=clock(), probe=Braze(ok=False),
        )  # fmt: skip

    assert authorizations.open_config(store, ring, saved.id)["apikey"] == KEY


def test_an_update_tells_senders_to_look_again(
    store: Store, ring: KeyRing, saved: Authorization, actor: Actor, clock: Clock
) -> None:
    with store.transaction() as conn:
        before = current_epoch(conn)

    authorizations.update_authorization(
        store, ring, account=3012, authorization_id=saved.id, config={"apikey": "new"},
        actor=actor, now=clock(),
    )  # fmt: skip

    with store.transaction() as conn:
        assert current_epoch(conn) > before


def test_testing_keeps_what_came_of_it(
    store: Store, ring: KeyRing, saved: Authorization, clock: Clock
) -> None:
    after = authorizations.test_authorization(
        store, ring, account=3012, authorization_id=saved.id, probe=Braze(ok=False), now=clock()
    )

    assert (after.health, after.health_detail) == ("unhealthy", "Braze refused the key.")
    assert authorizations.get_authorization(store, 3012, saved.id) == after


def test_an_authorization_that_a_job_uses_cannot_be_deleted(
    store: Store, saved: Authorization, actor: Actor, clock: Clock
) -> None:
    create_audience(
        store, account=3012, slug="all", name="All", filter_text="*", actor=actor, clock=clock
    )
    job = jobs.create_export(
        store,
        account=3012,
        label="Export",
        authorization_id=saved.id,
        config={"identifier_field": "user_id", "audiences": ["all"], "existing_users": False},
        actor=actor,
        clock=clock,
    )

    with pytest.raises(authorizations.AuthorizationInUseError, match="1 jobs use"):
        authorizations.delete_authorization(
            store, account=3012, authorization_id=saved.id, actor=actor, now=clock()
        )
    jobs.kill_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)
    with store.transaction() as conn:
        conn.execute(
            "INSERT INTO outbox (destination, recipient, account, claims)"
            " VALUES (%s, 'r', 3012, '')",
            [job.destination_id],
        )
    authorizations.delete_authorization(
        store, account=3012, authorization_id=saved.id, actor=actor, now=clock()
    )

    assert authorizations.list_authorizations(store, 3012) == []


def test_deleting_forgets_the_secret_and_keeps_the_trail(
    store: Store, ring: KeyRing, saved: Authorization, actor: Actor, clock: Clock
) -> None:
    authorizations.delete_authorization(
        store, account=3012, authorization_id=saved.id, actor=actor, now=clock()
    )

    with pytest.raises(authorizations.UnknownAuthorizationError):
        authorizations.get_authorization(store, 3012, saved.id)
    with pytest.raises(authorizations.UnknownAuthorizationError):
        authorizations.open_config(store, ring, saved.id)
    with store.transaction() as conn:
        kept = conn.execute("SELECT config_sealed FROM provider_authorization").fetchone()
    assert kept == (b"",)
    assert list_audit(store, 3012)[0].verb == "deleted"


def test_another_account_cannot_see_an_authorization(
    store: Store, ring: KeyRing, saved: Authorization, clock: Clock
) -> None:
    with pytest.raises(authorizations.UnknownAuthorizationError):
        authorizations.get_authorization(store, 1, saved.id)
    with pytest.raises(authorizations.UnknownAuthorizationError):
        authorizations.test_authorization(
            store, ring, account=1, authorization_id=saved.id, probe=Braze(), now=clock()
        )


def test_a_wrong_configuration_is_not_even_tried(
    store: Store, ring: KeyRing, account: Account, actor: Actor, clock: Clock
) -> None:
    braze = Braze()

    with pytest.raises(BadConfigError):
        authorizations.create_authorization(
            store, ring, account=account.number, provider="braze", method="api_key",
            label="Braze", config={"apikey": KEY}, actor=actor, now=clock(), probe=braze,
        )  # fmt: skip
    assert braze.seen == []
