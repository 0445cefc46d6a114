"""What the composition root hands to the API."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import msgspec

from coterie.base.clock import Clock
from coterie.control.definitions.lql import LqlReport
from coterie.control.definitions.saved_filters import FilterReport
from coterie.flow.run.collect import Collector
from coterie.flow.run.explain import MembershipExplanation
from coterie.model.control import Audience, Grant, Job
from coterie.model.views import ProfileView


class ApiDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Functions that the composition root binds to the store; blocking unless it says otherwise.

    open_collector() is entered on the server's event loop; check_token(presented, now);
    touch_tokens(ids, now); list_audiences(account); get_audience(account, slug), which raises
    UserError; report_filter(account, text, slug) and check_lql(account, text), which raise
    UserError; list_jobs(account); find_profile(account, field, value);
    explain_membership(account, (field, value), audience), None without such a profile.
    """

    open_collector: Callable[[], AbstractAsyncContextManager[Collector]]
    check_token: Callable[[str, datetime], Grant | None]
    touch_tokens: Callable[[Iterable[int], datetime], None]
    list_audiences: Callable[[int], Sequence[Audience]]
    get_audience: Callable[[int, str], Audience]
    report_filter: Callable[[int, str, str | None], FilterReport]
    check_lql: Callable[[int, str], LqlReport]
    list_jobs: Callable[[int], Sequence[Job]]
    find_profile: Callable[[int, str, str], ProfileView | None]
    explain_membership: Callable[[int, tuple[str, str], Audience], MembershipExplanation | None]
    clock: Clock
