"""The admin routes for segments, with those for content blocks."""

from typing import Any

import msgspec
from aiohttp import web

from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_id
from braze_sandbox.liquid.template import Template
from braze_sandbox.model.campaign import Segment
from braze_sandbox.model.content_block import ContentBlock
from braze_sandbox.segments.members import UnknownSegmentError, read_filter
from braze_sandbox.server.answers import (
    ENGINE,
    json_answer,
    query_asking,
    query_workspace,
    read_as,
)


class NewSegment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a segment is made of; `id` is made up if left out."""

    name: str
    filter: dict[str, Any]
    id: str | None = None
    description: str = ""
    tags: tuple[str, ...] = ()


class NewBlock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a content block is made of."""

    name: str
    content: str


class UnknownBlockNameError(RefusedError):
    """No content block has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            404, f"There is no content block '{name}'. GET /_sandbox/content_blocks lists them."
        )


def segment_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` for segments and content blocks."""
    return [
        web.get("/_sandbox/segments", list_segments),
        web.post("/_sandbox/segments", add_segment),
        web.delete("/_sandbox/segments/{id}", remove_segment),
        web.get("/_sandbox/content_blocks", list_blocks),
        web.post("/_sandbox/content_blocks", add_block),
        web.delete("/_sandbox/content_blocks/{name}", remove_block),
    ]


async def list_segments(request: web.Request) -> web.Response:
    """Give the segments of a workspace."""
    return json_answer({"segments": list(query_workspace(request).segments.values())})


async def add_segment(request: web.Request) -> web.Response:
    """Create a segment of `{"name", "filter", "id"}`; an `id` that exists is replaced."""
    engine, workspace = request.app[ENGINE], query_workspace(request)
    new = await read_as(request, NewSegment)
    read_filter(new.filter, query_asking(request))
    segment = Segment(
        id=new.id or new_id(),
        name=new.name,
        filter=new.filter,
        description=new.description,
        tags=new.tags,
        created_at=engine.clock(),
    )
    return json_answer(engine.state.put(workspace, segment), status=201)


async def remove_segment(request: web.Request) -> web.Response:
    """Delete a segment."""
    segment_id = request.match_info["id"]
    if not request.app[ENGINE].state.remove(query_workspace(request), Segment, segment_id):
        raise UnknownSegmentError(segment_id)
    return json_answer({"message": "removed"})


async def list_blocks(request: web.Request) -> web.Response:
    """Give the content blocks of a workspace."""
    blocks = query_workspace(request).shelf(ContentBlock)
    return json_answer({"content_blocks": list(blocks.values())})


async def add_block(request: web.Request) -> web.Response:
    """Create or replace a content block of `{"name", "content"}`, used in later messages."""
    engine = request.app[ENGINE]
    new = await read_as(request, NewBlock)
    Template(new.content)
    block = ContentBlock(name=new.name, content=new.content, created_at=engine.clock())
    return json_answer(engine.state.put(query_workspace(request), block), status=201)


async def remove_block(request: web.Request) -> web.Response:
    """Delete a content block."""
    name = request.match_info["name"]
    if not request.app[ENGINE].state.remove(query_workspace(request), ContentBlock, name):
        raise UnknownBlockNameError(name)
    return json_answer({"message": "removed"})
