"""All settings of the product, read from `COTERIE_…` environment variables."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from coterie.base.setting_names import refuse_unknown, variable_of
from coterie.base.setting_values import find_meta, read_value

SECRET_FIELDS = frozenset({"database_url", "secret_keys", "smtp_url"})


def _described(text: str, **limits: Any) -> msgspec.Meta:
    return msgspec.Meta(description=text, **limits)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set from outside, each with its default and help."""

    data_dir: Annotated[
        Path,
        _described("Folder of the embedded PostgreSQL, of the keys and of files in transit."),
    ] = Path("data")
    database_url: Annotated[
        str | None,
        _described(
            "URL of a PostgreSQL 16 or newer to use in place of the embedded one, "
            "such as postgresql://user:password@host/database."
        ),
    ] = None
    secret_keys: Annotated[
        str | None,
        _described(
            "Keys in place of the file in data_dir/keys: a comma list of id:key, each key 32 bytes "
            "in base64. The first seals, all open; the one named root makes identifier hashes and "
            "must never change."
        ),
    ] = None
    pg_shared_buffers_mb: Annotated[
        int, _described("Memory of the embedded PostgreSQL for pages, in MB.", ge=16, le=65536)
    ] = 256

    host: Annotated[str, _described("Address that the HTTP server listens on.")] = "127.0.0.1"
    port: Annotated[
        int, _described("Port that the HTTP server listens on; 0 takes a free one.", ge=0, le=65535)
    ] = 8080
    drain_seconds: Annotated[
        float,
        _described(
            "How long a stopping process may take to finish its work, in seconds.", ge=0, le=3600
        ),
    ] = 20.0

    lanes: Annotated[
        int,
        _described(
            "Number of lanes that the event log is split into; fixed once the database is made.",
            ge=1,
            le=256,
        ),
    ] = 4
    worker_processes: Annotated[
        int, _described("Number of worker processes that `coterie up` starts.", ge=1, le=64)
    ] = 1
    batch_size: Annotated[
        int,
        _described(
            "Most events that a worker takes in one transaction; twice as many of imports and bulk "
            "loads while no live events come.",
            ge=1,
            le=100_000,
        ),
    ] = 2000
    batch_wait_ms: Annotated[
        int,
        _described(
            "How long a worker that is told of no new events waits before it looks by itself, in "
            "ms.",
            ge=1,
            le=60_000,
        ),
    ] = 200

    bulk_share_percent: Annotated[
        int,
        _described(
            "Share of a worker's time that imports and bulk loads get while live events wait, in "
            "percent; without live events they get all of it.",
            ge=1,
            le=90,
        ),
    ] = 20

    history_occurrences: Annotated[
        int,
        _described(
            "Newest occurrences that a profile keeps one by one of each thing that behavioural "
            "conditions ask about. A change holds for what comes in from then on.",
            ge=1,
            le=10_000,
        ),
    ] = 100
    history_days: Annotated[
        int,
        _described(
            "Days for which older occurrences are kept as totals, counting the days that have any.",
            ge=1,
            le=4_000,
        ),
    ] = 400

    trusted_proxies: Annotated[
        str,
        _described(
            "Networks of proxies whose X-Forwarded-For says who sends, a comma list; for streams "
            "that only some addresses may send to."
        ),
    ] = "127.0.0.0/8,::1/128"
    collect_event_limit_bytes: Annotated[
        int, _described("Largest event that is accepted, in bytes.", ge=1_000, le=100_000_000)
    ] = 1_000_000
    collect_request_limit_bytes: Annotated[
        int,
        _described(
            "Largest body of a collect request, in bytes, after decompression.",
            ge=1_000,
            le=1_000_000_000,
        ),
    ] = 10_000_000
    collect_bulk_limit_bytes: Annotated[
        int,
        _described(
            "Largest bulk load, in bytes, after decompression.", ge=1_000, le=100_000_000_000
        ),
    ] = 1_000_000_000
    collect_bulk_loads: Annotated[
        int,
        _described(
            "Bulk loads that a web process takes at once, each in a process of its own; more are "
            "answered 429.",
            ge=1,
            le=64,
        ),
    ] = 2
    collect_bulk_waiting_events: Annotated[
        int,
        _described(
            "Events of bulk loads that may wait for a worker before the next load is answered 503.",
            ge=1_000,
            le=10_000_000_000,
        ),
    ] = 2_000_000
    collect_group_ms: Annotated[
        int,
        _described(
            "How long the collector gathers requests for one commit, in ms.", ge=0, le=1_000
        ),
    ] = 3
    collect_queue_limit_bytes: Annotated[
        int,
        _described(
            "Bytes that may wait for a commit before the collector answers 503.",
            ge=1_000_000,
            le=10_000_000_000,
        ),
    ] = 64_000_000
    collect_queue_limit_requests: Annotated[
        int,
        _described(
            "Requests that may wait for a commit before the collector answers 503.",
            ge=1,
            le=1_000_000,
        ),
    ] = 10_000
    collect_account_events_per_second: Annotated[
        int,
        _described(
            "Events that a web process takes of an account a second, with a burst of two seconds; "
            "more are answered 429. A bulk load counts as one. Of several web processes each "
            "counts by itself, so divide what you want by their number. 0: no limit.",
            ge=0,
            le=10_000_000,
        ),
    ] = 0
    collect_token_events_per_second: Annotated[
        int,
        _described(
            "The same for each access token, so that one sender leaves the others room. "
            "0: no limit.",
            ge=0,
            le=10_000_000,
        ),
    ] = 0
    public_requests_per_second: Annotated[
        int,
        _described(
            "Requests without a token that a web process answers a second for each account, if "
            "the account makes anything public. Of several web processes each counts by itself.",
            ge=1,
            le=100_000,
        ),
    ] = 50
    phone_region: Annotated[
        str,
        _described(
            "Country of phone numbers that name none, as two letters such as NO, for accounts that "
            "are made from now on; each account's schema can say otherwise.",
            pattern="^([A-Za-z]{2})?$",
        ),
    ] = ""
    seen_message_days: Annotated[
        int,
        _described(
            "Days for which a resent message is recognised and dropped; it is forgotten after "
            "twice as many at the latest.",
            ge=1,
            le=400,
        ),
    ] = 7
    log_days: Annotated[
        int,
        _described(
            "Days for which the event log and the timeline are kept, counted from the day "
            "received; 0: for ever. New behavioural audiences and where a value comes from reach "
            "no further back, and a replay costs people what older events gave them.",
            ge=0,
            le=36_500,
        ),
    ] = 0
    change_days: Annotated[
        int,
        _described(
            "Days for which changes (who entered or left an audience, merged, split) are kept; "
            "0: for ever.",
            ge=0,
            le=36_500,
        ),
    ] = 0
    rejected_days: Annotated[
        int,
        _described(
            "Days for which events that were refused or set aside are kept whole, though their day "
            "may have left the log, and rows that imports left out; 0: for ever.",
            ge=0,
            le=36_500,
        ),
    ] = 400
    import_root: Annotated[
        Path | None,
        _described(
            "Folder of this machine that import jobs may read; "
            "unset, it is the folder imports in data_dir."
        ),
    ] = None

    smtp_url: Annotated[
        str | None,
        _described(
            "Mail server for alerts, such as smtp://user:password@host:587 (STARTTLS) or "
            "smtps://user:password@host:465."
        ),
    ] = None
    smtp_from: Annotated[str, _described("Address that the e-mail of alerts comes from.")] = (
        "coterie@localhost"
    )
    console_url: Annotated[
        str,
        _described(
            "Address under which people open the console, such as https://cdp.example.org; alerts "
            "link to it. Unset, it is the host and port that the HTTP server listens on."
        ),
    ] = ""
    delivery_keep_days: Annotated[
        int,
        _described(
            "Days for which requests to destinations, and events and purchases that were sent, "
            "stay on record.",
            ge=1,
            le=400,
        ),
    ] = 30
    import_settle_seconds: Annotated[
        int,
        _described(
            "Seconds for which a file must not have changed before it is imported, so that uploads "
            "under way are left alone.",
            ge=0,
            le=86_400,
        ),
    ] = 10
    import_file_limit_bytes: Annotated[
        int,
        _described(
            "Most bytes that a file may have, as it comes and once decrypted and unpacked.",
            ge=1_000,
            le=1_000_000_000_000,
        ),
    ] = 20_000_000_000

    sftp_port: Annotated[
        int,
        _described(
            "Port of Coterie's own SFTP server, such as 2022; 0 leaves it off.", ge=0, le=65535
        ),
    ] = 0
    sftp_host: Annotated[str, _described("Address that the SFTP server listens on.")] = "127.0.0.1"
    sftp_name: Annotated[
        str,
        _described(
            "Name under which clients reach the SFTP server, shown to those who set them up; "
            "unset, it is sftp_host."
        ),
    ] = ""

    flush_seconds: Annotated[
        float,
        _described(
            "Least time between two requests to a destination that are not full, in seconds: what "
            "changes meanwhile is gathered.",
            ge=0,
            le=3600,
        ),
    ] = 1.0
    allow_private_addresses: Annotated[
        bool,
        _described(
            "Whether outgoing requests may reach private and loopback addresses. Leave it off in "
            "production; the Braze sandbox on this machine needs it."
        ),
    ] = False

    session_hours: Annotated[
        int, _described("Hours after which a console session ends.", ge=1, le=8760)
    ] = 12
    session_idle_minutes: Annotated[
        int,
        _described("Minutes without a click after which a console session ends.", ge=1, le=100_000),
    ] = 120

    log_format: Annotated[
        Literal["console", "json"], _described("Form of the log: lines for people, or JSON.")
    ] = "console"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _described("Least level that is logged.")
    ] = "info"

    def __repr__(self) -> str:
        """Return the settings with secrets masked."""
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self._shown())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the settings with secrets masked, for rich's printer."""
        return list(self._shown())

    def _shown(self) -> Iterator[tuple[str, Any]]:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            yield name, "***" if name in SECRET_FIELDS and value is not None else value


def load_settings(env: Mapping[str, str]) -> Settings:
    """Return the settings that the variables in `env` say; an empty variable counts as unset.

    Raises `BadSettingError` or `UnknownSettingError`. Variables that start with COTERIE_TEST_
    belong to the test suite and are passed over.
    """
    known = {variable_of(name): name for name in Settings.__struct_fields__}
    refuse_unknown(env, known)
    kinds = get_type_hints(Settings, include_extras=True)
    values: dict[str, Any] = {}
    for variable, name in known.items():
        text = env.get(variable, "").strip()
        if text:
            is_secret = name in SECRET_FIELDS
            values[name] = read_value(variable, text, kind=kinds[name], is_secret=is_secret)
    return Settings(**values)


def settings_table() -> Iterator[tuple[str, str, str]]:
    """Yield (variable, default, help) of every setting, in the order of the struct."""
    kinds = get_type_hints(Settings, include_extras=True)
    for name in Settings.__struct_fields__:
        yield variable_of(name), _default(name), find_meta(kinds[name]).description or ""


def _default(name: str) -> str:
    value = getattr(Settings(), name)
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)
