"""The questions that the console asks of the data plane."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import msgspec

from coterie.flow.run.explain import MembershipExplanation
from coterie.model.control import Audience
from coterie.model.delivery import Crowded, ParkedRow
from coterie.model.entity import FieldLineage
from coterie.model.identities import IdentityGraph, Relation
from coterie.model.insights import Estimate, FieldReport, Overlap
from coterie.model.mapped import Identifier
from coterie.model.streams import KeyReport, RejectedReport
from coterie.model.views import (
    EventView,
    JobFigures,
    MemberView,
    OmittedView,
    Overview,
    ProfileView,
)


class Reads(msgspec.Struct, frozen=True, kw_only=True):
    """Functions that the composition root binds to the store; the first parameter is the account.

    overview(account); find_profile(account, field, value);
    lineage(account, identifier, fields), None without such a profile;
    identity_graph(account, identifier); relation(account, identifier, other);
    explain_membership(account, (field, value), audience), None without such a profile;
    latest_events and rejected_events(account, stream, limit), newest first;
    stream_keys(account, stream), the most frequent first;
    audience_members(account, audience_id, limit), newest first; preview, overlaps and field_report
    as in `api.dependencies.AudienceCalls`; job_figures(account, job_id, now);
    refused_users and omitted_users(account, job_id, limit); crowded(account, job_id), None unless
    users would hold more values than the job's attribute keeps.
    """

    overview: Callable[[int], Overview]
    find_profile: Callable[[int, str, str], ProfileView | None]
    lineage: Callable[
        [int, tuple[str, str], Collection[str] | None], tuple[FieldLineage, ...] | None
    ]
    identity_graph: Callable[[int, Identifier], IdentityGraph | None]
    relation: Callable[[int, Identifier, Identifier], Relation]
    explain_membership: Callable[[int, tuple[str, str], Audience], MembershipExplanation | None]
    latest_events: Callable[[int, str, int], tuple[EventView, ...]]
    rejected_events: Callable[[int, str, int], Sequence[RejectedReport]]
    stream_keys: Callable[[int, str], Sequence[KeyReport]]
    audience_members: Callable[[int, int, int], tuple[MemberView, ...]]
    preview: Callable[[int, str, str | None], Estimate]
    overlaps: Callable[[int, str, Collection[str]], tuple[Overlap, ...]]
    field_report: Callable[[int, str | None, Collection[str] | None, int, bool], FieldReport]
    job_figures: Callable[[int, int, datetime], JobFigures]
    omitted_users: Callable[[int, int, int], tuple[OmittedView, ...]]
    refused_users: Callable[[int, int, int], tuple[ParkedRow, ...]]
    crowded: Callable[[int, int], Crowded | None]
