"""What Lytics' clients ask of a filter that is not saved: is it right, how many, and who."""

from typing import Any

import msgspec
from litestar import MediaType, Response, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, RawBody

from coterie.api.audiences import SAVE_SCOPE
from coterie.api.auth import check_scope
from coterie.api.entity import show_entity
from coterie.api.resources import Success
from coterie.api.segment_shapes import SegmentSize, check_order
from coterie.api.segments import Limit
from coterie.api.state import ApiState
from coterie.base.errors import UserError
from coterie.model.control import Grant

# Sums are decimals, which would travel as text otherwise.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class FilterBodyError(UserError):
    """A body holds no filter that can be read."""

    code = "bad_filter_body"

    def __init__(self) -> None:
        super().__init__(
            "The body holds no filter. Send FilterQL as it is, in UTF-8, or as JSON: "
            '{"segment_ql": "FILTER …"}.'
        )


class FilterBody(msgspec.Struct, frozen=True):
    """A filter in JSON."""

    segment_ql: str


class FilterScan(msgspec.Struct, frozen=True, rename={"next_": "_next"}):
    """Some of those whom a filter holds, of `asked` profiles.

    `_next` goes into `start` of the next request; "" says that everybody was asked.
    """

    data: list[dict[str, Any]]
    asked: int
    next_: str
    status: int = 200
    message: str = "success"


@post(
    "/api/segment/validate",
    summary="Check a segment's filter",
    tags=["segments"],
    status_code=200,
    sync_to_thread=True,
)
def validate_segment(
    body: RawBody, grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[None]:
    """Answer 200 if a filter may be saved; what is wrong is a 400."""
    api.dependencies.report_filter(grant.account, read_filter(body), None)
    return Success(None)


@post(
    "/api/segment/size",
    summary="The size of a filter",
    tags=["segments"],
    status_code=200,
    sync_to_thread=True,
)
def size_of_filter(
    body: RawBody, grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SegmentSize]:
    """Estimate whom a filter would hold; `POST /api/audiences/preview` tells the error too."""
    found = api.dependencies.audiences.preview(grant.account, read_filter(body), None)
    return Success(SegmentSize(id="", name="", slug_name="", size=found.size))


@post(
    "/api/segment/scan",
    summary="Whom a filter holds",
    tags=["segments"],
    status_code=200,
    sync_to_thread=True,
)
def scan_filter(
    body: RawBody,
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    start: FromQuery[str] = "",
    limit: Limit = 20,
    sortfield: FromQuery[str] = "",
) -> Response[bytes]:
    """Return profiles with their values whom a filter holds now; nothing is saved.

    Each request asks a bounded number of profiles, so a page may be short, or empty, and have a
    next one. A filter can ask for personal values, so only who may see them is answered.
    """
    check_scope(grant, SAVE_SCOPE)
    check_order(sortfield)
    found = api.dependencies.audiences.seek(grant.account, read_filter(body), start, limit)
    page = FilterScan(
        data=[
            show_entity(one, hidden=frozenset(), with_segments=True, with_meta=True)
            for one in found.members
        ],
        asked=found.asked,
        next_=found.after,
    )
    return Response(_encode(page), media_type=MediaType.JSON)


def read_filter(body: bytes) -> str:
    """Return the text of a filter that came as it is, or in JSON. Raises FilterBodyError."""
    try:
        text = body.decode()
        if text.lstrip().startswith("{"):
            text = msgspec.json.decode(text, type=FilterBody).segment_ql
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise FilterBodyError from error
    if not text.strip():
        raise FilterBodyError
    return text
