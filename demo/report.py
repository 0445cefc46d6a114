"""The table at the end of the demo."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from demo.check import Outcome
from demo.shop import AUDIENCES


def print_summary(
    console: Console,
    outcome: Outcome,
    seconds: Mapping[str, float],
    events: int,
    requests: int,
    requests_before: int,
) -> None:
    """Print what came in, what became of it, what Braze holds, and whether the claims hold."""
    table = Table(title="What happened", show_header=False, title_justify="left")
    table.add_row("events in", f"{events:,}")
    figures = outcome.figures
    table.add_row("profiles", f"{figures.profiles:,}")
    table.add_row("identifiers", f"{figures.identifiers:,}")
    table.add_row("of them merged", f"{figures.identifiers - figures.profiles:,}")
    table.add_row("entered, left an audience", f"{figures.entered:,}, {figures.left:,}")
    table.add_row("deliveries: added, removed", f"{figures.added:,}, {figures.removed:,}")
    table.add_row("users that Braze holds", f"{outcome.braze_users:,}")
    table.add_row("requests to Braze (before live)", f"{requests:,} ({requests_before:,})")
    for name, taken in seconds.items():
        table.add_row(f"seconds: {name}", f"{taken:.1f}")
    console.print(table)
    sizes = Table("Audience", "Members here", "Members at Braze", title_justify="left")
    for slug in AUDIENCES:
        here, there = outcome.sizes.get(slug, 0), outcome.braze_sizes.get(slug, 0)
        sizes.add_row(slug, f"{here:,}", f"{there:,}")
    console.print(sizes)
    claims = Table("Claim", "Expected", "Found", "Holds", title_justify="left")
    for claim in outcome.claims:
        mark = "[green]yes[/green]" if claim.is_true else "[red]NO[/red]"
        claims.add_row(claim.what, f"{claim.expected:,}", f"{claim.found:,}", mark)
    console.print(claims)
