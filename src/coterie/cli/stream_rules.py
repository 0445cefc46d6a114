"""Commands about how a stream takes events in."""

from typing import Annotated, Literal

import msgspec
import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.cli.stream import app
from coterie.control.definitions import intake as rules
from coterie.control.definitions.intake import StreamIntake
from coterie.model.intake import Algorithm

Name = Annotated[str, typer.Argument(help="The stream's name.")]


@app.command("rules")
def show(name: Name, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show the rules of a stream."""
    with open_context() as context:
        number = context.number(account)
        _print(rules.get_intake(context.store, number, name), as_json=as_json)


@app.command("set-rules")
def set_(
    name: Name,
    repeats: Annotated[
        Literal["message", "content"] | None,
        typer.Option(help="Tell repeated messages by their id, or by saying nothing new."),
    ] = None,
    window: Annotated[
        int | None, typer.Option(help="Minutes within which the same content is a repeat.")
    ] = None,
    ignore: Annotated[
        str | None, typer.Option(help="Keys that differ in repeats, a comma list; '' for none.")
    ] = None,
    allow: Annotated[
        str | None,
        typer.Option(
            help="Networks that may send, a comma list; braze for those that Braze publishes, "
            "'' for all."
        ),
    ] = None,
    algorithm: Annotated[Algorithm | None, typer.Option(help="How signatures are made.")] = None,
    from_braze: Annotated[
        bool | None,
        typer.Option("--from-braze/--not-from-braze", help="Whether its events come from Braze."),
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Change rules of a stream; what is not given stays."""
    with open_context() as context:
        number = context.number(account)
        now = rules.get_intake(context.store, number, name).intake
        changed = msgspec.structs.replace(
            now,
            repeats=now.repeats if repeats is None else repeats,
            window_minutes=now.window_minutes if window is None else window,
            ignore=now.ignore if ignore is None else _words(ignore),
            allow=now.allow if allow is None else _words(allow),
            algorithm=now.algorithm if algorithm is None else algorithm,
            is_braze=now.is_braze if from_braze is None else from_braze,
        )
        saved = rules.set_intake(
            context.store,
            account=number,
            stream=name,
            intake=changed,
            actor=ACTOR,
            clock=context.clock,
        )
    _print(saved, as_json=as_json)


@app.command("sign")
def sign(
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="Take signatures no more.")] = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Give a stream a new secret for signatures, which is shown this once."""
    with open_context() as context:
        number = context.number(account)
        if off:
            rules.drop_secret(
                context.store, account=number, stream=name, actor=ACTOR, clock=context.clock
            )
            _print(rules.get_intake(context.store, number, name), as_json=as_json)
            return
        secret = rules.renew_secret(
            context.store,
            context.ring,
            account=number,
            stream=name,
            actor=ACTOR,
            clock=context.clock,
        )
    if as_json:
        print_json({"stream": name, "secret": secret})
    else:
        print_table("Secret, shown this once", ("Stream", "Secret"), [(name, secret)], empty="")


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _print(found: StreamIntake, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    intake = found.intake
    rows = [
        ("Repeated messages are told by", intake.repeats),
        ("Window of repeats, minutes", intake.window_minutes),
        ("Keys left out of the comparison", ", ".join(intake.ignore) or "none"),
        ("Comes from Braze", intake.is_braze),
        ("Networks that may send", ", ".join(intake.allow) or "all"),
        ("Signed requests are taken", f"by {intake.algorithm}" if found.is_signed else "no"),
    ]
    print_table(f"Rules of {found.stream}", ("Rule", "Value"), rows, empty="")
