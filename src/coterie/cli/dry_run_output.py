"""Prints what an export would do."""

from collections.abc import Iterable
from typing import Any

import typer

from coterie.base.words import counted, grouped
from coterie.cli.output import compact_json, print_json, print_record, print_table
from coterie.model.dry_run import DryRun, FeedDryRun
from coterie.model.views import OmittedView


def print_dry_run(found: DryRun | FeedDryRun, *, as_json: bool) -> None:
    """Print the figures, who is omitted, and sample bodies; nothing was written or sent."""
    if as_json:
        print_json(found)
    elif isinstance(found, FeedDryRun):
        _print_events(found)
    else:
        _print_users(found)


def _print_events(found: FeedDryRun) -> None:
    facts: list[tuple[str, object]] = [
        (f"Events of the last {counted(found.days, 'day')}", grouped(found.events)),
        ("Of those that the job is about", grouped(found.chosen)),
        ("Sent", grouped(found.objects)),
        ("Requests, if all are full", grouped(found.requests)),
        ("Minutes at the rate limit", f"{found.minutes:.1f}"),
        ("Data points", grouped(found.data_points)),
        ("Events omitted", grouped(found.omitted)),
    ]
    facts += [(f"  {reason}", grouped(count)) for reason, count in found.reasons.items()]
    print_record("Dry run: nothing was sent", facts)
    if found.is_estimate:
        typer.echo(f"Estimated from the newest {grouped(found.seen)} events.")
    _print_rest(found.omitted_people, found.samples)


def _print_users(found: DryRun) -> None:
    facts: list[tuple[str, object]] = [
        ("People in the audiences", grouped(found.members)),
        ("Users written to", grouped(found.users)),
        ("Values added", grouped(found.added)),
        ("Values removed", grouped(found.removed)),
        ("Requests", grouped(found.requests)),
        ("Minutes at the rate limit", f"{found.minutes:.1f}"),
        ("Data points", grouped(found.data_points)),
        ("People omitted", grouped(found.omitted)),
    ]
    if found.cleaned:
        facts.append(("Users from whom values are taken away", grouped(found.cleaned)))
    facts += [(f"  {reason}", grouped(count)) for reason, count in found.reasons.items()]
    print_record("Dry run: nothing was sent", facts)
    if found.is_estimate:
        typer.echo(f"Estimated from {grouped(found.seen)} people, chosen at random.")
    if found.over_limit:
        typer.echo(
            f"Warning. {counted(found.over_limit, 'user')} would hold more than "
            f"{grouped(found.array_limit)} values. Braze drops the oldest of them silently: export "
            "fewer audiences to this attribute, or use booleans."
        )
    _print_rest(found.omitted_people, found.samples)


def _print_rest(people: Iterable[OmittedView], samples: Iterable[Any]) -> None:
    rows = [
        (", ".join(f"{each.field}={each.value}" for each in one.identifiers), one.reason)
        for one in people
    ]
    if rows:
        print_table("Some of those omitted", ("Who", "Reason"), rows, empty="")
    for body in samples:
        typer.echo(compact_json(body))
