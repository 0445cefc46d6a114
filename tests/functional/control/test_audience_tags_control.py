"""Tags of audiences, the groups that they name, and which audiences are public."""

from collections.abc import Callable
from typing import Any

import pytest

from coterie.base.clock import Clock
from coterie.control import personalization
from coterie.control.audit import list_audit
from coterie.control.definitions import audiences, tags
from coterie.control.definitions.pipeline import load_config
from coterie.control.definitions.showing import NothingPublicError
from coterie.control.definitions.tags import BadGroupError, BadTagError, UnknownGroupError
from coterie.model.control import Account, Actor, Audience
from coterie.store import Store

ACCOUNT = 3012
Make = Callable[..., Audience]
Groups = Callable[[], dict[str, tuple[str, ...]]]


@pytest.fixture
def make(store: Store, account: Account, actor: Actor, clock: Clock) -> Make:
    def create(slug: str, **words: Any) -> Audience:
        return audiences.create_audience(
            store, account=account.number, slug=slug, name=slug, filter_text="EXISTS email",
            actor=actor, clock=clock, **words,
        )  # fmt: skip

    return create


@pytest.fixture
def update(store: Store, actor: Actor, clock: Clock) -> Make:
    def change(slug: str, **words: Any) -> Audience:
        return audiences.update_audience(
            store, account=ACCOUNT, slug=slug, actor=actor, clock=clock, **words
        )

    return change


@pytest.fixture
def groups(store: Store) -> Groups:
    return lambda: {one.tag: one.audiences for one in tags.list_groups(store, ACCOUNT)}


@pytest.fixture
def allow(store: Store, account: Account, actor: Actor, clock: Clock) -> Callable[[], None]:
    def allowed() -> None:
        personalization.allow_personalization(
            store, account=account.number, actor=actor, now=clock(),
            allowed=personalization.Allowed(by_fields=("user_id",)),
        )  # fmt: skip

    return allowed


def public_audiences(store: Store) -> tuple[str, ...]:
    found = personalization.find_personalization(store, ACCOUNT)
    return found.audiences if found else ()


def test_tags_are_kept_in_small_letters_each_once(make: Make, store: Store) -> None:
    made = make("a", tags=[" Summer  Sale", "vip", "summer sale"])

    assert made.tags == ("summer sale", "vip")
    assert audiences.get_audience(store, ACCOUNT, "a").tags == made.tags


def test_other_tags_build_nothing_anew_and_tags_that_are_not_given_stay(
    make: Make, update: Make
) -> None:
    make("a", tags=["vip"])

    kept = update("a", name="Another name")
    changed = update("a", tags=["sale"])
    rewritten = update("a", filter_text="EXISTS phone")
    cleared = update("a", tags=())

    assert [one.tags for one in (kept, changed, rewritten, cleared)] == [
        ("vip",), ("sale",), ("sale",), (),
    ]  # fmt: skip
    assert [one.version for one in (kept, changed, rewritten)] == [1, 1, 2]


@pytest.mark.parametrize(
    "wrong", [[""], ["a,b"], ["a/b"], ["-a"], ["x" * 41], [f"t{n}" for n in range(21)]]
)
def test_what_cannot_be_a_tag_is_refused(make: Make, wrong: list[str]) -> None:
    with pytest.raises(BadTagError):
        make("a", tags=wrong)


def test_audiences_are_found_by_tag_however_it_is_written(make: Make, store: Store) -> None:
    make("a", tags=["VIP"])
    make("b", tags=["sale", "vip"])
    make("c")

    found = audiences.list_audiences(store, ACCOUNT, tag=" Vip ")

    assert [one.slug for one in found] == ["a", "b"]


def test_a_group_is_who_bears_its_tag(
    make: Make, store: Store, actor: Actor, clock: Clock, groups: Groups
) -> None:
    make("a", tags=["vip"])
    make("b")
    make("c")

    tags.save_group(
        store, account=ACCOUNT, tag="VIP", audiences=["b", "c"], actor=actor, clock=clock
    )

    assert groups() == {"vip": ("b", "c")}
    assert tags.get_group(store, ACCOUNT, "Vip").audiences == ("b", "c")
    tagged = [one.subject_id for one in list_audit(store, ACCOUNT) if one.verb == "tagged"]
    assert sorted(tagged) == ["a", "b", "c"]


