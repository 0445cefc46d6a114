"""The overview: an account at a glance."""

from collections import Counter

from litestar import get

from coterie.console.charts import bars, hour_chart
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor
from coterie.control.authorizations import list_authorizations
from coterie.control.definitions.audiences import list_audiences
from coterie.control.jobs import list_jobs
from coterie.control.tokens import list_tokens

LARGEST = 8


@get("/", sync_to_thread=True)
def show_home(visit: Visitor) -> Page:
    """Show what came in, what was made of it, what went out."""
    store, account = visit.deps.store, visit.account
    overview = visit.deps.reads.overview(account)
    audiences = [each for each in list_audiences(store, account) if each.state != "archived"]
    jobs = list_jobs(store, account)
    sizes = bars([(each.name, f"/audiences/{each.slug}", each.size) for each in audiences])
    steps = {
        "authorization": any(
            each.provider == "braze" for each in list_authorizations(store, account)
        ),
        "data": overview.events > 0,
        "token": bool(list_tokens(store, account)),
        "audience": bool(audiences),
        "job": any(job.kind.startswith("export_") for job in jobs),
    }
    return visit.page(
        "home.html",
        overview=overview,
        hours=hour_chart(overview.hours),
        audiences=audiences,
        sizes=sizes[:LARGEST],
        jobs=jobs,
        states=Counter(job.state for job in jobs),
        steps=steps,
    )
