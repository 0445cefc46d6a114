import pytest

from coterie.base.clock import Clock
from coterie.control.audit import list_audit
from coterie.control.definitions import audiences, schema
from coterie.control.definitions.lengths import LONGEST_TEXT, TextTooLongError
from coterie.model.control import Account, Actor
from coterie.store import Store


def test_a_filter_has_at_most_100_000_characters(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    longest = "EXISTS email".ljust(LONGEST_TEXT)
    audiences.create_audience(
        store, account=account.number, slug="a", name="a", filter_text=longest, actor=actor,
        clock=clock,
    )  # fmt: skip

    with pytest.raises(TextTooLongError, match="The filter has 100,001 characters"):
        audiences.create_audience(
            store, account=account.number, slug="b", name="b", filter_text=longest + " ",
            actor=actor, clock=clock,
        )  # fmt: skip
    with pytest.raises(TextTooLongError):
        audiences.update_audience(
            store, account=account.number, slug="a", filter_text=longest + " ", actor=actor,
            clock=clock,
        )  # fmt: skip


def test_an_lql_text_has_at_most_100_000_characters(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    text = "SELECT card FROM shop INTO user BY card ALIAS shop".ljust(LONGEST_TEXT + 1)

    with pytest.raises(TextTooLongError, match="The LQL text has 100,001 characters"):
        schema.publish_lql(store, account=account.number, text=text, actor=actor, clock=clock)


def test_the_text_of_a_filter_stays_out_of_the_audit(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    audiences.create_audience(
        store, account=account.number, slug="one", name="One", actor=actor, clock=clock,
        filter_text='email == "someone@example.org"',
    )  # fmt: skip

    entry = list_audit(store, account.number)[0]

    assert (entry.subject_id, entry.detail) == ("one", {"version": 1})
