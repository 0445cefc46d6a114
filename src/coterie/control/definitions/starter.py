"""The audiences that an account can start with: drafts in our words, to be edited."""

from collections.abc import Collection
from importlib import resources

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.definitions import default
from coterie.control.definitions.audiences import create_audience, list_audiences
from coterie.model.control import Actor
from coterie.store import Store


class UnknownStarterError(UserError):
    """The starter set has no such audience."""

    code = "unknown_starter"

    def __init__(self, *, slug: str) -> None:
        super().__init__(
            f"The starter set has no audience {slug!r}. `coterie audience starter list` shows them."
        )


class Starter(msgspec.Struct, frozen=True, kw_only=True, rename={"filter_text": "filter"}):
    """An audience of the starter set."""

    slug: str
    name: str
    description: str
    filter_text: str


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of installing: slugs that were made, and those that the account has already."""

    made: tuple[str, ...]
    kept: tuple[str, ...]


def list_starters() -> list[Starter]:
    """Return the starter set in an order in which each includes only earlier ones."""
    text = resources.files(default.__name__).joinpath("starter.json").read_bytes()
    return msgspec.json.decode(text, type=list[Starter])


def install_starters(
    store: Store,
    *,
    account: int,
    slugs: Collection[str] | None = None,
    is_draft: bool = True,
    actor: Actor,
    clock: Clock,
) -> Installed:
    """Make the audiences of the starter set that the account does not have; None: all of them.

    They are drafts unless told otherwise: each audience that is kept current costs a little with
    every event. What one includes is made with it. Raises UnknownStarterError.
    """
    starters = {one.slug: one for one in list_starters()}
    for slug in slugs or ():
        if slug not in starters:
            raise UnknownStarterError(slug=slug)
    wanted = set(starters if slugs is None else slugs)
    for slug in tuple(wanted):
        wanted |= {other for other in starters if f"INCLUDE {other}" in starters[slug].filter_text}
    known = {audience.slug for audience in list_audiences(store, account)}
    for one in starters.values():
        if one.slug in wanted - known:
            create_audience(
                store,
                account=account,
                slug=one.slug,
                name=one.name,
                description=one.description,
                filter_text=one.filter_text,
                is_draft=is_draft,
                actor=actor,
                clock=clock,
            )
    return Installed(
        made=tuple(slug for slug in starters if slug in wanted - known),
        kept=tuple(slug for slug in starters if slug in wanted & known),
    )
