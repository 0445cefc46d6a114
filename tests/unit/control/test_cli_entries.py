from pathlib import Path

import pytest

from coterie.cli.entries import BadEntryError, read_entries, read_text, refuse_file_name


def test_entries_become_a_dict_and_keep_later_equals_signs() -> None:
    assert read_entries(["instance=US-01", "apikey=a=b"]) == {"instance": "US-01", "apikey": "a=b"}


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_text("secret-word")

    assert read_entries([f"apikey=@{path}"]) == {"apikey": "secret-word"}
    assert read_text(f"@{path}") == "secret-word"


@pytest.mark.parametrize("entry", ["apikey", "=value"])
def test_an_entry_without_a_name_or_value_is_refused(entry: str) -> None:
    with pytest.raises(BadEntryError, match="name=value"):
        read_entries([entry])


def test_an_entry_without_an_equals_sign_is_not_repeated() -> None:
    with pytest.raises(BadEntryError) as caught:
        read_entries(["the-secret-itself"])

    assert "the-secret-itself" not in caught.value.message


def test_the_bare_name_of_a_file_is_refused_with_the_at_sign_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "shop.lql"
    path.write_text("SELECT")

    refuse_file_name("SELECT card FROM shop INTO user BY card ALIAS shop" * 100)
    with pytest.raises(BadEntryError, match=f"Write @{path}"):
        refuse_file_name(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadEntryError, match=r"nowhere\.txt cannot be read"):
        read_text(f"@{tmp_path / 'nowhere.txt'}")
