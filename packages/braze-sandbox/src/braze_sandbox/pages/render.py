"""The rendering of pages."""

from functools import cache
from importlib.resources import files
from typing import Any

from liquid import BoundTemplate, Environment
from markupsafe import Markup

# Escaping is on: what users hold is shown as text, whatever it holds.
_environment = Environment(autoescape=True)


def render_page(name: str, title: str, values: dict[str, Any]) -> str:
    """Return the page of the template `name` in the common layout.

    `values` also fill the layout: `workspace`, `workspaces`, `here` (the chosen entry of the menu).
    """
    shared = {**values, "title": title}
    content = Markup(_template(name).render(shared))  # noqa: S704  # a template's output
    return _template("layout").render({**shared, "content": content})


def read_style() -> str:
    """Return the style sheet of all pages."""
    return _read("style.css")


@cache
def _template(name: str) -> BoundTemplate:
    return _environment.from_string(_read(f"{name}.liquid"))


def _read(name: str) -> str:
    return files("braze_sandbox.pages").joinpath("templates", name).read_text("utf-8")
