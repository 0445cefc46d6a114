"""Templates become HTML here."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from coterie.base.words import counted, grouped
from coterie.console import formats

HOME = Path(__file__).parent
STATIC = HOME / "static"
STATIC_PATH = "/console-static"


@cache
def asset(name: str) -> str:
    """Return the path of a static file; it changes with the content, so browsers may keep it."""
    digest = hashlib.blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"{STATIC_PATH}/{name}?v={digest}"


def render(template: str, context: dict[str, Any]) -> str:
    """Return a template filled with `context`; every value is escaped."""
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        ago=formats.ago,
        compact=formats.compact,
        day=formats.day,
        detail=formats.detail,
        grouped=grouped,
        instant=formats.instant,
        pretty_json=formats.pretty_json,
        scalar=formats.scalar,
        stamp=formats.stamp,
        user=formats.user,
        with_audiences=formats.with_audiences,
        with_code=formats.with_code,
        with_names=formats.with_names,
    )
    environment.globals.update(asset=asset, counted=counted, percent=formats.percent)
    return environment
