"""Commands that share options show and take them as if they were their own."""

from typing import Annotated

import typer
from typer.testing import CliRunner

from coterie.cli.shared_options import takes

Place = Annotated[str, typer.Option("--place", help="Where it is.")]


def read_place(
    *, place: Place = "here", far: Annotated[bool, typer.Option("--far")] = False
) -> str:
    return f"{place}{' far' if far else ''}"


app = typer.Typer()


@app.command()
@takes(read_place, into="where")
def go(name: str, where: str = "", loud: Annotated[bool, typer.Option("--loud")] = False) -> None:
    """Go there."""
    typer.echo(f"{name} {where} {loud}")


@app.command()
@takes(read_place, into="where", but=["far"])
def stay(*, where: str) -> None:
    """Stay there."""
    typer.echo(where)


def test_shared_options_reach_the_command_as_what_they_mean() -> None:
    answer = CliRunner().invoke(app, ["go", "ann", "--place", "Oslo", "--far"])

    assert answer.output == "ann Oslo far False\n"


def test_shared_options_stand_in_the_help_where_the_parameter_does() -> None:
    told = CliRunner().invoke(app, ["go", "--help"]).output

    assert told.index("--place") < told.index("--far") < told.index("--loud")
    assert "Where it is." in told
    assert "--where" not in told


def test_a_shared_option_that_does_not_exist_is_refused() -> None:
    assert CliRunner().invoke(app, ["go", "ann", "--where", "Oslo"]).exit_code == 2


def test_a_shared_option_that_a_command_leaves_out_is_as_if_it_was_not_given() -> None:
    told = CliRunner().invoke(app, ["stay", "--help"]).output

    assert "--place" in told
    assert "--far" not in told
    assert CliRunner().invoke(app, ["stay", "--place", "Oslo"]).output == "Oslo\n"
