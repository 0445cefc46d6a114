import base64
import json
from pathlib import Path
from threading import Thread

import pytest

from coterie.base.keyfile import (
    FILE,
    BadKeyFileError,
    BadSecretKeysError,
    MissingKeysError,
    ensure_key_ring,
    load_or_create,
    open_key_ring,
    read_key_list,
    rotate,
)
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings

KEY = base64.b64encode(b"k" * 32).decode()


def test_the_first_start_makes_a_ring_and_later_ones_find_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    first = ensure_key_ring(settings)

    assert open_key_ring(settings) == first
    assert list((tmp_path / "keys").iterdir()) == [tmp_path / FILE]


def test_nobody_else_may_read_the_key_file(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ring.json"

    load_or_create(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_processes_that_start_at_once_share_one_ring(tmp_path: Path) -> None:
    rings: list[KeyRing] = []
    path = tmp_path / "keys" / "ring.json"
    threads = [Thread(target=lambda: rings.append(load_or_create(path))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(rings) == 8
    assert all(ring == rings[0] for ring in rings)


def test_a_key_file_that_others_can_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    load_or_create(path)
    path.chmod(0o644)

    with pytest.raises(BadKeyFileError, match=r"mode 644.*chmod 600"):
        load_or_create(path)


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"root":"AAAA","keys":[]}', '{"root":"AAAA","keys":[{"id":"a","key":"AA=="}]}'],
)
def test_a_damaged_key_file_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ring.json"
    path.touch(mode=0o600)
    path.write_text(text)

    with pytest.raises(BadKeyFileError, match="Restore it from a backup"):
        load_or_create(path)

    assert path.read_text() == text


def test_rotation_adds_a_key_that_seals_and_keeps_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    old = load_or_create(path)

    new = rotate(path)

    assert load_or_create(path) == new
    assert new.keys[1:] == old.keys
    assert new.root == old.root
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(json.loads(path.read_text())["keys"]) == 2


def test_keys_of_the_setting_take_the_place_of_the_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_keys=f"2026:{KEY}, 2025:{KEY}, root:{KEY}")

    ring = open_key_ring(settings)

    assert [key.id for key in ring.keys] == ["2026", "2025"]
    assert ring.root == b"k" * 32
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"2026:{KEY}", "lacks the key named root"),
        (f"root:{KEY}", "holds no key that seals"),
        (f"a:{KEY},a:{KEY},root:{KEY}", "names 'a' twice"),
        (f"a:AAAA,root:{KEY}", "'a' of 3 bytes, not 32"),
        (f"a:hush!,root:{KEY}", "'a' that is not base64"),
        (f"{KEY},root:{KEY}", "without a name"),
    ],
)
def test_a_bad_list_of_keys_says_what_is_wrong_and_shows_no_key(text: str, message: str) -> None:
    with pytest.raises(BadSecretKeysError, match=message) as caught:
        read_key_list(text)

    assert KEY not in caught.value.message
    assert "hush" not in caught.value.message


def test_opening_keys_that_are_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(MissingKeysError, match="COTERIE_DATA_DIR"):
        open_key_ring(Settings(data_dir=tmp_path))

    assert list(tmp_path.iterdir()) == []
