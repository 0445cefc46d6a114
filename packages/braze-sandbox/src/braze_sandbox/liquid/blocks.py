"""Content blocks: pieces of templates that other templates name."""

import re
from collections.abc import Mapping

from braze_sandbox.errors import RefusedError

_USE = re.compile(r"\{\{\s*content_blocks\.\$\{\s*([^}|]+?)\s*(?:\|[^}]*)?\}\s*\}\}")
_DEEPEST = 2


class UnknownBlockError(RefusedError):
    """A template names a content block that does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(
            400,
            f"There is no content block '{name}'. Create it with POST /_sandbox/content_blocks.",
        )


def expand_blocks(text: str, blocks: Mapping[str, str], *, depth: int = 0) -> str:
    """Return `text` with each `{{content_blocks.${NAME}}}` replaced by that block.

    Blocks may name blocks, one level deep. Raise UnknownBlockError (400).
    """

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name not in blocks:
            raise UnknownBlockError(name)
        block = blocks[name]
        return expand_blocks(block, blocks, depth=depth + 1) if depth + 1 < _DEEPEST else block

    return _USE.sub(replace, text)
