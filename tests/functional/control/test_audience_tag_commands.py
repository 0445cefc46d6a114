"""Tags of audiences, their groups, and which audiences are public, by command."""

from collections.abc import Callable
from typing import Any

from tests.functional.control.test_cli_control import environment, invoke, number, run
from typer.testing import Result

from coterie.base.errors import UserError

__all__ = ["environment", "invoke", "number", "run"]

Run = Callable[..., Any]


def test_audiences_are_tagged_and_their_groups_changed(
    run: Run, invoke: Callable[..., Result], number: int
) -> None:
    for slug in ("a", "b"):
        run("audience", "create", slug, "--filter", "*", "--tag", "VIP", "--tag", "sale")

    (bare,) = run("audience", "update", "a", "--no-tags")
    (other,) = run("audience", "update", "b", "--tag", "vip")
    run("audience", "tag", "set", "vip", "a", "b")
    run("audience", "tag", "rename", "vip", "club")
    listed = run("audience", "tag", "list")
    found = run("audience", "list", "--tag", "club")
    run("audience", "tag", "delete", "club")
    both = invoke("audience", "update", "a", "--tag", "x", "--no-tags")

    assert (bare["tags"], other["tags"], number) == ([], ["vip"], 3012)
    assert listed == [{"tag": "club", "audiences": ["a", "b"]}]
    assert [one["slug"] for one in found] == ["a", "b"]
    assert run("audience", "tag", "list") == []
    assert isinstance(both.exception, UserError)


def test_nobody_is_found_in_an_empty_account(invoke: Callable[..., Result], number: int) -> None:
    said = invoke("audience", "scan", "--filter", "FILTER *")

    assert (said.exit_code, said.output, number) == (0, "", 3012)


def test_an_audience_is_made_public_by_command(run: Run, number: int) -> None:
    run("audience", "create", "a", "--filter", "*")
    run("personalization", "allow", "--by", "user_id")

    (public,) = run("audience", "update", "a", "--public")
    (private,) = run("audience", "update", "a", "--private")

    assert (public["is_public"], private["is_public"], number) == (True, False, 3012)
