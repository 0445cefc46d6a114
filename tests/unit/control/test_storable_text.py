import pytest

from coterie.control.rows import UnstorableTextError, to_json


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "\udce4", "\\\x00"])
def test_what_the_database_cannot_keep_is_refused(text: str) -> None:
    with pytest.raises(UnstorableTextError):
        to_json({"name": text})


@pytest.mark.parametrize("text", ["", "ü 漢 🙂", "\\u0000", "\\\\u0000", "a\tb"])
def test_every_readable_text_is_kept(text: str) -> None:
    assert to_json([text])
