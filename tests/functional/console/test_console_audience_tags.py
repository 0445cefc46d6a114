"""Tags of audiences in the console, and which audiences are public."""

from tests.functional.console.conftest import ACCOUNT, ACTOR, NOW, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.definitions.audiences import get_audience
from coterie.control.personalization import Allowed, allow_personalization

NEW = "/audiences/-new"
FANS = {"name": "Fans", "slug": "fans", "filter_text": "FILTER EXISTS email"}


def test_tags_are_written_with_commas_and_shown(admin: Visitor, deps: ConsoleDependencies) -> None:
    admin.send(NEW, **FANS, tags="Summer sale, vip,")

    detail, form = admin.open("/audiences/fans").text, admin.open("/audiences/fans/edit").text
    admin.send("/audiences/fans/edit", **FANS, tags="vip")

    assert 'href="/audiences?tag=summer%20sale"' in detail
    assert 'value="summer sale, vip"' in form
    assert "In use: summer sale, vip." in form
    assert get_audience(deps.store, ACCOUNT, "fans").tags == ("vip",)


def test_the_list_is_narrowed_to_a_tag(admin: Visitor) -> None:
    admin.send(NEW, **FANS, tags="vip")
    admin.send(NEW, name="Rest", slug="rest", filter_text="FILTER *")

    every, some = admin.open("/audiences").text, admin.open("/audiences?tag=vip").text
    nobody = admin.open("/audiences?tag=other").text

    assert "/audiences/rest" in every
    assert "/audiences/fans" in some
    assert "/audiences/rest" not in some
    assert "No audience bears the tag “other”." in nobody


def test_a_tag_that_cannot_be_is_told_in_the_form(admin: Visitor) -> None:
    answer = admin.send(NEW, **FANS, tags="a/b")

    assert answer.status_code == 400
    assert "cannot be a tag" in answer.text
    assert 'value="a/b"' in answer.text


def test_an_audience_is_made_public_once_that_is_allowed(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    before = admin.open(NEW).text
    allow_personalization(
        deps.store, account=ACCOUNT, allowed=Allowed(by_fields=("user_id",)), actor=ACTOR, now=NOW
    )
    after = admin.open(NEW).text
    admin.send(NEW, **FANS, is_public="yes")
    was_public = get_audience(deps.store, ACCOUNT, "fans").is_public
    form = admin.open("/audiences/fans/edit").text
    admin.send("/audiences/fans/edit", **FANS)

    assert "is_public" not in before
    assert 'name="is_public"' in after
    assert was_public is True
    assert 'name="is_public" type="checkbox" value="yes" checked' in form
    assert get_audience(deps.store, ACCOUNT, "fans").is_public is False
