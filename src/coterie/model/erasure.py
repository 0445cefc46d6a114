"""What travels about people who are forgotten, and what they are told before."""

from datetime import datetime
from typing import Literal

import msgspec

from coterie.model.identities import IdentityGraph
from coterie.model.mapped import Identifier
from coterie.model.views import ProfileView


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an erasure is about: identifiers, and the names under which destinations knew them."""

    identifiers: tuple[Identifier, ...]
    recipients: tuple[str, ...]


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure as people read it: `profile_id` None where nobody had the identifier.

    `events` of the log and `refused` ones at doors were erased; `waiting` deliveries have yet to
    tell their destination. `deletions` counts users whose deletion at Braze was asked for.
    `blocks`: the identifiers may not come back.
    """

    id: int
    account: int
    profile_id: str | None
    blocks: bool
    state: Literal["running", "done"]
    events: int
    refused: int
    deletions: int
    waiting: int
    requested_at: datetime
    requested_by: str
    finished_at: datetime | None = None


class DossierEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event about a person, as it was received."""

    stream: str
    received_at: datetime
    occurred_at: datetime | None
    body: msgspec.Raw


class DossierChange(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a person's profile, and when."""

    kind: str
    audience: str | None
    cause: str
    changed_at: datetime


class DossierDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """What a destination was told of a person, under which name."""

    destination: str
    attribute: str
    recipient: str
    told: tuple[str, ...]
    settled_at: datetime | None


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """All that is held about a person, as they may ask for it (GDPR, article 15).

    `is_cut`: there are more events than are listed, which are the newest.
    """

    made_at: datetime
    profile: ProfileView
    identity: IdentityGraph
    events: tuple[DossierEvent, ...]
    changes: tuple[DossierChange, ...]
    deliveries: tuple[DossierDelivery, ...]
    is_cut: bool
