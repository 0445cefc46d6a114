"""What people read about identities: the graph of a profile, and why two are one person or not."""

from datetime import datetime
from typing import Literal

import msgspec

from coterie.model.decisions import Decision
from coterie.model.mapped import Identifier
from coterie.model.profile import RefusalRule

NodeFlag = Literal["hub", "blocked", "passenger"]


class GraphNode(msgspec.Struct, frozen=True, kw_only=True):
    """One identifier. `streams` are those of its newest events, as far as the log reaches back.

    A passenger has a `carrier`, and no times of its own.
    """

    field: str
    value: str
    rank: int
    is_unique: bool
    first_seen: datetime | None
    last_seen: datetime | None
    streams: tuple[str, ...] = ()
    flags: tuple[NodeFlag, ...] = ()
    carrier: Identifier | None = None


class GraphEdge(msgspec.Struct, frozen=True, kw_only=True):
    """Two identifiers that events named together, the stronger one as `a`.

    `rule` None: it joined its ends; else why it did not, with `witness` (see `RefusedEdge`). `said`
    tells the same to a person. A hub does not count how often it met others: `count` is 0 then.
    `stream` is where the two were first named together.
    """

    a: Identifier
    b: Identifier
    first_seen: datetime
    last_seen: datetime
    count: int
    stream: str
    rule: RefusalRule | None
    witness: tuple[Identifier, ...]
    said: str


class IdentityGraph(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that says who belongs to a profile, strongest identifiers first.

    `is_cut`: there are more passengers than are listed. `decisions` are those in force about any of
    the identifiers.
    """

    profile_id: str
    is_unsettled: bool
    is_cut: bool
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    decisions: tuple[Decision, ...]


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step from an identifier to the next: by an edge, a decision, or as a passenger."""

    a: Identifier
    b: Identifier
    by: Literal["edge", "pin_together", "passenger"]
    said: str


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """Whether two identifiers are one person, and why.

    `path` leads from the first to the second where they are; `refused` are the edges that would
    have joined them where they are not. `said` is the answer in a sentence.
    """

    verdict: Literal["together", "apart", "unknown"]
    said: str
    path: tuple[PathStep, ...] = ()
    refused: tuple[GraphEdge, ...] = ()
    decisions: tuple[Decision, ...] = ()
