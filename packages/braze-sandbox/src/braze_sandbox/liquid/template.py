"""A template as the sandbox renders it."""

from typing import Any

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from braze_sandbox.errors import RefusedError, SandboxError
from braze_sandbox.liquid.catalogs import CatalogItemsTag
from braze_sandbox.liquid.connected import ConnectedContentTag
from braze_sandbox.liquid.extras import MessageExtrasTag
from braze_sandbox.liquid.filters import install_filters
from braze_sandbox.liquid.syntax import translate
from braze_sandbox.liquid.tags import AbortTag


class BadTemplateError(RefusedError):
    """A template that Liquid cannot read."""

    def __init__(self, text: str, detail: str) -> None:
        super().__init__(400, f"The template {text[:60]!r} is no valid Liquid: {detail}.")


class RenderError(SandboxError):
    """A template that cannot be rendered for a user."""


def _make_environment() -> Environment:
    environment = Environment()
    install_filters(environment)
    for tag in (AbortTag, CatalogItemsTag, ConnectedContentTag, MessageExtrasTag):
        environment.add_tag(tag)
    return environment


_environment = _make_environment()


class Template:
    """A parsed template; text without Liquid costs nothing to render."""

    def __init__(self, text: str) -> None:
        """Parse `text`; raise BadTemplateError or UnclosedLiquidError (400)."""
        self._text = text
        self._parsed: BoundTemplate | None = None
        self._asks = "connected_content" in text
        if "{{" in text or "{%" in text:
            try:
                self._parsed = _environment.from_string(translate(text))
            except LiquidError as error:
                raise BadTemplateError(text, str(error)) from error

    def render(self, variables: dict[str, Any]) -> str:
        """Return the text for one user, of a template that asks nobody for content.

        Raise AbortedMessageError if the template aborts, RenderError if it fails.
        """
        if self._parsed is None:
            return self._text
        try:
            return self._parsed.render(variables)
        except LiquidError as error:
            raise RenderError(str(error)) from error

    async def render_async(self, variables: dict[str, Any]) -> str:
        """Return the text for one user; raise as `render`."""
        if self._parsed is None or not self._asks:
            return self.render(variables)
        try:
            return await self._parsed.render_async(variables)
        except LiquidError as error:
            raise RenderError(str(error)) from error
