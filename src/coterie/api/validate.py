"""What programs try before they save it: filters and LQL texts."""

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.control.definitions.lql import LqlReport
from coterie.control.definitions.saved_filters import FilterReport
from coterie.model.control import Grant


class FilterDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A filter in writing; `slug` is that of the audience it shall be, if there is one."""

    filter: str
    slug: str | None = None


class LqlDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An LQL text in writing."""

    lql: str


@post(
    "/api/audiences/validate",
    summary="Check a filter",
    tags=["audiences"],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def validate_audience(
    data: JSONBody[FilterDraft], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[FilterReport]:
    """Return what is known of a filter, or all that is wrong with it; nothing is saved."""
    return Success(api.dependencies.report_filter(grant.account, data.filter, data.slug))


@post(
    "/api/schema/validate",
    summary="Check an LQL text",
    tags=["schema"],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def validate_schema(
    data: JSONBody[LqlDraft], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[LqlReport]:
    """Return what an LQL text says, or all that is wrong with it; nothing is published."""
    return Success(api.dependencies.check_lql(grant.account, data.lql))
