"""The `connected_content` tag: what a template asks another server for."""

import io
import re
from collections.abc import Awaitable, Callable
from typing import Any, TextIO, TypeAlias

import msgspec
from liquid import BoundTemplate, Node, RenderContext, Tag, Token, TokenStream
from liquid.exceptions import LiquidSyntaxError
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG

from braze_sandbox.errors import SandboxError

# The variable that holds the function which asks.
FETCH = "braze_fetch"
_DEFAULT_NAME = "connected"
_OPTION = re.compile(
    r"\s:(method|headers|body|content_type|basic_auth|save|cache_max_age|no_cache|retry)(?=\s|$)"
)


class ContentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the address and the options of the tag, as texts."""

    url: str
    options: dict[str, str]


Fetch: TypeAlias = Callable[[ContentRequest], Awaitable[Any]]


class ConnectedContentError(SandboxError):
    """A template asks for content where none can be had."""


def read_request(text: str) -> ContentRequest:
    """Return the request that the rendered inside of a tag describes."""
    url, *rest = _OPTION.split(f" {text.strip()}".rstrip())
    options = {name: value.strip() for name, value in zip(rest[::2], rest[1::2], strict=True)}
    return ContentRequest(url=url.strip(), options=options)


class _ConnectedNode(Node):
    def __init__(self, token: Token, inside: BoundTemplate) -> None:
        super().__init__(token)
        self.inside = inside
        self.blank = False

    def render_to_output(self, _context: RenderContext, _buffer: TextIO) -> int:
        raise ConnectedContentError("connected_content needs a message that is being sent")

    async def render_to_output_async(self, context: RenderContext, buffer: TextIO) -> int:
        fetch: Fetch | None = context.resolve(FETCH, default=None)
        if fetch is None:
            raise ConnectedContentError("connected_content needs a message that is being sent")
        text = io.StringIO()
        await self.inside.render_with_context_async(context, text, partial=True)
        request = read_request(text.getvalue())
        content = await fetch(request)
        if isinstance(content, str) and "save" not in request.options:
            return buffer.write(content)
        context.assign(request.options.get("save") or _DEFAULT_NAME, content)
        return 0


class ConnectedContentTag(Tag):
    """`{% connected_content URL :option value ... %}`."""

    name = "connected_content"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return the node that asks."""
        stream.expect(TOKEN_TAG)
        token = stream.current
        if stream.peek.kind != TOKEN_EXPRESSION:
            message = "connected_content needs an address"
            raise LiquidSyntaxError(message, token=token)
        next(stream)
        return _ConnectedNode(token, self.env.from_string(stream.current.value))
