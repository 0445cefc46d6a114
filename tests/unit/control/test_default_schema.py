import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coterie.control.definitions.default import read_identifiers
from coterie.control.definitions.draft import Draft
from coterie.control.definitions.schema import default_draft
from coterie.lang.lql import MappingRule, compile_mapping

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "braze"
WIRE = VECTORS.parent / "peers" / "sdk-wire"

# The columns of Braze's CSV Export User Data.
CSV_COLUMNS = (
    "Appboy ID", "country", "created_at", "devices", "date_of_birth", "email",
    "unsubscribed_from_emails_at", "user_id", "first_name", "first_session", "gender",
    "google_ad_ids", "city", "IDFAs", "IDFVs", "language", "last_app_version_used", "last_name",
    "last_session", "number_of_google_ad_ids", "number_of_IDFAs", "number_of_IDFVs",
    "number_of_push_tokens", "number_of_roku_ad_ids", "number_of_windows_ad_ids", "phone_number",
    "opted_into_push_at", "unsubscribed_from_push_at", "random_bucket", "roku_ad_ids",
    "session_count", "timezone", "in_app_purchase_total", "user_aliases", "windows_ad_ids",
)  # fmt: skip


@pytest.fixture(scope="module")
def draft() -> Draft:
    return default_draft()


def map_event(draft: Draft, stream: str, event: dict[str, Any]) -> dict[str, Any]:
    rules = [
        MappingRule(mapping.field, mapping.expr, mapping.guard)
        for mapping in draft.mappings
        if mapping.stream == stream
    ]
    values = compile_mapping(rules).apply(event, NOW)
    assert values is not None
    return {rules[index].field: value for index, value in values}


def test_the_sample_body_of_a_braze_webhook_fills_every_field(draft: Draft) -> None:
    body = {
        "city": "Berlin", "country": "DE", "first_name": "Ada", "gender": "F", "language": "de",
        "last_name": "Byron", "date_of_birth": "19820101", "phone_number": "+49 30 901820",
        "time_zone": "GMT+7", "twitter_handle": "@ada", "email": "Ada <Ada@Example.org>",
        "braze_id": "5f1e2d",
    }  # fmt: skip

    mapped = map_event(draft, "braze_users", body)

    assert mapped == {
        "city": "Berlin", "country": "DE", "first_name": "Ada", "gender": "F", "language": "de",
        "last_name": "Byron", "birth_date": datetime(1982, 1, 1, tzinfo=UTC),
        "phone": "+49 30 901820", "time_zone": "GMT+7", "tw_uid": "@ada",
        "email": "ada@example.org", "br_user_id": "5f1e2d", "first_seen": NOW, "last_seen": NOW,
    }  # fmt: skip


def test_a_webhook_may_carry_the_customers_own_id(draft: Draft) -> None:
    assert map_event(draft, "braze_users", {"external_id": "c-1"})["user_id"] == "c-1"


COMMON = {"messageId": "m-1", "timestamp": "2026-03-01T11:59:00.000Z", "integrations": {}}


def map_call(draft: Draft, **call: Any) -> dict[str, Any]:
    """Return what a call of the Segment spec fills, but for when it was."""
    mapped = map_event(draft, "segment", {**COMMON, **call})
    assert mapped.pop("first_seen") == mapped.pop("last_seen") == NOW
    return mapped


def test_an_identify_call_fills_the_person(draft: Draft) -> None:
    mapped = map_call(
        draft,
        type="identify",
        userId="u-1",
        anonymousId="a-1",
        traits={
            "email": "Ada <Ada@Example.org>", "phone": "+49 30 901820", "firstName": "Ada",
            "lastName": "Byron", "gender": "female", "birthday": "1982-01-01", "plan": "pro",
            "address": {"city": "Berlin", "country": "DE"}, "company": {"name": "Acme"},
            "createdAt": "2025-01-31T09:00:00Z",
        },
        context={"locale": "de-DE", "timezone": "Europe/Berlin", "library": {"name": "js"}},
    )  # fmt: skip

    assert mapped.pop("traits")["plan"] == "pro"
    assert mapped == {
        "user_id": "u-1", "_uids": ["a-1"], "email": "ada@example.org", "phone": "+49 30 901820",
        "first_name": "Ada", "last_name": "Byron", "gender": "female",
        "birth_date": datetime(1982, 1, 1, tzinfo=UTC), "city": "Berlin", "country": "DE",
        "company": "Acme", "signed_up_at": datetime(2025, 1, 31, 9, tzinfo=UTC),
        "language": "de-DE", "time_zone": "Europe/Berlin",
    }  # fmt: skip


def test_traits_may_come_with_the_context_of_any_call(draft: Draft) -> None:
    context = {"traits": {"email": "ada@example.org", "plan": "pro"}}

    mapped = map_call(draft, type="track", userId="u-1", event="Signed Up", context=context)

    assert mapped["email"] == "ada@example.org"
    assert mapped["traits"] == {"email": "ada@example.org", "plan": "pro"}


def test_the_traits_of_a_group_are_not_those_of_the_person(draft: Draft) -> None:
    traits = {"name": "Acme", "email": "info@acme.example", "employees": 40}

    mapped = map_call(draft, type="group", userId="u-1", groupId="g-1", traits=traits)

    assert mapped == {"user_id": "u-1", "group_id": "g-1", "company": "Acme"}


