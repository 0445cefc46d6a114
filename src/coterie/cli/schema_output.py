"""Prints what is known of schemas."""

from coterie.cli.output import print_table
from coterie.control.definitions.schema_diff import SchemaDifference


def print_differences(found: SchemaDifference, *, title: str) -> None:
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
