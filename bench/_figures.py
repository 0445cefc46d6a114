"""What every benchmark shares: its options, and how its figures are printed."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import msgspec

Figure = int | float | str
PACKAGES = ("coterie", "granian", "litestar", "msgspec", "psycopg", "uvloop")


class Options(msgspec.Struct, frozen=True):
    """How a benchmark was called. `quick` asks for a run of under 45 seconds."""

    as_json: bool
    quick: bool


def read_options(description: str) -> Options:
    """Return the options of the command line."""
    return options_of(common_options(description).parse_args())


def common_options(description: str) -> argparse.ArgumentParser:
    """Return a parser of what every benchmark takes, for those that take more."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print a last line of JSON")
    parser.add_argument("--quick", action="store_true", help="finish in under 45 seconds")
    return parser


def options_of(given: argparse.Namespace) -> Options:
    """Return the options that every benchmark takes."""
    return Options(given.json, given.quick)


def print_figures(title: str, figures: Mapping[str, Figure], options: Options) -> None:
    """Print the figures as a table and, where asked for, as one last line of JSON."""
    print_table(title, figures)
    if not options.as_json:
        return
    report = {
        "benchmark": title,
        "machine": describe_machine(),
        "versions": describe_versions(),
        "figures": dict(figures),
        **figures,  # at the top too, so that `jq .events_per_second` finds them
    }
    print(json.dumps(report), flush=True)


def say(phase: str) -> None:
    """Tell whoever watches a long run what it does now, on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {phase}", file=sys.stderr, flush=True)


def print_table(title: str, figures: Mapping[str, Figure]) -> None:
    """Print one figure a line, numbers in line with each other."""
    shown = {name: _show(figure) for name, figure in figures.items()}
    left = max(map(len, shown), default=0)
    right = max(map(len, shown.values()), default=0)
    print(title)
    for name, text in shown.items():
        print(f"  {name:<{left}}  {text:>{right}}")


def describe_machine() -> dict[str, Figure]:
    """Return what a reader needs in order to compare figures of two machines."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": _cpu_model(),
        "memory_gb": round(memory, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def describe_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide speed."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else "unknown"


def _show(figure: Figure) -> str:
    if isinstance(figure, float):
        return f"{figure:,.2f}"
    return f"{figure:,}" if isinstance(figure, int) else figure
