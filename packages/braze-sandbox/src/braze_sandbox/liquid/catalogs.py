"""The `catalog_items` tag: rows of a catalog, looked up by their ids."""

import io
from collections.abc import Callable
from typing import Any, TextIO, TypeAlias

from liquid import BoundTemplate, Node, RenderContext, Tag, Token, TokenStream
from liquid.exceptions import LiquidSyntaxError
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG

# The variable that holds the function which looks a row up by catalog and id.
LOOK_UP = "braze_look_up"
LookUp: TypeAlias = Callable[[str, str], dict[str, Any] | None]


class _ItemsNode(Node):
    def __init__(self, token: Token, inside: BoundTemplate) -> None:
        super().__init__(token)
        self.inside = inside
        self.blank = True

    def render_to_output(self, context: RenderContext, _buffer: TextIO) -> int:
        look_up: LookUp | None = context.resolve(LOOK_UP, default=None)
        text = io.StringIO()
        self.inside.render_with_context(context, text, partial=True)
        catalog, *keys = (word.strip("'\",") for word in text.getvalue().split())
        keys = [key for key in keys if not key.startswith(":")]
        found = [look_up(catalog, key) if look_up else None for key in keys]
        context.assign("items", [item for item in found if item is not None])
        return 0


class CatalogItemsTag(Tag):
    """`{% catalog_items CATALOG ID ID ... %}`, after which `{{ items[0].field }}` shows a field."""

    name = "catalog_items"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return the node that looks up."""
        stream.expect(TOKEN_TAG)
        token = stream.current
        if stream.peek.kind != TOKEN_EXPRESSION:
            message = "catalog_items needs a catalog and ids"
            raise LiquidSyntaxError(message, token=token)
        next(stream)
        return _ItemsNode(token, self.env.from_string(stream.current.value))
