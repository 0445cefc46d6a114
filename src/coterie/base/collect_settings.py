"""What can be set about the doors that take events, and about public reads."""

from typing import Annotated

import msgspec

from coterie.base.setting_values import described


class CollectSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of what is taken and answered, each with its default and help."""

    trusted_proxies: Annotated[
        str,
        described(
            "Networks of proxies whose X-Forwarded-For says who sends, a comma list; for streams "
            "that only some addresses may send to."
        ),
    ] = "127.0.0.0/8,::1/128"
    collect_event_limit_bytes: Annotated[
        int, described("Largest event that is accepted, in bytes.", ge=1_000, le=100_000_000)
    ] = 1_000_000
    collect_request_limit_bytes: Annotated[
        int,
        described(
            "Largest body of a collect request, in bytes, after decompression.",
            ge=1_000,
            le=1_000_000_000,
        ),
    ] = 10_000_000
    collect_bulk_limit_bytes: Annotated[
        int,
        described(
            "Largest bulk load, in bytes, after decompression.", ge=1_000, le=100_000_000_000
        ),
    ] = 1_000_000_000
    collect_bulk_loads: Annotated[
        int,
        described(
            "Bulk loads that a web process takes at once, each in a process of its own; more are "
            "answered 429.",
            ge=1,
            le=64,
        ),
    ] = 2
    collect_bulk_waiting_events: Annotated[
        int,
        described(
            "Events of bulk loads that may wait for a worker before the next load is answered 503.",
            ge=1_000,
            le=10_000_000_000,
        ),
    ] = 2_000_000
    collect_group_ms: Annotated[
        int,
        described("How long the collector gathers requests for one commit, in ms.", ge=0, le=1_000),
    ] = 3
    collect_queue_limit_bytes: Annotated[
        int,
        described(
            "Bytes that may wait for a commit before the collector answers 503.",
            ge=1_000_000,
            le=10_000_000_000,
        ),
    ] = 64_000_000
    collect_queue_limit_requests: Annotated[
        int,
        described(
            "Requests that may wait for a commit before the collector answers 503.",
            ge=1,
            le=1_000_000,
        ),
    ] = 10_000
    collect_account_events_per_second: Annotated[
        int,
        described(
            "Events that a web process takes of an account a second, with a burst of two seconds; "
            "more are answered 429. A bulk load counts as one. Of several web processes each "
            "counts by itself, so divide what you want by their number. 0: no limit.",
            ge=0,
            le=10_000_000,
        ),
    ] = 0
    collect_token_events_per_second: Annotated[
        int,
        described(
            "The same for each access token, so that one sender leaves the others room. "
            "0: no limit.",
            ge=0,
            le=10_000_000,
        ),
    ] = 0
    public_requests_per_second: Annotated[
        int,
        described(
            "Requests without a token that a web process answers a second for each account, if "
            "the account makes anything public. Of several web processes each counts by itself.",
            ge=1,
            le=100_000,
        ),
    ] = 50
