import io
from pathlib import Path

import pytest

from coterie.connectors.files import MissingFileError, MissingFolderError, unfinished_name
from coterie.connectors.local_folder import FolderOutsideError, LocalFolder


def test_files_of_the_folder_are_listed_and_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("id\n1\n")
    (tmp_path / "in" / "deeper").mkdir()
    place = LocalFolder("in", root=tmp_path)
    into = io.BytesIO()

    (listed,) = place.list_files()
    fetched = place.fetch("a.csv", into)

    assert (listed.name, listed.size) == ("a.csv", 5)
    assert fetched == listed
    assert into.getvalue() == b"id\n1\n"


@pytest.mark.parametrize("folder", ["..", "/etc", "in/../.."])
def test_a_folder_outside_of_the_root_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(FolderOutsideError):
        LocalFolder(folder, root=tmp_path)


def test_a_link_that_leads_outside_of_the_root_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("x")
    (root / "a.csv").symlink_to(tmp_path / "secret")

    with pytest.raises(FolderOutsideError):
        LocalFolder(".", root=root).fetch("a.csv", io.BytesIO())


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFolderError, match="nowhere"):
        LocalFolder("nowhere", root=tmp_path).list_files()
    with pytest.raises(MissingFileError, match=r"gone\.csv"):
        LocalFolder(".", root=tmp_path).fetch("gone.csv", io.BytesIO())


def test_what_is_there_is_told_and_what_was_left_half_done_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("theirs")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nothing")
    half = tmp_path / unfinished_name("a.csv", "mark")
    half.write_text("half")
    place = LocalFolder(".", root=tmp_path)

    place.discard("a.csv", "mark")
    place.discard("a.csv", "mark")
    LocalFolder("gone", root=tmp_path).discard("a.csv", "mark")

    assert not half.exists()
    assert [place.holds(name) for name in ("a.csv", "link.csv", "b.csv")] == [True, True, False]
