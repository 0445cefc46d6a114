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


def test_shared_options_reach_the_command_as_what_they_mean() -> None:
    answer = CliRunner().invoke(app, ["ann", "--place", "Oslo", "--far"])

    assert answer.output == "ann Oslo far False\n"


def test_shared_options_stand_in_the_help_where_the_parameter_does() -> None:
    told = CliRunner().invoke(app, ["--help"]).output

    assert told.index("--place") < told.index("--far") < told.index("--loud")
    assert "Where it is." in told
    assert "--where" not in told


def test_a_shared_option_that_does_not_exist_is_refused() -> None:
    assert CliRunner().invoke(app, ["ann", "--where", "Oslo"]).exit_code == 2
