"""What programs do with an audience beside defining it: activate, build again, end; starters."""

from collections.abc import Callable, Sequence

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from coterie.api.audiences import SAVE_SCOPE
from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.control.definitions.starter import Installed, Starter
from coterie.model.control import Audience, Grant


class InstallBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which audiences of the starter set to make; null: all of them."""

    slugs: tuple[str, ...] | None = None
    is_draft: bool = True


@post(
    "/api/audiences/{slug:str}/activate",
    summary="Let a draft find its members",
    tags=["audiences"],
    status_code=200,
    sync_to_thread=True,
)
def activate_audience(
    slug: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Audience]:
    """Build a draft, or an expired audience whose end was taken off."""
    return _change(api.dependencies.audiences.activate, slug, grant)


@post(
    "/api/audiences/{slug:str}/rebuild",
    summary="Ask every profile again",
    tags=["audiences"],
    status_code=200,
    sync_to_thread=True,
)
def rebuild_audience(
    slug: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Audience]:
    """Ask every profile again about an audience; only differences are sent."""
    return _change(api.dependencies.audiences.rebuild, slug, grant)


@delete(
    "/api/audiences/{slug:str}",
    summary="Archive an audience",
    tags=["audiences"],
    status_code=200,
    sync_to_thread=True,
)
def archive_audience(
    slug: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Audience]:
    """Let everyone leave an audience; refused while a job or another audience needs it."""
    return _change(api.dependencies.audiences.archive, slug, grant)


@get("/api/starters", summary="Audiences to start with", tags=["audiences"], sync_to_thread=False)
def list_starters(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[Starter]]:
    """Return the starter set, which every account may install and edit."""
    check_scope(grant, "observer")
    return Success(api.dependencies.audiences.starters())


@post(
    "/api/starters",
    summary="Install audiences to start with",
    tags=["audiences"],
    status_code=201,
    sync_to_thread=True,
)
def install_starters(
    data: JSONBody[InstallBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Installed]:
    """Make those that the account does not have yet."""
    check_scope(grant, SAVE_SCOPE)
    made = api.dependencies.audiences.install(
        account=grant.account, slugs=data.slugs, is_draft=data.is_draft, actor=actor_of(grant)
    )
    return Success(made, status=201)


def _change(step: Callable[..., Audience], slug: str, grant: Grant) -> Success[Audience]:
    check_scope(grant, SAVE_SCOPE)
    return Success(step(account=grant.account, slug=slug, actor=actor_of(grant)))
