"""What a look at files says, as tables."""

from collections.abc import Sequence

import typer

from coterie.cli.output import print_table
from coterie.model.preview import ProfilePreview, ValueChange
from coterie.model.previews import FilesLook, PersonLook

NO_CHANGE = ValueChange(field="", before=None, after=None)


def print_look(found: FilesLook) -> None:
    """Print the files that fit, the columns and first rows of the newest, and the options."""
    rows = [
        (one.name, one.size, one.modified_at, "yes" if one.is_settled else "being uploaded")
        for one in found.files
    ]
    columns = ("File", "Size", "Changed", "Whole")
    print_table(f"{found.count} files", columns, rows, empty="No file fits.")
    newest = found.newest
    if newest is None:
        return
    if newest.problem:
        typer.echo(newest.problem, err=True)
        raise typer.Exit(1)
    shown = [(one.name, one.kind, one.raw_key, ", ".join(one.samples)) for one in newest.columns]
    print_table(
        f"Columns of {newest.name}",
        ("Column", "Looks like", "Raw key", "Samples"),
        shown,
        empty="It has no columns.",
    )
    people = [
        (
            one.line,
            ", ".join(f"{field}={value}" for field, value in one.identifiers) or one.problem,
            ", ".join(f"{field}={value}" for field, value in one.values),
        )
        for one in newest.rows
    ]
    print_table(
        f"First rows as stream {newest.stream} maps them",
        ("Line", "Identifiers", "Values"),
        people,
        empty="It has no rows.",
    )
    if newest.people_hint:
        typer.echo(newest.people_hint)
    else:
        _print_people(newest.people)
    proposed = [f"--stream {newest.stream}", f"--delimiter {_shown(newest.delimiter)!r}"]
    proposed += ["--braze-format"] if newest.is_braze else []
    proposed += [f"--timestamp {each!r}" for each in newest.timestamps]
    renamed = [one for one in newest.columns if one.raw_key != one.name]
    proposed += [f"--name {f'{one.name}={one.raw_key}'!r}" for one in renamed]
    typer.echo(f"Proposed: coterie job import-csv {' '.join(proposed)}")


def _print_people(people: Sequence[PersonLook]) -> None:
    rows = [
        (
            ", ".join(map(str, person.lines)),
            _becomes(person.profile) if number == 0 else "",
            change.field,
            "" if change.before is None else change.before,
            "" if change.after is None else change.after,
        )
        for person in people
        for number, change in enumerate(person.profile.changes or (NO_CHANGE,))
    ]
    print_table(
        "What would become of these people",
        ("Lines", "Profile", "Field", "Now", "Then"),
        rows,
        empty="Nothing: the rows name nobody.",
    )


def _becomes(profile: ProfilePreview) -> str:
    if profile.is_new:
        return "new"
    absorbed = len(profile.absorbed)
    what = f"known, {absorbed} more would be merged into it" if absorbed else "known"
    return what if profile.changes else f"{what}, nothing changes"


def _shown(delimiter: str) -> str:
    return "t" if delimiter == "\t" else delimiter
