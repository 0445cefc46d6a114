"""The options that jobs of every kind have, as commands take them."""

from typing import Annotated

import typer

JobId = Annotated[int, typer.Argument(help="The job's id, as listed.")]
Label = Annotated[str, typer.Option(help="How lists call it.")]
Description = Annotated[str, typer.Option(help="A longer word about it.")]
NewLabel = Annotated[str | None, typer.Option("--label", help="How lists call it.")]
NewDescription = Annotated[
    str | None, typer.Option("--description", help="A longer word about it.")
]
