"""What can be tuned about the sandbox."""

from typing import Annotated, Any, Literal, TypeAlias, get_args, get_type_hints

import msgspec
from msgspec import Meta

from braze_sandbox.errors import RefusedError

MEGABYTE = 1024 * 1024
# Longer than any test waits, and short enough for the clock to be added to.
YEAR = 366 * 86_400
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=YEAR)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits, the contract and the switches of one sandbox.

    The defaults are what a Braze account gets today; older contracts are reached by changing them.
    """

    contract: Annotated[
        Literal["data_points", "mau"],
        Meta(description="Contract kind; decides the form of the rate-limit headers."),
    ] = "data_points"
    rate_limiting: Annotated[
        bool, Meta(description="Off: rate-limit headers are sent, but nothing is refused.")
    ] = True
    limits: Annotated[
        dict[str, str],
        Meta(description="Own limits by bucket, e.g. `users.track` to `250000/h`, `3000/3s`."),
    ] = {}
    track_objects: Annotated[
        int, Meta(ge=1, description="Objects one /users/track request may hold (others: 50).")
    ] = 75
    track_objects_counted: Annotated[
        Literal["together", "each_array"],
        Meta(description="`each_array` is the legacy rule: the limit holds for each array."),
    ] = "together"
    bulk_objects: Annotated[
        int, Meta(ge=1, description="Objects one /users/track/bulk request may hold.")
    ] = 1000
    bulk_objects_per_user: Annotated[
        int, Meta(ge=1, description="Objects for one user in a /users/track/bulk request.")
    ] = 100
    bulk_bytes: Annotated[
        int, Meta(ge=1, description="Largest body of /users/track/bulk; above it: 400.")
    ] = 2 * MEGABYTE
    request_bytes: Annotated[
        int, Meta(ge=1, description="Largest request body; above it the answer is 413.")
    ] = 4 * MEGABYTE
    external_id_bytes: Annotated[int, Meta(ge=1, description="Longest external_id.")] = 987
    string_characters: Annotated[
        int, Meta(ge=1, description="Longest attribute name or string value; the rest is cut off.")
    ] = 255
    array_elements: Annotated[
        int, Meta(ge=1, description="Largest array attribute; the oldest go first (older: 25).")
    ] = 500
    array_bytes: Annotated[
        int, Meta(ge=1, description="Largest array attribute in bytes; the oldest go first.")
    ] = 102_400
    object_bytes: Annotated[
        int, Meta(ge=1, description="Largest nested attribute; a larger one is dropped.")
    ] = 102_400
    event_properties_bytes: Annotated[
        int, Meta(ge=1, description="Largest `properties` of an event.")
    ] = 102_400
    purchase_properties_bytes: Annotated[
        int, Meta(ge=1, description="Largest `properties` of a purchase.")
    ] = 51_200
    purchase_quantity: Annotated[
        int, Meta(ge=1, description="Largest `quantity` of a purchase.")
    ] = 100
    product_ids: Annotated[
        int, Meta(ge=1, description="Product ids a workspace holds; purchases of more are dropped.")
    ] = 5000
    export_ids: Annotated[
        int, Meta(ge=1, description="Identifiers one /users/export/ids request may hold.")
    ] = 50
    user_ids: Annotated[
        int, Meta(ge=1, description="Users one identify, merge, delete, alias... may name.")
    ] = 50
    require_fields_to_export: Annotated[
        bool, Meta(description="Refuse exports without `fields_to_export` (newer accounts).")
    ] = False
    error_types: Annotated[
        Literal["sentence", "code"],
        Meta(description="Form of `errors[].type`; which one a live account sends is unknown."),
    ] = "sentence"
    blocked_external_ids: Annotated[
        tuple[str, ...], Meta(description="external_ids that are refused.")
    ] = ()
    app_ids: Annotated[
        tuple[str, ...], Meta(description="Apps that push tokens may name; empty: any.")
    ] = ()
    clock_skew_seconds: Annotated[
        float,
        Meta(
            ge=-YEAR, le=YEAR, description="How far the sandbox's clock is ahead; below 0: behind."
        ),
    ] = 0.0
    processing_lag_seconds: Annotated[
        float, Meta(ge=0, le=YEAR, description="How long after the answer a write becomes visible.")
    ] = 0.0
    maintenance: Annotated[
        bool, Meta(description="Answer /users/track with 202 `queued`; process when switched off.")
    ] = False
    blackhole: Annotated[
        bool, Meta(description="Validate, count and answer, but keep nothing (for benchmarks).")
    ] = False
    segment_export_seconds: Annotated[
        float, Meta(ge=0, le=YEAR, description="How long /users/export/segment takes at least.")
    ] = 0.0
    export_link_seconds: Annotated[
        float, Meta(ge=0, le=YEAR, description="How long the address of an export works.")
    ] = 14_400.0
    csv_users: Annotated[
        int, Meta(ge=1, description="Most users that a CSV export takes without S3.")
    ] = 500_000
    webhook_retries: Annotated[
        int, Meta(ge=0, description="Tries after the first, on 408, 429, 5XX, lost connections.")
    ] = 5
    webhook_retry_base_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=YEAR,
            description="First pause between tries, doubling; Braze spreads 5 over 30 min.",
        ),
    ] = 1.0
    webhook_timeout_seconds: Annotated[
        float, Meta(gt=0, le=YEAR, description="How long a receiver may take to answer.")
    ] = 90.0
    webhook_concurrency: Annotated[
        int, Meta(ge=1, description="Webhooks on their way at the same time.")
    ] = 50
    webhook_unhealthy_failures: Annotated[
        int,
        Meta(ge=1, description="Failures of a host in a minute above which it gets nothing (598)."),
    ] = 3000
    webhook_unhealthy_seconds: Annotated[
        float,
        Meta(ge=0, le=YEAR, description="How long a host that failed too often gets nothing."),
    ] = 60.0
    global_control_buckets: Annotated[
        int, Meta(ge=0, le=10_000, description="Users of lower random buckets get no messages.")
    ] = 0
    connected_content_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Hosts, or host:port, that Connected Content may ask."),
    ] = ()
    connected_content_credentials: Annotated[
        dict[str, str],
        Meta(description="Credentials of `:basic_auth` by name, as `user:password`."),
    ] = {}
    connected_content_seconds: Annotated[
        float, Meta(gt=0, le=YEAR, description="How long a Connected Content host may take.")
    ] = 2.0
    currents_batch: Annotated[
        int, Meta(ge=1, description="Events a Currents request holds at most.")
    ] = 100
    currents_retry_base_seconds: Annotated[
        float,
        Meta(ge=0, le=YEAR, description="First pause after a Currents server's 429 or 5XX."),
    ] = 1.0
    currents_denied_seconds: Annotated[
        float, Meta(ge=0, le=YEAR, description="Pause after 401, 403 and 404 of a Currents server.")
    ] = 120.0
    journal_entries: Annotated[
        int, Meta(ge=0, description="Requests, notices, activities remembered (read at start).")
    ] = 10_000
    journal_bytes: Annotated[
        int, Meta(ge=0, description="Bytes of bodies that the journal remembers (read at start).")
    ] = 64 * MEGABYTE
    fault_seed: Annotated[
        int, Meta(description="Seed of the faults' `chance` (read at start).")
    ] = 0
    durability: Annotated[
        Literal["process", "power"],
        Meta(description="What an answer survives: SIGKILL, or a power cut too (read at start)."),
    ] = "process"


def change_settings(settings: Settings, changes: dict[str, Any]) -> Settings:
    """Return `settings` with `changes` applied; raise RefusedError (400) for an unfit value."""
    merged = {**msgspec.structs.asdict(settings), **changes}
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        known = ", ".join(Settings.__struct_fields__)
        message = f"These settings do not fit: {error}. Settings are: {known}."
        raise RefusedError(400, message) from error


def describe_settings() -> list[tuple[str, Any, str]]:
    """Return name, default and meaning of each setting, in order."""
    hints = get_type_hints(Settings, include_extras=True)
    defaults = msgspec.structs.asdict(Settings())
    return [
        (name, defaults[name], next(m.description for m in get_args(hints[name])[1:] if m))
        for name in Settings.__struct_fields__
    ]
