import pytest

from coterie.base.clock import Clock
from coterie.control import accounts
from coterie.control.definitions import schema_versions, streams
from coterie.model.control import Account, Actor
from coterie.store import Store


def test_an_account_starts_with_streams_and_a_published_schema(
    store: Store, account: Account
) -> None:
    names = [stream.name for stream in streams.list_streams(store, account.number)]

    assert names == ["braze_csv", "braze_currents", "braze_users", "default", "segment"]
    assert schema_versions.current_schema(store, account.number).version == 1


def test_a_drawn_number_has_six_or_seven_digits(store: Store, actor: Actor, clock: Clock) -> None:
    drawn = accounts.create_account(store, name=" Second ", actor=actor, clock=clock)

    assert 100_000 <= drawn.number < 10_000_000
    assert accounts.get_account(store, drawn.number).name == "Second"


def test_a_taken_number_is_refused_and_changes_nothing(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    with pytest.raises(accounts.BadAccountError, match="3012 exists already"):
        accounts.create_account(store, name="Copy", number=3012, actor=actor, clock=clock)

    assert accounts.list_accounts(store) == [account]


@pytest.mark.parametrize(
    ("name", "number"), [("", None), ("x" * 101, None), ("x", 0), ("x", 10**9)]
)
def test_a_wrong_name_or_number_is_refused(
    store: Store, actor: Actor, clock: Clock, name: str, number: int | None
) -> None:
    with pytest.raises(accounts.BadAccountError):
        accounts.create_account(store, name=name, number=number, actor=actor, clock=clock)


def test_the_only_account_need_not_be_named(store: Store, account: Account) -> None:
    assert accounts.choose_account(store, None) == account


def test_among_several_accounts_one_must_be_named(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    accounts.create_account(store, name="Second", number=4000, actor=actor, clock=clock)

    with pytest.raises(accounts.BadAccountError, match=r"3012, 4000.*--account"):
        accounts.choose_account(store, None)
    assert accounts.choose_account(store, 4000).name == "Second"
    assert account.number == 3012


def test_an_unknown_account_is_named_with_the_cure(store: Store) -> None:
    with pytest.raises(accounts.UnknownAccountError, match=r"no account 77.*account list"):
        accounts.get_account(store, 77)
    with pytest.raises(accounts.BadAccountError, match="account create"):
        accounts.choose_account(store, None)
