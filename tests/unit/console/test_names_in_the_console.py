"""People read names where machines keep codes."""

import pytest

from coterie.console.formats import user, with_audiences


@pytest.mark.parametrize(
    ("recipient", "said"),
    [
        ("u-1", "u-1"),
        ("external_id:email:x", "email:x"),
        ("email:ada@example.org", "e-mail address ada@example.org"),
        ("alias:crm%3Aid:17", "alias crm:id 17"),
        ("braze_id:5f", "Braze ID 5f"),
    ],
    ids=["plain", "prefixed", "email", "alias", "braze-id"],
)
def test_a_user_is_called_by_what_names_them(recipient: str, said: str) -> None:
    assert user(recipient) == said


def test_a_reason_calls_audiences_by_their_names() -> None:
    names = {"vips": "Best customers"}

    assert with_audiences("suppressed by audience 'vips'", names) == (
        "suppressed by audience “Best customers”"
    )
    assert with_audiences("suppressed by audience 'gone'", names) == (
        "suppressed by audience “gone”"
    )
    assert with_audiences("no value in field 'user_id'", names) == "no value in field 'user_id'"
