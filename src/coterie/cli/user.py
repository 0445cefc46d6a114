"""Commands about the people who may sign in to the console."""

import sys
from typing import Annotated

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control import users
from coterie.control.passwords import generate_password
from coterie.control.scopes import SCOPES
from coterie.model.control import Person

app = typer.Typer(name="user", help="People who may sign in to the console.", no_args_is_help=True)

PersonId = Annotated[int, typer.Argument(help="The user's id, as listed.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command("create")
def create(
    email: Annotated[str, typer.Argument(help="E-mail address to sign in with.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(SCOPES)}.")] = "data_manager",
    account: AccountNumber = None,
    password_stdin: FromInput = False,
    as_json: AsJson = False,
) -> None:
    """Let someone sign in; without --password-stdin a password is made up and shown once."""
    password = _read_password() if password_stdin else generate_password()
    with open_context() as context:
        person = users.create_person(
            context.store,
            account=context.number(account),
            email=email,
            password=password,
            role=role,
            actor=ACTOR,
            now=context.clock(),
        )
    _print([person], as_json=as_json)
    if not password_stdin:
        _tell_password(password, as_json=as_json)


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List an account's users."""
    with open_context() as context:
        number = context.number(account)
        found = users.list_people(context.store, number)
    _print(found, as_json=as_json)


@app.command("password")
def password(
    person_id: PersonId,
    account: AccountNumber = None,
    password_stdin: FromInput = False,
) -> None:
    """Give a user a new password and end all their sessions."""
    new = _read_password() if password_stdin else generate_password()
    with open_context() as context:
        users.set_password(
            context.store,
            account=context.number(account),
            person_id=person_id,
            password=new,
            actor=ACTOR,
            now=context.clock(),
        )
    if not password_stdin:
        _tell_password(new, as_json=False)


@app.command("role")
def change_role(
    person_id: PersonId,
    role: Annotated[str, typer.Argument(help=f"One of {', '.join(SCOPES)}.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Give a user another role, in force at once."""
    with open_context() as context:
        person = users.set_role(
            context.store,
            account=context.number(account),
            person_id=person_id,
            role=role,
            actor=ACTOR,
            now=context.clock(),
        )
    _print([person], as_json=as_json)


@app.command("disable")
def disable(person_id: PersonId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Let a user in no more and end their sessions."""
    _set_disabled(person_id, account, disabled=True, as_json=as_json)


@app.command("enable")
def enable(person_id: PersonId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Let a disabled user in again."""
    _set_disabled(person_id, account, disabled=False, as_json=as_json)


def _set_disabled(person_id: int, account: int | None, *, disabled: bool, as_json: bool) -> None:
    with open_context() as context:
        person = users.set_disabled(
            context.store,
            account=context.number(account),
            person_id=person_id,
            disabled=disabled,
            actor=ACTOR,
            now=context.clock(),
        )
    _print([person], as_json=as_json)


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _tell_password(text: str, *, as_json: bool) -> None:
    # Beside JSON on standard output there is only standard error left for it.
    typer.echo("The password, shown only now:", err=as_json)
    typer.echo(text, err=as_json)


def _print(people: list[Person], *, as_json: bool) -> None:
    if as_json:
        print_json(people)
        return
    columns = ("Id", "E-mail", "Role", "Created", "Disabled")
    rows = [
        (person.id, person.email, person.role, person.created_at, person.disabled_at)
        for person in people
    ]
    print_table("Users", columns, rows, empty="There are no users.")
