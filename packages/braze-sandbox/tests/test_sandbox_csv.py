import csv
import io
from typing import Any

import pytest

from braze_sandbox.csv_export import EMAIL_COLUMNS, USER_COLUMNS, guard_cell
from braze_sandbox.testing import RunningSandbox, SandboxCallError


def fill(sandbox: RunningSandbox) -> None:
    items: list[dict[str, Any]] = [
        {
            "external_id": "u1",
            "first_name": 'Ada "the first", née B',
            "email": "ada@example.com",
            "phone": "+15045550100",
            "home_city": "Lisbon\nAlfama",
            "dob": "1980-12-21",
            "email_subscribe": "unsubscribed",
            "tags": ["a", "b"],
            "balance": -1943,
            "vip": True,
        },
        {
            "user_alias": {"alias_name": "n", "alias_label": "l"},
            "_update_existing_only": False,
        },
    ]
    event = {"external_id": "u1", "name": "seen", "time": "2020-01-01"}
    body = {"attributes": items, "events": [event, event]}
    assert sandbox.post("/users/track", body).status == 201


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_user_export_has_the_columns_then_events_then_attributes(
    sandbox: RunningSandbox,
) -> None:
    fill(sandbox)

    text = sandbox.call(
        "GET", "/export/users.csv", custom_attributes="tags,balance,vip", custom_events="seen"
    )

    assert text.split("\r\n")[0] == ",".join([*USER_COLUMNS, "seen", "tags", "balance", "vip"])
    assert len(USER_COLUMNS) == 35
    first, second = rows(text)
    user = sandbox.users()[0]
    assert first["Appboy ID"] == user["braze_id"]
    assert first["first_name"] == 'Ada "the first", née B'
    assert first["phone_number"] == "'+15045550100"
    assert first["city"] == "Lisbon\nAlfama"
    assert first["date_of_birth"] == "1980-12-21"
    assert first["unsubscribed_from_emails_at"] == user["updated_at"]
    assert (first["seen"], first["tags"], first["balance"], first["vip"]) == (
        "2",
        '["a","b"]',
        "'-1943",
        "true",
    )
    assert second["user_id"] == ""
    assert second["user_aliases"] == '[{"alias_name":"n","alias_label":"l"}]'
    assert second["tags"] == ""


def test_an_email_export_has_its_seven_columns(sandbox: RunningSandbox) -> None:
    fill(sandbox)

    text = sandbox.call("GET", "/export/emails.csv")

    assert text.split("\r\n")[0] == ",".join(EMAIL_COLUMNS)
    assert [row["email"] for row in rows(text)] == ["ada@example.com"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("=1", "'=1"),
        ("@x", "'@x"),
        (-1943, "'-1943"),
        ("a+b", "a+b"),
        ("", ""),
        (None, ""),
        (False, "false"),
        ({"k": 1}, '{"k":1}'),
    ],
)
def test_cells_are_guarded_against_formulas(value: Any, shown: str) -> None:
    assert guard_cell(value) == shown


def test_an_export_can_be_of_a_segment_or_of_random_buckets(sandbox: RunningSandbox) -> None:
    fill(sandbox)
    name = {"custom_attribute_name": "vip", "comparison": "equals", "value": True}
    segment = sandbox.add_segment("vips", {"custom_attribute": name})
    bucket = sandbox.users()[0]["random_bucket"]

    of_segment = sandbox.call("GET", "/export/users.csv", segment=segment)
    of_bucket = sandbox.call(
        "GET", "/export/users.csv", random_bucket_from=bucket, random_bucket_to=bucket
    )

    assert [row["user_id"] for row in rows(of_segment)] == ["u1"]
    assert [row["user_id"] for row in rows(of_bucket)] == ["u1"]


def test_too_many_users_are_refused_with_the_cure(sandbox: RunningSandbox) -> None:
    fill(sandbox)
    sandbox.set(csv_users=1)

    with pytest.raises(SandboxCallError, match="Split it: random_bucket_from") as caught:
        sandbox.call("GET", "/export/users.csv")

    assert caught.value.status == 400


def test_a_large_export_is_complete(sandbox: RunningSandbox) -> None:
    for start in range(0, 3000, 75):
        items = [{"external_id": f"u{n}", "x": n} for n in range(start, start + 75)]
        sandbox.post("/users/track", {"attributes": items})

    text = sandbox.call("GET", "/export/users.csv", custom_attributes="x")

    assert [row["x"] for row in rows(text)] == [str(n) for n in range(3000)]
