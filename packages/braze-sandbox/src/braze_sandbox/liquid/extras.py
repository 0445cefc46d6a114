"""The `message_extras` tag: values that go with the Currents event of a message."""

import io
import re
from typing import TextIO

from liquid import BoundTemplate, Node, RenderContext, Tag, Token, TokenStream
from liquid.exceptions import LiquidSyntaxError
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG

# The variable that holds the dict of what was added so far.
EXTRAS = "braze_message_extras"
_FORM = re.compile(r":key\s+(.*?)\s+:value\s+(.*)", re.DOTALL)
_LARGEST_BYTES = 1024


def add_extra(extras: dict[str, str], key: str, value: str) -> None:
    """Add a pair: the first of a key wins, and all together are cut at 1 KB."""
    used = sum(len(k.encode()) + len(v.encode()) for k, v in extras.items())
    left = _LARGEST_BYTES - used - len(key.encode())
    if key not in extras and left > 0:
        extras[key] = value.encode()[:left].decode("utf-8", "ignore")


class _ExtrasNode(Node):
    def __init__(self, token: Token, key: BoundTemplate, value: BoundTemplate) -> None:
        super().__init__(token)
        self.key = key
        self.value = value
        self.blank = True

    def render_to_output(self, context: RenderContext, _buffer: TextIO) -> int:
        extras: dict[str, str] | None = context.resolve(EXTRAS, default=None)
        if extras is not None:
            add_extra(extras, self._text(context, self.key), self._text(context, self.value))
        return 0

    @staticmethod
    def _text(context: RenderContext, template: BoundTemplate) -> str:
        buffer = io.StringIO()
        template.render_with_context(context, buffer, partial=True)
        return buffer.getvalue().strip().strip("'\"")


class MessageExtrasTag(Tag):
    """`{% message_extras :key KEY :value VALUE %}`."""

    name = "message_extras"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return the node that adds."""
        stream.expect(TOKEN_TAG)
        token = stream.current
        text = ""
        if stream.peek.kind == TOKEN_EXPRESSION:
            next(stream)
            text = stream.current.value
        match = _FORM.fullmatch(text.strip())
        if match is None:
            message = "message_extras needs :key and :value, in this order"
            raise LiquidSyntaxError(message, token=token)
        key, value = (self.env.from_string(part) for part in match.groups())
        return _ExtrasNode(token, key, value)
