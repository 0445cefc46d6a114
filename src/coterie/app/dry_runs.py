"""Answers what an export would do: the control plane says what is asked, the data plane counts."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from coterie.base.clock import Clock
from coterie.connectors.braze.cohorts import COHORT_REQUESTS_PER_MINUTE
from coterie.connectors.braze.config import ARRAY_LIMIT, REQUESTS_PER_MINUTE
from coterie.connectors.registry import read_forms
from coterie.control.authorizations import get_authorization
from coterie.control.definitions.pipeline import load_config
from coterie.control.definitions.streams import list_streams
from coterie.control.jobs import get_job
from coterie.control.jobs.draft import Draft, draft_export
from coterie.control.jobs.update import given_up
from coterie.flow.exports.destinations import find_destination, plan_draft
from coterie.flow.exports.standing import count_told
from coterie.flow.run.foresee import Forecast, Limits, Question
from coterie.flow.run.foresee_feed import FeedForecast, FeedQuestion
from coterie.flow.run.generations import enter_live_generation
from coterie.model.control import Authorization
from coterie.model.delivery import Form
from coterie.model.dry_run import MOST_DAYS, USUAL_DAYS, DryRun, FeedDryRun
from coterie.model.feeds import FeedSpec
from coterie.model.webhooks import WebhookConfig
from coterie.store import Store

MOST_EVENTS = 10_000
# Profile ids are hashes, so the first of them are a random sample.
MOST_SEEN = 50_000

AnyDryRun = DryRun | FeedDryRun


class DryRuns:
    """Counts before anybody starts anything; nothing is written."""

    def __init__(self, store: Store, clock: Clock, *, most_seen: int = MOST_SEEN) -> None:
        self._store = store
        self._clock = clock
        self._most = most_seen

    def of_new(
        self,
        *,
        account: int,
        authorization_id: int,
        config: Mapping[str, Any],
        days: int = USUAL_DAYS,
    ) -> AnyDryRun:
        """Return what a job with these options would do, or would have done in the last `days`.

        The latter holds for jobs that send events on. Raises what `create_export` raises.
        """
        draft = draft_export(
            self._store,
            account=account,
            authorization_id=authorization_id,
            config=config,
            clock=self._clock,
        )
        if draft.spec.feed is not None:
            return self._count_events(draft, draft.spec.feed, days=days)
        return self._count(draft)

    def of_change(
        self,
        *,
        account: int,
        job_id: int,
        options: Mapping[str, Any],
        clean_up: bool = False,
        days: int = USUAL_DAYS,
    ) -> AnyDryRun:
        """Return what a job would send if its options were changed, or does with none of them.

        `days` as for `of_new`. Raises what `update_export` raises.
        """
        job = get_job(self._store, account, job_id)
        draft = draft_export(
            self._store,
            account=account,
            authorization_id=job.authorization_id or 0,
            config=options,
            job=job,
            clock=self._clock,
        )
        if draft.spec.feed is not None:
            return self._count_events(draft, draft.spec.feed, days=days)
        gone = given_up(job, draft.config)
        # What a webhook posted is never taken back, so nobody is told of what its job gives up.
        left = gone if isinstance(draft.config, WebhookConfig) else ()
        found = self._count(draft, left=left)
        if not clean_up or job.destination_id is None:
            return found
        with self._store.transaction() as conn:
            cleaned = count_told(conn, job.destination_id, gone)
        return msgspec.structs.replace(found, cleaned=cleaned)

    def _count_events(self, draft: Draft, feed: FeedSpec, *, days: int) -> FeedDryRun:
        now = self._clock()
        authorization = get_authorization(self._store, draft.account, draft.authorization_id)
        known = [each.name for each in list_streams(self._store, draft.account)]
        with self._store.transaction() as conn:
            config = load_config(conn).accounts[draft.account]
            found = find_destination(conn, draft.authorization_id, *draft.config.target)
        plan = plan_draft(found, (draft.spec,), *draft.config.target, now=now)
        question = FeedQuestion(
            config=config,
            spec=draft.spec_at(plan.id),
            plan=plan,
            limits=_limits(authorization, form=plan.form),
            forms=read_forms(authorization.provider, authorization.public_config),
            streams=tuple(name for name in known if not feed.streams or name in feed.streams),
            days=max(1, min(days, MOST_DAYS)),
        )
        forecast = FeedForecast(question, now=now, most=min(self._most, MOST_EVENTS))
        for stream in question.streams:
            with self._store.transaction() as conn:
                enter_live_generation(conn)
                forecast.look(conn, stream)
        return forecast.tell()

    def _count(self, draft: Draft, *, left: Iterable[str] = ()) -> DryRun:
        now = self._clock()
        authorization = get_authorization(self._store, draft.account, draft.authorization_id)
        with self._store.transaction() as conn:
            config = load_config(conn).accounts[draft.account]
            found = find_destination(conn, draft.authorization_id, *draft.config.target)
        others = tuple(
            spec
            for spec in config.exports
            if found is not None
            and spec.destination_id == found.id
            and spec.job_id != draft.spec.job_id
        )
        plan = plan_draft(found, (draft.spec, *others), *draft.config.target, now=now)
        plan = msgspec.structs.replace(plan, held=plan.held.union(left))
        question = Question(
            account=draft.account,
            schema=config.schemas[-1],
            spec=draft.spec_at(plan.id),
            others=others,
            plan=plan,
            limits=_limits(authorization, form=plan.form),
            forms=read_forms(authorization.provider, authorization.public_config),
        )
        forecast = Forecast(question, now=now)
        while forecast.seen < self._most:
            with self._store.transaction() as conn:
                enter_live_generation(conn)
                if not forecast.look(conn):
                    break
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            return forecast.tell(conn)


def _limits(authorization: Authorization, *, form: Form) -> Limits:
    public = authorization.public_config
    per_minute = int(public.get("requests_per_minute") or REQUESTS_PER_MINUTE)
    return Limits(
        requests_per_minute=COHORT_REQUESTS_PER_MINUTE if form == "cohorts" else per_minute,
        array_limit=int(public.get("array_limit") or ARRAY_LIMIT),
    )
