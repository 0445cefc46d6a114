import pytest

from coterie.control.scopes import SCOPES, UnknownScopeError, allows, check_scopes


@pytest.mark.parametrize("needed", SCOPES)
def test_admin_covers_everything(needed: str) -> None:
    assert allows(["admin"], needed)


def test_a_data_manager_writes_data_and_reads_but_does_not_administer() -> None:
    assert allows(["data_manager"], "data_write")
    assert allows(["data_manager"], "observer")
    assert not allows(["data_manager"], "admin")


def test_an_observer_only_reads() -> None:
    assert allows(["observer"], "observer")
    assert not any(allows(["observer"], needed) for needed in SCOPES if needed != "observer")


def test_a_token_that_sends_data_reads_nothing() -> None:
    assert not allows(["data_write"], "observer")


def test_an_unheard_of_scope_allows_nothing() -> None:
    assert not allows(["root"], "observer")
    assert not allows(["admin"], "root")


def test_scopes_are_kept_once_and_in_order() -> None:
    assert check_scopes(["observer", "data_write", "observer"]) == ("data_write", "observer")


@pytest.mark.parametrize("scopes", [[], ["Admin"], ["observer", "everything"]])
def test_a_wrong_set_of_scopes_is_refused_with_the_choice(scopes: list[str]) -> None:
    with pytest.raises(UnknownScopeError, match="Choose from admin, data_manager"):
        check_scopes(scopes)
