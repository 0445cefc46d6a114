"""The page of export jobs names all options, and no others."""

import re

from tests.docs.conftest import ROOT

from coterie.model.dry_run import DryRun, FeedDryRun
from coterie.model.exports import (
    ExportAudienceConfig,
    ExportProfilesConfig,
    ExportSubscriptionsConfig,
)
from coterie.model.feeds import ExportEventsConfig, ExportPurchasesConfig
from coterie.model.file_exports import ExportFilesConfig
from coterie.model.webhooks import WebhookConfig

PAGE = (ROOT / "docs" / "reference" / "export-jobs.md").read_text("utf-8")
KEPT_FOR_US = {"joined", "outlet"}


def named(section: str, *, until: str = "\0") -> set[str]:
    text = PAGE.partition(section)[2].partition(until)[0]
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_option_of_an_export_stands_on_the_page() -> None:
    configs = (
        ExportAudienceConfig,
        ExportProfilesConfig,
        ExportSubscriptionsConfig,
        ExportEventsConfig,
        ExportPurchasesConfig,
        WebhookConfig,
    )
    options = {name for config in configs for name in config.__struct_fields__} - KEPT_FOR_US

    assert options <= named("## Options")


def test_every_option_of_an_export_to_files_stands_on_the_page() -> None:
    assert named("<!-- options of files") == set(ExportFilesConfig.__struct_fields__)


def test_every_figure_of_a_dry_run_stands_on_the_page() -> None:
    figures = set(DryRun.__struct_fields__) - {"objects_per_request", "requests_per_minute"}

    assert named("## Dry runs", until="### Of events and purchases") == figures


def test_every_figure_of_a_dry_run_of_events_stands_on_the_page() -> None:
    figures = set(FeedDryRun.__struct_fields__) - {"objects_per_request", "requests_per_minute"}

    assert named("### Of events and purchases", until="## Export to SFTP") == figures
