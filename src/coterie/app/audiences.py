"""Binds what doors do with audiences to the store."""

import time
import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from coterie.api.dependencies import AudienceCalls
from coterie.app.services import Services, config_source
from coterie.control.definitions.audience_life import activate_audience, build_again, set_expiry
from coterie.control.definitions.audiences import (
    archive_audience,
    create_audience,
    get_audience,
    list_audiences,
    require_audiences,
    update_audience,
)
from coterie.control.definitions.saved_filters import (
    inline_filter,
    list_dependents_of,
    report_filter,
)
from coterie.control.definitions.sizes import list_sizes, size_at, size_history
from coterie.control.definitions.starter import install_starters, list_starters
from coterie.control.definitions.tags import (
    change_group,
    delete_group,
    get_group,
    list_groups,
    save_group,
)
from coterie.control.jobs import list_jobs_of_audience
from coterie.flow.run.entities import Entities
from coterie.flow.run.insights import Insights, InsightSettings
from coterie.flow.run.seek import Seeker
from coterie.model.control import SizePoint
from coterie.model.entity import Entity, Found
from coterie.model.insights import AudienceSummary, Estimate, FieldReport, Overlap, SizeChange

# Of each day before that a size is kept, so this reaches one that is a month old.
SUMMED_UP = timedelta(days=32)


def audience_calls(services: Services) -> AudienceCalls:
    """Return the functions that doors call."""
    store, clock = services.store, services.clock
    batch = services.batch_settings
    insights = Insights(
        store,
        config_source(),
        InsightSettings(batch.hash_key, batch.bounds),
        time.monotonic,
        lambda: uuid.uuid4().hex,
    )

    def preview(account: int, filter_text: str, slug: str | None) -> Estimate:
        report_filter(store, account, filter_text, slug=slug)
        return insights.preview(account, filter_text, clock())

    def overlaps(account: int, slug: str, others: Collection[str]) -> tuple[Overlap, ...]:
        with store.transaction() as conn:
            require_audiences(conn, account, others)
        one = get_audience(store, account, slug)
        beside = [
            other
            for other in list_audiences(store, account)
            if other.slug != slug and (other.slug in others or not others)
        ]
        return insights.overlaps(account, one, beside)

    def field_report(
        account: int,
        slug: str | None,
        fields: Collection[str] | None,
        limit: int,
        hides_personal: bool,
    ) -> FieldReport:
        number = None if slug is None else get_audience(store, account, slug).id
        return insights.field_report(
            account, number, fields, limit=limit, hides_personal=hides_personal, now=clock()
        )

    def sizes(account: int, slug: str, days: int) -> Sequence[SizePoint]:
        now = clock()
        found = get_audience(store, account, slug)
        return size_history(store, found, since=now - timedelta(days=days), now=now)

    def summary(account: int, slug: str) -> AudienceSummary:
        found, now, total = get_audience(store, account, slug), clock(), insights.total(account)
        points = list_sizes(store, found.id, since=now - SUMMED_UP)

        def grown(days: int) -> int | None:
            before = size_at(points, now - timedelta(days=days))
            return None if before is None else found.size - before

        return AudienceSummary(
            profiles=max(total, found.size),
            share=round(found.size / max(total, found.size, 1), 4),
            change=SizeChange(day=grown(1), week=grown(7), month=grown(30)),
            jobs=len(list_jobs_of_audience(store, account, slug)),
            included_by=tuple(sorted(list_dependents_of(store, account, slug))),
        )

    entities = Entities(store, config_source())
    seeker = Seeker(
        store, config_source(), InsightSettings(batch.hash_key, batch.bounds), time.monotonic
    )

    def seek(account: int, filter_text: str, after: str, limit: int) -> Found:
        report_filter(store, account, filter_text)
        return seeker.seek(account, filter_text, after, limit=limit, now=clock())

    def scan(account: int, slug: str, after: str, limit: int) -> Sequence[Entity]:
        number = get_audience(store, account, slug).id
        return entities.members(account, number, after, limit=limit, now=clock())

    return AudienceCalls(
        create=partial(create_audience, store, clock=clock),
        update=partial(update_audience, store, clock=clock),
        activate=partial(activate_audience, store, clock=clock),
        rebuild=partial(build_again, store, clock=clock),
        set_expiry=partial(set_expiry, store, clock=clock),
        archive=partial(archive_audience, store, clock=clock),
        sizes=sizes,
        preview=preview,
        overlaps=overlaps,
        field_report=field_report,
        scan=scan,
        seek=seek,
        summary=summary,
        dependents=partial(list_dependents_of, store),
        inline=partial(inline_filter, store),
        jobs=partial(list_jobs_of_audience, store),
        groups=partial(list_groups, store),
        group=partial(get_group, store),
        save_group=partial(save_group, store, clock=clock),
        change_group=partial(change_group, store, clock=clock),
        delete_group=partial(delete_group, store, clock=clock),
        starters=list_starters,
        install=partial(install_starters, store, clock=clock),
    )
