"""What was noted or asked for lately is remembered."""

from coterie.base.lately import Lately


def test_what_was_asked_for_lately_outlives_what_was_not() -> None:
    lately: Lately[str, int] = Lately(2)
    lately.note(1, {"a": 1, "b": 2})
    lately.note(1, {"c": 3})

    assert lately.find(1, ["a"]) == {"a": 1}
    lately.note(1, {"d": 4})
    lately.note(1, {"e": 5})

    assert lately.find(1, list("abde")) == {"a": 1, "d": 4, "e": 5}


def test_groups_share_nothing_but_the_room() -> None:
    lately: Lately[str, int] = Lately(2)
    lately.note(1, {"a": 1})
    lately.note(2, {"a": 2})

    assert (lately.find(1, ["a"]), lately.find(2, ["a"])) == ({"a": 1}, {"a": 2})
    lately.note(2, {"b": 3})
    lately.note(2, {"c": 4, "d": 5, "e": 6})

    assert lately.find(1, ["a"]) == {}


def test_what_is_noted_again_replaces_what_was_known() -> None:
    lately: Lately[str, int] = Lately(2)
    lately.note(1, {"a": 1})
    lately.note(1, {"b": 2, "c": 3})

    lately.note(1, {"a": 4})

    assert lately.find(1, list("abc")) == {"a": 4, "b": 2, "c": 3}
