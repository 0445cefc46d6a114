"""The Liquid tags that only Braze has."""

from typing import TextIO

from liquid import Node, RenderContext, Tag, Token, TokenStream
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG

from braze_sandbox.errors import SandboxError

_DEFAULT_REASON = "{% abort_message %} called"


class AbortedMessageError(SandboxError):
    """A template said that this user gets no message; the text goes to the activity log."""


class _AbortNode(Node):
    def __init__(self, token: Token, reason: str) -> None:
        super().__init__(token)
        self.reason = reason
        self.blank = False

    def render_to_output(self, _context: RenderContext, _buffer: TextIO) -> int:
        raise AbortedMessageError(self.reason)


class AbortTag(Tag):
    """`{% abort_message %}` or `{% abort_message('reason') %}`."""

    name = "abort_message"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Return the node that aborts."""
        stream.expect(TOKEN_TAG)
        token = stream.current
        argument = ""
        if stream.peek.kind == TOKEN_EXPRESSION:
            next(stream)
            argument = stream.current.value
        reason = argument.strip().removeprefix("(").removesuffix(")").strip().strip("'\"")
        return _AbortNode(token, reason or _DEFAULT_REASON)
