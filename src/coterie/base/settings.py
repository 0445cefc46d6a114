"""All settings of the product, read from `COTERIE_…` environment variables."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from coterie.base.collect_settings import CollectSettings
from coterie.base.outside_settings import OutsideSettings
from coterie.base.setting_names import refuse_unknown, variable_of
from coterie.base.setting_values import described, find_meta, read_value

SECRET_FIELDS = frozenset({"database_url", "secret_keys", "smtp_url"})


class Settings(OutsideSettings, frozen=True, kw_only=True):
    """Everything that can be set from outside, each with its default and help."""

    data_dir: Annotated[
        Path,
        described("Folder of the embedded PostgreSQL, of the keys and of files in transit."),
    ] = Path("data")
    database_url: Annotated[
        str | None,
        described(
            "URL of a PostgreSQL 16 or newer to use in place of the embedded one, "
            "such as postgresql://user:password@host/database."
        ),
    ] = None
    secret_keys: Annotated[
        str | None,
        described(
            "Keys in place of the file in data_dir/keys: a comma list of id:key, each key 32 bytes "
            "in base64. The first seals, all open; the one named root makes identifier hashes and "
            "must never change."
        ),
    ] = None
    pg_shared_buffers_mb: Annotated[
        int,
        described(
            "Memory of the embedded PostgreSQL for pages, in MB; 0 takes a quarter of the "
            "machine's memory, from 128 MB to 4 GB.",
            ge=0,
            le=65536,
        ),
    ] = 0

    host: Annotated[str, described("Address that the HTTP server listens on.")] = "127.0.0.1"
    port: Annotated[
        int, described("Port that the HTTP server listens on; 0 takes a free one.", ge=0, le=65535)
    ] = 8080
    drain_seconds: Annotated[
        float,
        described(
            "How long a stopping process may take to finish its work, in seconds.", ge=0, le=3600
        ),
    ] = 20.0

    lanes: Annotated[
        int,
        described(
            "Number of lanes that the event log is split into; fixed once the database is made.",
            ge=1,
            le=256,
        ),
    ] = 4
    worker_processes: Annotated[
        int, described("Number of worker processes that `coterie up` starts.", ge=1, le=64)
    ] = 1
    batch_size: Annotated[
        int,
        described(
            "Most events that a worker takes in one transaction; twice as many of imports and bulk "
            "loads while no live events come.",
            ge=1,
            le=100_000,
        ),
    ] = 2000
    batch_wait_ms: Annotated[
        int,
        described(
            "How long a worker that is told of no new events waits before it looks by itself, in "
            "ms.",
            ge=1,
            le=60_000,
        ),
    ] = 200

    bulk_share_percent: Annotated[
        int,
        described(
            "Share of a worker's time that imports and bulk loads get while live events wait, in "
            "percent; without live events they get all of it.",
            ge=1,
            le=90,
        ),
    ] = 20

    history_occurrences: Annotated[
        int,
        described(
            "Newest occurrences that a profile keeps one by one of each thing that behavioural "
            "conditions ask about. A change holds for what comes in from then on.",
            ge=1,
            le=10_000,
        ),
    ] = 100
    history_days: Annotated[
        int,
        described(
            "Days for which older occurrences are kept as totals, counting the days that have any.",
            ge=1,
            le=4_000,
        ),
    ] = 400

    phone_region: Annotated[
        str,
        described(
            "Country of phone numbers that name none, as two letters such as NO, for accounts that "
            "are made from now on; each account's schema can say otherwise.",
            pattern="^([A-Za-z]{2})?$",
        ),
    ] = ""
    seen_message_days: Annotated[
        int,
        described(
            "Days for which a resent message is recognised and dropped; it is forgotten after "
            "twice as many at the latest.",
            ge=1,
            le=400,
        ),
    ] = 7
    log_days: Annotated[
        int,
        described(
            "Days for which the event log and the timeline are kept, counted from the day "
            "received; 0: for ever. New behavioural audiences and where a value comes from reach "
            "no further back, and a replay costs people what older events gave them.",
            ge=0,
            le=36_500,
        ),
    ] = 0
    change_days: Annotated[
        int,
        described(
            "Days for which changes (who entered or left an audience, merged, split) are kept; "
            "0: for ever.",
            ge=0,
            le=36_500,
        ),
    ] = 0
    rejected_days: Annotated[
        int,
        described(
            "Days for which events that were refused or set aside are kept whole, though their day "
            "may have left the log, and rows that imports left out; 0: for ever.",
            ge=0,
            le=36_500,
        ),
    ] = 400
    session_hours: Annotated[
        int, described("Hours after which a console session ends.", ge=1, le=8760)
    ] = 12
    session_idle_minutes: Annotated[
        int,
        described("Minutes without a click after which a console session ends.", ge=1, le=100_000),
    ] = 120

    log_format: Annotated[
        Literal["console", "json"], described("Form of the log: lines for people, or JSON.")
    ] = "console"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], described("Least level that is logged.")
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
    """Yield (variable, default, help) of every setting, those of the whole product first."""
    kinds = get_type_hints(Settings, include_extras=True)
    for home in (Settings, CollectSettings, OutsideSettings):
        for name in home.__annotations__:
            yield variable_of(name), _default(name), find_meta(kinds[name]).description or ""


def _default(name: str) -> str:
    value = getattr(Settings(), name)
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)
