"""The doctor names what is wrong, and the cure."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coterie.app.doctor import Finding, examine
from coterie.base.clock import system_clock
from coterie.base.keyfile import ensure_key_ring
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.authorizations import create_authorization
from coterie.model.control import Actor
from coterie.store import Store

ACTOR = Actor(name="test")


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    ensure_key_ring(Settings(data_dir=tmp_path))
    return {
        "COTERIE_DATA_DIR": str(tmp_path),
        "COTERIE_DATABASE_URL": database_url,
        "COTERIE_ALLOW_PRIVATE_ADDRESSES": "true",
    }


def found(findings: list[Finding], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject.startswith(subject))


def test_a_healthy_installation_is_all_ok(env: dict[str, str]) -> None:
    findings = list(examine(env, system_clock))

    assert {finding.state for finding in findings} == {"ok"}
    assert [finding.subject for finding in findings] == [
        "settings",
        "disk",
        "keys",
        "store",
        "clock",
        "worker",
        "identities",
    ]


def test_a_database_without_tables_is_the_last_thing_looked_at(
    env: dict[str, str], empty_database_url: str
) -> None:
    findings = list(examine({**env, "COTERIE_DATABASE_URL": empty_database_url}, system_clock))

    store = found(findings, "store")
    assert store.state == "error"
    assert "coterie up" in store.cure
    assert [finding.subject for finding in findings[-2:]] == ["store", "clock"]


def test_a_misspelt_setting_is_named_with_its_cure(env: dict[str, str]) -> None:
    [finding] = examine({**env, "COTERIE_PORTS": "1"}, system_clock)

    assert finding.state == "error"
    assert "COTERIE_PORT" in finding.detail


@pytest.mark.parametrize(("too_large", "state"), [(False, "warning"), (True, "error")])
def test_identities_that_wait_for_maintenance_are_told_of(
    env: dict[str, str], database_url: str, too_large: bool, state: str
) -> None:
    with Store.open(database_url) as store, store.transaction() as conn:
        conn.execute(
            "INSERT INTO g1.unsettled (account, field, value, since, due_at, too_large)"
            " VALUES (1, 'email', 'e', now(), now(), %s)",
            (too_large,),
        )

    finding = found(list(examine(env, system_clock)), "identities")

    assert finding.state == state
    assert finding.cure


def test_a_clock_that_is_off_is_an_error(env: dict[str, str]) -> None:
    findings = list(examine(env, lambda: datetime.now(UTC) + timedelta(minutes=5)))

    assert found(findings, "clock").state == "error"
    assert "synchronisation" in found(findings, "clock").cure


def test_keys_that_others_can_read_are_an_error(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys" / "ring.json").chmod(0o644)

    findings = list(examine(env, system_clock))

    assert found(findings, "keys").state == "error"
    assert "chmod 600" in found(findings, "keys").cure


def test_without_a_database_the_doctor_says_how_to_start_one(tmp_path: Path) -> None:
    findings = list(examine({"COTERIE_DATA_DIR": str(tmp_path)}, system_clock))

    assert "coterie up" in found(findings, "store").cure
    assert found(findings, "keys").state == "warning"
    assert list(tmp_path.iterdir()) == []


def test_lost_keys_are_an_error_and_no_new_ones_take_their_place(
    env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "keys" / "ring.json").unlink()

    findings = list(examine(env, system_clock))

    assert found(findings, "keys").state == "error"
    assert "backup" in found(findings, "keys").cure
    assert list((tmp_path / "keys").iterdir()) == []


def test_a_database_that_does_not_answer_is_an_error_with_its_address_as_the_cure(
    env: dict[str, str],
) -> None:
    findings = list(
        examine({**env, "COTERIE_DATABASE_URL": "postgresql://x@127.0.0.1:9/x"}, system_clock)
    )

    assert "does not answer" in found(findings, "store").detail
    assert "COTERIE_DATABASE_URL" in found(findings, "store").cure


def test_an_authorization_that_does_not_answer_is_an_error(
    env: dict[str, str], tmp_path: Path, database_url: str
) -> None:
    ring = ensure_key_ring(Settings(data_dir=tmp_path))
    with Store.open(database_url) as store:
        account = create_account(store, name="Test", actor=ACTOR, clock=system_clock)
        create_authorization(
            store,
            ring,
            account=account.number,
            provider="braze",
            method="api_key",
            label="Nobody",
            description="",
            config={"apikey": "key", "endpoint_url": "http://127.0.0.1:9"},
            actor=ACTOR,
            now=system_clock(),
            probe=None,
        )

    findings = list(examine(env, system_clock))

    finding = found(findings, "authorization")
    assert finding.state == "error"
    assert "coterie authorization test" in finding.cure
