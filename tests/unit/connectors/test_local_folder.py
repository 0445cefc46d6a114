import io
from pathlib import Path

import pytest

from coterie.connectors.files import MissingFileError, MissingFolderError
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