def test_a_track_call_counts_its_event_and_an_order(draft: Draft) -> None:
    properties = {"total": 12.5, "revenue": 10, "currency": "USD"}

    mapped = map_call(
        draft, type="track", userId="u-1", event="Order Completed", properties=properties
    )

    assert mapped == {
        "user_id": "u-1", "last_event": "Order Completed", "event_counts": {"Order Completed": 1},
        "event_times": {"Order Completed": NOW}, "order_count": 1, "order_total": 12.5,
        "order_largest": 12.5, "first_order": NOW, "last_order": NOW,
    }  # fmt: skip


def test_page_and_screen_calls_count_views(draft: Draft) -> None:
    campaign = {"source": "news", "medium": "email", "name": "spring"}
    page = map_call(
        draft, type="page", anonymousId="a-1", name="Home",
        properties={"url": "https://shop.example/"}, context={"campaign": campaign},
    )  # fmt: skip
    screen = map_call(draft, type="screen", userId="u-1", name="Main", properties={})

    assert page == {
        "_uids": ["a-1"], "page_views": 1, "last_page": "Home",
        "last_url": "https://shop.example/", "utm_sources": ["news"], "utm_mediums": ["email"],
        "utm_campaigns": ["spring"],
    }  # fmt: skip
    assert screen == {"user_id": "u-1", "screen_views": 1, "last_screen": "Main"}


def test_an_alias_call_names_the_id_from_before(draft: Draft) -> None:
    mapped = map_call(draft, type="alias", userId="u-1", previousId="a-1")

    assert mapped == {"user_id": "u-1", "_uids": ["a-1"]}


def test_what_real_sdks_send_names_a_person(draft: Draft) -> None:
    path = WIRE / "real_sdk_requests.jsonl"
    if not path.exists():
        pytest.skip("the shared vectors are not beside this checkout")
    requests = [json.loads(line) for line in path.read_text().splitlines()]
    spec = [each["body"]["batch"] for each in requests if each["path"] == "/v1/batch"]

    mapped = [map_event(draft, "segment", call) for batch in spec for call in batch]

    assert len(mapped) > 15
    assert all(each.keys() & {"user_id", "_uids"} for each in mapped)
    assert {each.get("email") for each in mapped} == {None, "u1@example.com"}
    assert sum(each.get("order_total", 0) for each in mapped) == 12.5 * 4
    assert {each.get("company") for each in mapped} == {None, "Acme"}


def test_every_column_of_a_braze_csv_is_read(draft: Draft) -> None:
    rules = [MappingRule(m.field, m.expr, m.guard) for m in draft.mappings
             if m.stream == "braze_csv"]  # fmt: skip

    assert compile_mapping(rules).reads == set(CSV_COLUMNS)


def test_the_pinned_columns_are_those_of_the_shared_vectors() -> None:
    path = VECTORS / "csv_export_columns.json"
    if not path.exists():
        pytest.skip("the shared vectors are not beside this checkout")

    assert tuple(json.loads(path.read_text())["user_data"]) == CSV_COLUMNS


def test_a_row_of_a_braze_csv_becomes_typed_values(draft: Draft) -> None:
    row = {
        "Appboy ID": "5f1e2d", "user_id": "c-1", "email": "Ada@Example.org", "timezone": "UTC",
        "session_count": "12", "in_app_purchase_total": "35.5", "random_bucket": "4711",
        "created_at": "2024-05-01 10:00:00 UTC", "IDFAs": "",
    }  # fmt: skip

    mapped = map_event(draft, "braze_csv", row)

    assert mapped["br_user_id"] == "5f1e2d"
    assert mapped["email"] == "ada@example.org"
    assert (mapped["br_session_count"], mapped["br_random_bucket"]) == (12, 4711)
    assert mapped["br_purchase_total"] == 35.5
    assert mapped["br_created_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_an_order_counts_adds_up_and_dates(draft: Draft) -> None:
    mapped = map_event(draft, "default", {"_uid": "c1", "_e": "order", "order_amount": "12.50"})

    assert (mapped["order_count"], mapped["order_total"]) == (1, 12.5)
    assert mapped["event_counts"] == {"order": 1}
    assert mapped["last_order"] == NOW


def test_an_event_that_is_no_order_leaves_orders_alone(draft: Draft) -> None:
    mapped = map_event(draft, "default", {"_uid": "c1", "_e": "view"})

    assert not {"order_count", "order_total", "last_order", "first_order"} & set(mapped)


def test_identifiers_are_ranked_from_the_customers_id_to_the_cookie(draft: Draft) -> None:
    ranked = sorted(
        (field.identifier.rank, field.name, field.identifier.unique)
        for field in draft.fields
        if field.identifier is not None
    )

    assert ranked == [
        (0, "user_id", True),
        (1, "br_user_id", True),
        (2, "email", False),
        (3, "phone", False),
        (4, "tw_uid", True),
        (5, "_uids", False),
    ]
    assert list(read_identifiers()) == [name for _, name, _ in ranked]


def test_identifiers_are_made_comparable(draft: Draft) -> None:
    rules = {f.name: f.identifier.normalise for f in draft.fields if f.identifier is not None}

    assert (rules["email"], rules["phone"], rules["tw_uid"]) == ("email", "e164", "lower")


def test_personal_fields_are_marked(draft: Draft) -> None:
    personal = {field.name for field in draft.fields if field.is_pii}

    assert {"email", "phone", "first_name", "last_name", "birth_date"} <= personal
    assert not {"city", "country", "order_total"} & personal


def test_every_field_says_what_it_is(draft: Draft) -> None:
    assert [field.name for field in draft.fields if not field.description] == []
