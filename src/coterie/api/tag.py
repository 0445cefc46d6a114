"""Serves the browser tag."""

import hashlib
from functools import cache
from importlib import resources
from typing import Any

from litestar import Request, Response, get

TAG_SECONDS = 3_600
TYPE = "text/javascript"


@get("/tag.js", summary="The browser tag", tags=["collect"], media_type=TYPE)
async def get_tag(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the script that web pages of any origin may include."""
    text, tag = read_tag()
    headers = {
        "Cache-Control": f"public, max-age={TAG_SECONDS}",
        "ETag": tag,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match", "") == tag:
        return Response(b"", status_code=304, headers=headers, media_type=TYPE)
    return Response(text, headers=headers, media_type=TYPE)


@cache
def read_tag() -> tuple[bytes, str]:
    """Return the script and its entity tag."""
    text = resources.files(__package__).joinpath("static/tag.js").read_bytes()
    return text, f'"{hashlib.blake2b(text, digest_size=8).hexdigest()}"'
