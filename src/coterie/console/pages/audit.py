"""The audit log: who changed what, and when."""

from litestar import get

from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor, actor_names
from coterie.control.audit import PAGE, list_audit


@get("/account/audit", sync_to_thread=True)
def show_audit(visit: Visitor) -> Page:
    """List the account's changes, newest first, a page at a time."""
    before = visit.query.whole_number("before")
    entries = list_audit(visit.deps.store, visit.account, PAGE, before=before)
    older = entries[-1].id if len(entries) == PAGE else None
    return visit.page(
        "account/audit.html", entries=entries, older=older, before=before, names=actor_names(visit)
    )