def test_renaming_a_group_joins_it_with_one_of_that_name(
    make: Make, store: Store, actor: Actor, clock: Clock, groups: Groups
) -> None:
    make("a", tags=["old", "kept"])
    make("b", tags=["new"])

    after = tags.change_group(
        store, account=ACCOUNT, tag="old", name="new", actor=actor, clock=clock
    )

    assert after.audiences == ("a", "b")
    assert groups() == {"kept": ("a",), "new": ("a", "b")}


def test_a_group_changes_its_name_and_members_at_once(
    make: Make, store: Store, actor: Actor, clock: Clock, groups: Groups
) -> None:
    make("a", tags=["old"])
    make("b", tags=["new"])
    make("c")

    tags.change_group(
        store, account=ACCOUNT, tag="old", name="new", audiences=["c"], actor=actor, clock=clock
    )

    assert groups() == {"new": ("c",)}


def test_deleting_a_group_leaves_its_audiences(
    make: Make, store: Store, actor: Actor, clock: Clock, groups: Groups
) -> None:
    make("a", tags=["vip", "sale"])

    gone = tags.delete_group(store, account=ACCOUNT, tag="vip", actor=actor, clock=clock)

    assert gone.audiences == ("a",)
    assert groups() == {"sale": ("a",)}


def test_a_group_of_nobody_and_of_strangers_is_refused(
    make: Make, store: Store, actor: Actor, clock: Clock, groups: Groups
) -> None:
    make("a")

    for named in ((), ("a", "nobody")):
        with pytest.raises(BadGroupError):
            tags.save_group(
                store, account=ACCOUNT, tag="vip", audiences=named, actor=actor, clock=clock
            )
    with pytest.raises(UnknownGroupError):
        tags.delete_group(store, account=ACCOUNT, tag="vip", actor=actor, clock=clock)
    with pytest.raises(UnknownGroupError):
        tags.change_group(store, account=ACCOUNT, tag="vip", name="x", actor=actor, clock=clock)

    assert groups() == {}


def test_an_archived_audience_is_in_no_group(
    make: Make, store: Store, actor: Actor, clock: Clock, groups: Groups
) -> None:
    make("a", tags=["vip"])

    audiences.archive_audience(store, account=ACCOUNT, slug="a", actor=actor, clock=clock)

    assert groups() == {}


def test_an_audience_becomes_public_and_private(
    make: Make, update: Make, store: Store, allow: Callable[[], None]
) -> None:
    allow()
    make("a", is_public=True)
    make("b")

    update("b", is_public=True)
    update("a", name="Still public")
    both = public_audiences(store)
    private = update("a", is_public=False)

    assert both == ("a", "b")
    assert private.is_public is False
    assert public_audiences(store) == ("b",)
    assert [one.is_public for one in audiences.list_audiences(store, ACCOUNT)] == [False, True]


@pytest.mark.usefixtures("account")
def test_nothing_becomes_public_before_somebody_says_by_what_people_are_found(
    make: Make, store: Store
) -> None:
    with pytest.raises(NothingPublicError):
        make("a", is_public=True)

    assert audiences.list_audiences(store, ACCOUNT) == []


def test_an_audience_that_takes_the_slug_of_an_archived_public_one_is_private(
    make: Make, store: Store, actor: Actor, clock: Clock, allow: Callable[[], None]
) -> None:
    allow()
    make("a", is_public=True)
    audiences.archive_audience(store, account=ACCOUNT, slug="a", actor=actor, clock=clock)

    again = make("a")

    assert again.is_public is False
    assert public_audiences(store) == ()
    archived = audiences.list_audiences(store, ACCOUNT, with_archived=True)
    assert {one.is_public for one in archived} == {False}


def test_tags_do_not_reach_the_data_plane(make: Make, store: Store) -> None:
    make("a", tags=["vip"])

    with store.transaction() as conn:
        (spec,) = load_config(conn).accounts[ACCOUNT].audiences

    assert not hasattr(spec, "tags")
