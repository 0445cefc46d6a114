"""The daily look whether authorizations still work."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from coterie.base.seal import KeyRing
from coterie.control.authorizations import Probe, test_authorization
from coterie.control.rows import list_all
from coterie.control.sealed import UnknownAuthorizationError
from coterie.model.control import Authorization
from coterie.store import Store, load_queries

EVERY = timedelta(days=1)


class _Unchecked(msgspec.Struct, frozen=True):
    id: int
    account: int
    provider: str


def check_next(
    store: Store, ring: KeyRing, probes: Mapping[str, Probe], *, now: datetime
) -> Authorization | None:
    """Try the authorization that was last tried longest ago, if that is a day; None if none is due.

    What came of it is its health. Works as long as the outside system lets it wait.
    """
    query = load_queries("authorizations").list_unchecked
    with store.transaction() as conn:
        due = list_all(conn, query, {"before": now - EVERY, "limit": 100}, row=_Unchecked)
    for one in due:
        probe = probes.get(one.provider)
        if probe is None:
            continue
        try:
            return test_authorization(
                store, ring, account=one.account, authorization_id=one.id, probe=probe, now=now
            )
        except UnknownAuthorizationError:
            # Deleted in the meantime.
            continue
    return None
