"""Bulk loads, from their bytes to the log."""

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.base.errors import UserError
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience
from coterie.flow.collect.bulk import ArrayInBulkError
from coterie.flow.collect.unpack import RequestTooLargeError, UnsupportedEncodingError
from coterie.flow.eventlog.append import TokenRevokedError
from coterie.flow.eventlog.lanes import ensure_lanes, is_bulk
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.run.bulk import BadRowsError, BulkBacklogError, BulkLimits, BulkLoader
from coterie.flow.run.preview import Previewer
from coterie.lang.behaviour import Bounds
from coterie.model.bulk import BulkOutcome, BulkRequest
from coterie.model.control import Actor
from coterie.store import Store

ACCOUNT = 4711
ACTOR = Actor(name="test")
CSV = b"user_id,city,at\nu1,Oslo,2026-01-02\nu2,Bergen,05/14/2020 3:04 PM\n"

Load = Callable[..., BulkOutcome]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as store:
        create_account(store, name="Test", actor=ACTOR, clock=system_clock, number=ACCOUNT)
        with store.transaction() as conn:
            ensure_lanes(conn, 2)
            ensure_days(conn, system_clock().date())
        yield store


@pytest.fixture
def loader(store: Store) -> BulkLoader:
    return BulkLoader(
        store,
        limits=BulkLimits(event=300, body=10_000, waiting_events=5),
        clock=system_clock,
        previewer=lambda: Previewer(store, config_source(), b"k" * 32, Bounds(), system_clock),
    )


@pytest.fixture
def load(loader: BulkLoader) -> Load:
    def load(body: bytes, **given: Any) -> BulkOutcome:
        request = BulkRequest(account=ACCOUNT, stream="default", token_id=None, **given)
        return loader.load(request, io.BytesIO(body), digest=hashlib.sha256(body).digest())

    return load


def logged(store: Store) -> list[tuple[Any, datetime | None]]:
    with store.transaction() as conn:
        rows = conn.execute("SELECT body, occurred_at, lane FROM event_log ORDER BY lane, seq")
        found = [(msgspec.json.decode(body), at, lane) for body, at, lane in rows]
    assert all(is_bulk(lane) for _, _, lane in found)
    return [(body, at) for body, at, _ in found]


def test_rows_of_csv_become_events_of_bulk_lanes(load: Load, store: Store) -> None:
    outcome = load(CSV, timestamp_field="at", append={"source": "crm"})

    assert outcome == BulkOutcome(accepted=2, rejected=0)
    assert logged(store) == [
        ({"user_id": "u1", "city": "Oslo", "at": "2026-01-02", "source": "crm"},
         datetime(2026, 1, 2, tzinfo=UTC)),
        ({"user_id": "u2", "city": "Bergen", "at": "05/14/2020 3:04 PM", "source": "crm"},
         datetime(2020, 5, 14, 15, 4, tzinfo=UTC)),
    ]  # fmt: skip


