from pathlib import Path

import pytest

from coterie.app.database import prepare_database
from coterie.app.doctor import examine
from coterie.app.services import open_services
from coterie.base.clock import system_clock
from coterie.base.keyfile import MissingKeysError, ensure_key_ring, open_key_ring
from coterie.base.settings import Settings
from coterie.cli.context import open_context
from coterie.control.installation import WrongKeysError, root_fingerprint
from coterie.store import Store


def folder(path: Path) -> Settings:
    return Settings(data_dir=path)


def test_a_database_opens_with_the_keys_that_it_was_made_with(
    empty_database_url: str, tmp_path: Path
) -> None:
    prepare_database(empty_database_url, folder(tmp_path), system_clock)

    prepare_database(empty_database_url, folder(tmp_path), system_clock)

    with open_services(folder(tmp_path), empty_database_url) as services:
        assert services.ring == open_key_ring(folder(tmp_path))


def test_other_keys_are_refused_before_anything_is_done_with_them(
    database_url: str, tmp_path: Path
) -> None:
    prepare_database(database_url, folder(tmp_path / "right"), system_clock)
    wrong = folder(tmp_path / "wrong")
    ensure_key_ring(wrong)

    with pytest.raises(WrongKeysError, match="COTERIE_DATA_DIR"):
        prepare_database(database_url, wrong, system_clock)
    with pytest.raises(WrongKeysError, match="Put the right keys back"):
        open_services(wrong, database_url).__enter__()


def test_the_command_line_and_the_doctor_name_wrong_keys(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_database(database_url, folder(tmp_path / "right"), system_clock)
    ensure_key_ring(folder(tmp_path / "wrong"))
    env = {"COTERIE_DATABASE_URL": database_url, "COTERIE_DATA_DIR": str(tmp_path / "wrong")}
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(WrongKeysError):
        open_context()
    errors = [finding.cure for finding in examine(env, system_clock) if finding.state == "error"]

    assert len(errors) == 1
    assert "Put the right keys back" in errors[0]


def test_lost_keys_are_missed_and_never_made_anew(database_url: str, tmp_path: Path) -> None:
    prepare_database(database_url, folder(tmp_path), system_clock)
    (tmp_path / "keys" / "ring.json").unlink()

    with pytest.raises(MissingKeysError, match="backup"):
        prepare_database(database_url, folder(tmp_path), system_clock)
    assert list((tmp_path / "keys").iterdir()) == []


def test_a_new_sealing_key_changes_nothing(tmp_path: Path) -> None:
    ring = ensure_key_ring(folder(tmp_path))

    assert root_fingerprint(ring.rotated()) == root_fingerprint(ring)


def test_the_fingerprint_says_nothing_of_the_key(database_url: str, tmp_path: Path) -> None:
    prepare_database(database_url, folder(tmp_path), system_clock)

    with Store.open(database_url) as store, store.transaction() as conn:
        kept = conn.execute("SELECT root_fingerprint FROM installation").fetchall()

    assert len(kept[0][0]) == 16
    assert kept[0][0] not in open_key_ring(folder(tmp_path)).root.hex()
