"""Whose identifiers were, from memory."""

from coterie.flow.identity.hints import OwnerHints


def test_what_was_asked_for_lately_outlives_what_was_not() -> None:
    hints = OwnerHints(size=2)
    hints.note(1, {("email", "a"): "pa", ("email", "b"): "pb"})
    hints.note(1, {("email", "c"): "pc"})

    assert hints.find(1, [("email", "a")]) == {("email", "a"): "pa"}
    hints.note(1, {("email", "d"): "pd"})
    hints.note(1, {("email", "e"): "pe"})

    asked = [("email", name) for name in "abde"]
    assert set(hints.find(1, asked)) == {("email", "a"), ("email", "d"), ("email", "e")}


def test_accounts_share_no_hints() -> None:
    hints = OwnerHints()
    hints.note(1, {("email", "a"): "pa"})

    assert hints.find(2, [("email", "a")]) == {}
