"""One request of a signed-in person, with everything its handler needs."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from coterie.console.dependencies import ConsoleDependencies
from coterie.console.forms import Form
from coterie.console.headers import (
    NOTICE_COOKIE,
    Page,
    html_page,
    no_cookie,
    private_cookie,
    see_other,
)
from coterie.console.rendering import render
from coterie.control.tokens import allows
from coterie.model.control import Actor, Session

NOTICE_SECONDS = 60


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, for what, and when. `address` is the scheme and host that the browser sees."""

    deps: ConsoleDependencies
    session: Session
    form: Form
    query: Form
    path: str
    address: str
    notice: str
    now: datetime

    def __repr__(self) -> str:
        """Return who and where, without tokens and form values."""
        return f"Visit({self.session!r}, path={self.path!r})"

    @property
    def account(self) -> int:
        """Return the number of the visitor's account."""
        return self.session.person.account

    @property
    def actor(self) -> Actor:
        """Return the visitor as the audit log names them."""
        return Actor(account=self.account, name=f"person:{self.session.person.id}")

    @property
    def is_secure(self) -> bool:
        """Tell whether the browser came over HTTPS."""
        return self.address.startswith("https:")

    def may(self, needed: str) -> bool:
        """Tell whether the visitor's role covers a scope."""
        return allows((self.session.person.role,), needed)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Page:
        """Return a page; templates always know `visit`, `form` and `now`."""
        html = render(template, {"visit": self, "form": self.form, "now": self.now} | context)
        seen = (no_cookie(NOTICE_COOKIE, secure=self.is_secure),) if self.notice else ()
        return html_page(html, status=status, cookies=seen)

    def go(self, path: str, *, notice: str = "") -> Page:
        """Return a redirect; the next page shows `notice` once."""
        if not notice:
            return see_other(path)
        cookie = private_cookie(
            NOTICE_COOKIE, quote(notice), secure=self.is_secure, max_age=NOTICE_SECONDS
        )
        return see_other(path, cookies=(cookie,))