def test_columns_may_be_named_in_the_request_and_parted_by_tabs(load: Load, store: Store) -> None:
    load(b'u1\t"Oslo, Norway"\nu2\tBergen\n', headers=("user_id", "address.city"), delimiter="\t")

    assert [body for body, _ in logged(store)] == [
        {"user_id": "u1", "address.city": "Oslo, Norway"},
        {"user_id": "u2", "address.city": "Bergen"},
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_lines_of_json_are_told_by_how_they_begin(load: Load, store: Store, packed: bool) -> None:
    body = b'\xef\xbb\xbf{"user_id": "u1", "orders": [{"id": 1}]}\n\n{"user_id": "u2"}'

    outcome = load(gzip.compress(body) if packed else body)

    assert outcome.accepted == 2
    assert logged(store)[0][0] == {"user_id": "u1", "orders": [{"id": 1}]}


def test_one_bad_row_keeps_a_strict_load_out_as_a_whole(load: Load, store: Store) -> None:
    with pytest.raises(BadRowsError, match=r"2 rows are bad, the first at line 3: .* 2 cells"):
        load(CSV.replace(b"u2,Bergen,", b"u2,") + b"u3\n")

    assert logged(store) == []


def test_bad_rows_may_be_left_out_and_are_kept_with_their_reasons(load: Load, store: Store) -> None:
    lines = b'{"user_id": "u1"}\n{"user_id": \n7\n{"a": "' + b"x" * 300 + b'"}\n{"user_id": "u2"}'

    outcome = load(lines, drop_errors=True)

    assert (outcome.accepted, outcome.rejected) == (2, 3)
    assert [(note.position, note.code) for note in outcome.refusals] == [
        ("line 2", "malformed_event"),
        ("line 3", "not_an_object"),
        ("line 4", "event_too_large"),
    ]
    assert [body["user_id"] for body, _ in logged(store)] == ["u1", "u2"]
    with store.transaction() as conn:
        kept = conn.execute("SELECT source, position FROM rejected_event ORDER BY id").fetchall()
    assert kept == [("bulk", "line 2"), ("bulk", "line 3"), ("bulk", "line 4")]


def test_a_load_that_is_sent_again_has_the_same_message_ids(load: Load, store: Store) -> None:
    load(CSV)
    load(CSV)
    load(CSV + b"u3,Oslo,2026-01-01\n")

    with store.transaction() as conn:
        counts = conn.execute(
            "SELECT count(*), count(DISTINCT message_hash) FROM event_log"
        ).fetchone()
    assert counts == (7, 5)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'[{"user_id": "u1"}]', ArrayInBulkError),
        (gzip.compress(bytes(50_000), mtime=0), RequestTooLargeError),
        (gzip.compress(CSV, mtime=0)[:-9], UnsupportedEncodingError),
        (b"", UserError),
        (b"user_id,user_id\n1,2\n", UserError),
    ],
)
def test_what_is_no_load_is_refused(
    load: Load, store: Store, body: bytes, error: type[UserError]
) -> None:
    with pytest.raises(error):
        load(body)

    assert logged(store) == []


def test_a_token_that_is_revoked_meanwhile_writes_nothing(loader: BulkLoader, store: Store) -> None:
    request = BulkRequest(account=ACCOUNT, stream="default", token_id=12_345)

    with pytest.raises(TokenRevokedError):
        loader.load(request, io.BytesIO(CSV), digest=b"")

    assert logged(store) == []


def test_too_many_waiting_events_hold_the_next_load_back(load: Load, loader: BulkLoader) -> None:
    loader.check_backlog()
    load(b"user_id\n" + b"".join(b"u%d\n" % n for n in range(6)))

    with pytest.raises(BulkBacklogError) as caught:
        loader.check_backlog()

    assert caught.value.retry_after


def test_a_dry_run_shows_what_would_become_of_people_and_changes_nothing(
    load: Load, store: Store
) -> None:
    create_audience(
        store,
        account=ACCOUNT,
        slug="oslo",
        name="Oslo",
        description="",
        filter_text='FILTER city = "Oslo"',
        actor=ACTOR,
        clock=system_clock,
    )

    outcome = load(CSV + b",Nowhere,\n", is_dryrun=True, shows_profiles=True)

    assert outcome.preview is not None
    assert [event.reason.partition(":")[0] for event in outcome.preview.events] == [
        "", "", "no identifier",
    ]  # fmt: skip
    first, second = sorted(outcome.preview.profiles, key=lambda one: one.identifiers)
    assert first.is_new
    assert first.identifiers == (("user_id", "u1"),)
    assert first.entered == ("oslo",)
    changes = {change.field: (change.before, change.after) for change in first.changes}
    assert changes["city"] == (None, "Oslo")
    assert second.entered == ()
    assert logged(store) == []
    with store.transaction(generation=1) as conn:
        assert conn.execute("SELECT count(*) FROM profile").fetchone() == (0,)


def test_who_may_only_send_is_told_nothing_of_people(load: Load) -> None:
    outcome = load(CSV, is_dryrun=True)

    assert outcome.preview is not None
    assert outcome.preview.profiles == ()
    assert outcome.preview.events[0].identifiers == (("user_id", "u1"),)
