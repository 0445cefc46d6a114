"""Prints what is known of schemas."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from coterie.cli.output import print_table, show
from coterie.model.schema import Field, Mapping
from coterie.model.schema_preview import SchemaPreview

if TYPE_CHECKING:
    from coterie.control.definitions.schema_diff import SchemaDifference
    from coterie.control.definitions.schema_merging import Clash
    from coterie.control.definitions.schema_report import DraftReport

FIELD_COLUMNS = ("Id", "Field", "Kind", "Merged by", "Rank", "Personal", "Description")


def print_fields(fields: Sequence[Field], *, version: int) -> None:
    """Print fields as a table."""
    rows = [field_row(field) for field in fields]
    print_table(f"Fields of version {version}", FIELD_COLUMNS, rows, empty="No fields.")


def field_row(field: Field) -> tuple[object, ...]:
    """Return what there is to say of a field under `FIELD_COLUMNS`."""
    rank = None if field.identifier is None else field.identifier.rank
    return (field.id, field.name, field.kind, field.op, rank, field.is_pii, field.description)


def print_mappings(mappings: Sequence[Mapping]) -> None:
    """Print mappings as a table."""
    rows = [(one.stream, one.field, one.expr, one.guard) for one in mappings]
    print_table("Mappings", ("Stream", "Field", "From", "If"), rows, empty="No mappings.")


def print_differences(found: "SchemaDifference", *, title: str) -> None:
    """Print what differs between two schemas."""
    rows = [
        (what, each.what, each.how, each.before or None, each.after or None)
        for what, differences in (
            ("field", found.fields),
            ("mapping", found.mappings),
            ("stream", found.streams),
            ("blocked value", found.blocked),
        )
        for each in differences
    ]
    print_table(title, ("", "What", "How", "Before", "After"), rows, empty="Nothing differs.")


def print_report(report: "DraftReport") -> None:
    """Print all that is known of a draft."""
    print_differences(report.difference, title=f"What {report.draft.name} changes")
    if report.is_behind:
        typer.echo(
            f"It was made from version {report.draft.base_version}, and version "
            f"{report.current_version} is in force: catch up before you publish it."
        )
    print_clashes(report.clashes)
    if report.followers:
        print_table(
            "Who will read a field by its new name",
            ("Field", "New name", "Kind", "Name"),
            [
                (one.field, report.renamed[one.field], one.kind, one.name)
                for one in report.followers
            ],
            empty="",
        )
    if report.readers:
        rows = [(one.field, one.kind, one.name) for one in report.readers]
        print_table("Who would find a field gone", ("Field", "Kind", "Name"), rows, empty="")
    faults = [(one.where, one.message) for one in report.faults]
    print_table("What is wrong", ("Where", "Why"), faults, empty="Nothing is wrong with it.")


def print_clashes(clashes: Sequence["Clash"]) -> None:
    """Print what a draft and a published version changed differently, if anything."""
    if clashes:
        rows = [(one.what, one.draft, one.published) for one in clashes]
        print_table("Changed by both", ("What", "In the draft", "Published"), rows, empty="")


def print_preview(found: SchemaPreview) -> None:
    """Print what a draft would make of the newest events."""
    streams = [
        (one.stream, one.events, one.counted_before, one.counted_after, one.named_otherwise)
        for one in found.streams
    ]
    print_table(
        "What would become of events",
        ("Stream", "Newest events", "Count now", "Would count", "Of somebody else"),
        streams,
        empty="No stream has events.",
    )
    effects = [
        (
            one.stream,
            each.field,
            each.gained,
            each.lost,
            each.changed,
            "; ".join(f"{show(x.before)} → {show(x.after)}" for x in each.examples),
        )
        for one in found.streams
        for each in one.fields
    ]
    print_table(
        "What would be read otherwise",
        ("Stream", "Field", "Gained", "Lost", "Changed", "Such as"),
        effects,
        empty="No value differs.",
    )
