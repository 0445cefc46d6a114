"""The command line loads what a command needs, and says the same of commands as they do."""

import subprocess
import sys

import pytest
import typer

from coterie.cli.commands import COMMANDS, GROUPS, build_app

DOORS = {"litestar", "granian", "aiohttp", "asyncssh", "liquid"}
LANGUAGES = {"re2", "phonenumbers"}
DATABASE = {"psycopg", "cryptography"}


def listed(app: typer.Typer) -> dict[str, str]:
    found = typer.main.get_command(app)
    return {
        name: (command.help or "").partition("\n\n")[0].replace("\n", " ")
        for name, command in getattr(found, "commands").items()  # noqa: B009 - typer hides its kind
    }


def test_the_list_of_commands_says_what_the_commands_say_of_themselves() -> None:
    assert listed(build_app(None)) == listed(build_app())
    assert [*listed(build_app())] == [*COMMANDS, *GROUPS]


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_a_command_that_is_called_brings_all_that_it_has(name: str) -> None:
    def inside(app: typer.Typer) -> tuple[list[str], list[str]]:
        found = getattr(typer.main.get_command(app), "commands")[name]  # noqa: B009 - as above
        return [*getattr(found, "commands", ())], [param.name for param in found.params]

    assert inside(build_app(name)) == inside(build_app())


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (["--help"], DOORS | LANGUAGES | DATABASE),
        (["nonsense"], DOORS | LANGUAGES | DATABASE),
        (["lang", "--help"], DOORS | DATABASE),
        (["account", "list"], DOORS | LANGUAGES),
        (["token", "list"], DOORS | LANGUAGES),
    ],
    ids=["help", "nonsense", "lang", "account", "token"],
)
def test_a_command_starts_without_what_it_does_not_need(
    words: list[str], unneeded: set[str], tmp_path: object
) -> None:
    code = (
        f"import sys; sys.argv[1:] = {words!r}\n"
        "from coterie.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print('loaded', sorted({unneeded!r} & set(sys.modules)))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"COTERIE_DATA_DIR": str(tmp_path)},
    )

    assert done.stdout.splitlines()[-1] == "loaded []", done.stderr
