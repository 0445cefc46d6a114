"""Aliases, identify, merge, delete, external_ids."""

from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox


def track(sandbox: RunningSandbox, *items: dict[str, Any], **arrays: Any) -> None:
    body = {"attributes": list(items), **arrays} if items else arrays
    answer = sandbox.post("/users/track", body)
    assert answer.status == 201, answer.text
    assert "errors" not in answer.json()


def event(name: str, time: str, **who: Any) -> dict[str, Any]:
    return {**who, "name": name, "time": time, "_update_existing_only": False}


def alias(name: str, label: str = "web") -> dict[str, Any]:
    return {"user_alias": {"alias_name": name, "alias_label": label}}


def names(sandbox: RunningSandbox) -> list[str | None]:
    return [user["external_id"] for user in sandbox.users()]


def test_a_new_alias_joins_the_user_or_makes_one(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1"})
    items = [
        {"external_id": "u1", "alias_name": "a", "alias_label": "web"},
        {"alias_name": "b", "alias_label": "web"},
        {"external_id": "unknown", "alias_name": "c", "alias_label": "web"},
    ]

    answer = sandbox.post("/users/alias/new", {"user_aliases": items})

    assert (answer.status, answer.json()) == (201, {"aliases_processed": 3, "message": "success"})
    shown = [(user["external_id"], user["user_aliases"]) for user in sandbox.users()]
    assert shown == [
        ("u1", [{"alias_name": "a", "alias_label": "web"}]),
        (None, [{"alias_name": "b", "alias_label": "web"}]),
    ]


def test_a_user_has_one_alias_a_label_and_an_alias_one_user(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1"}, {"external_id": "u2"})
    for external_id, name in (("u1", "a"), ("u1", "b"), ("u2", "a")):
        item = {"external_id": external_id, "alias_name": name, "alias_label": "web"}
        sandbox.post("/users/alias/new", {"user_aliases": [item]})

    shown = [user["user_aliases"] for user in sandbox.users()]
    assert shown == [[{"alias_name": "a", "alias_label": "web"}], []]


def test_an_alias_can_be_renamed(sandbox: RunningSandbox) -> None:
    track(sandbox, {**alias("old"), "x": 1, "_update_existing_only": False})
    update = {"alias_label": "web", "old_alias_name": "old", "new_alias_name": "new"}

    answer = sandbox.post("/users/alias/update", {"alias_updates": [update]})

    assert (answer.status, answer.json()) == (201, {"message": "success"})
    assert sandbox.users(alias_label="web", alias_name="old") == []
    (user,) = sandbox.users(alias_label="web", alias_name="new")
    assert user["custom_attributes"] == {"x": 1}


def test_identify_gives_an_unknown_external_id_to_the_anonymous_user(
    sandbox: RunningSandbox,
) -> None:
    track(sandbox, {**alias("a"), "x": 1, "_update_existing_only": False})
    before = sandbox.users()[0]["braze_id"]

    answer = sandbox.post(
        "/users/identify", {"aliases_to_identify": [{"external_id": "u1", **alias("a")}]}
    )

    assert (answer.status, answer.json()) == (201, {"aliases_processed": 1, "message": "success"})
    (user,) = sandbox.users()
    assert (user["external_id"], user["braze_id"]) == ("u1", before)


def test_identify_merges_into_the_known_user(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1", "first_name": "Known", "x": 1})
    track(sandbox, events=[event("seen", "2020-03-01", external_id="u1")])
    track(
        sandbox,
        {
            **alias("a"),
            "_update_existing_only": False,
            "first_name": "Anonymous",
            "last_name": "New",
            "x": 2,
            "y": 3,
        },
    )
    track(sandbox, events=[event("seen", "2020-01-01", **alias("a"))])

    sandbox.post("/users/identify", {"aliases_to_identify": [{"external_id": "u1", **alias("a")}]})

    (user,) = sandbox.users()
    assert user["fields"] == {"first_name": "Known", "last_name": "New"}
    assert user["custom_attributes"] == {"x": 1, "y": 3}
    assert user["user_aliases"] == [{"alias_name": "a", "alias_label": "web"}]
    seen = user["custom_events"]["seen"]
    assert (seen["count"], seen["first"][:10], seen["last"][:10]) == (
        2,
        "2020-01-01",
        "2020-03-01",
    )
    owners = {e["braze_id"] for e in sandbox.call("GET", "/events")["events"]}
    assert owners == {user["braze_id"]}


def test_identify_can_leave_the_anonymous_data_behind(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1"}, {**alias("a"), "x": 1, "_update_existing_only": False})
    items = [{"external_id": "u1", **alias("a")}]

    sandbox.post("/users/identify", {"aliases_to_identify": items, "merge_behavior": "none"})

    (user,) = sandbox.users()
    assert user["custom_attributes"] == {}
    assert user["user_aliases"] == [{"alias_name": "a", "alias_label": "web"}]


def test_an_alias_of_a_label_that_the_known_user_has_is_not_moved(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1"}, {**alias("b"), "_update_existing_only": False, "x": 1})
    item = {"external_id": "u1", "alias_name": "a", "alias_label": "web"}
    sandbox.post("/users/alias/new", {"user_aliases": [item]})

    sandbox.post("/users/identify", {"aliases_to_identify": [{"external_id": "u1", **alias("b")}]})

    (user,) = sandbox.users()
    assert user["user_aliases"] == [{"alias_name": "a", "alias_label": "web"}]
    assert user["custom_attributes"] == {"x": 1}


def test_an_identified_user_is_not_identified_again(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1"})
    item = {"external_id": "u1", "alias_name": "a", "alias_label": "web"}
    sandbox.post("/users/alias/new", {"user_aliases": [item]})

    sandbox.post("/users/identify", {"aliases_to_identify": [{"external_id": "u2", **alias("a")}]})

    assert names(sandbox) == ["u1"]


@pytest.mark.parametrize(
    ("rules", "merged"),
    [
        (["unidentified"], None),
        (["unidentified", "most_recently_updated"], 2),
        (["unidentified", "least_recently_updated"], 1),
    ],
)
def test_an_email_is_identified_by_the_order_of_its_rules(
    sandbox: RunningSandbox, rules: list[str], merged: int | None
) -> None:
    for n in (1, 2):
        item = {**alias(f"a{n}"), "email": "ann@example.com", "n": n}
        track(sandbox, {**item, "_update_existing_only": False})
    email = {"external_id": "u1", "email": "ann@example.com", "prioritization": rules}

    answer = sandbox.post("/users/identify", {"emails_to_identify": [email]})

    assert answer.json() == {"emails_processed": 1, "message": "success"}
    user = sandbox.user("u1")
    assert (user and user["custom_attributes"]["n"]) == merged


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"aliases_to_identify": []},
        {"aliases_to_identify": [{"external_id": "u1"}]},
        {"aliases_to_identify": [{**alias("a")}]},
        {"emails_to_identify": [{"external_id": "u1", "email": "a@example.com"}]},
        {"aliases_to_identify": [{"external_id": "u1", **alias("a")}], "merge_behavior": "both"},
        {"aliases_to_identify": [{"external_id": "u1", **alias("a")}] * 51},
    ],
)
def test_an_unfit_identification_is_refused(sandbox: RunningSandbox, body: Any) -> None:
    assert sandbox.post("/users/identify", body).status == 400


def test_merge_keeps_one_user_with_what_both_had(sandbox: RunningSandbox) -> None:
    track(
        sandbox,
        {"external_id": "keep", "first_name": "Keep"},
        {"external_id": "gone", "first_name": "Gone", "home_city": "Bonn", "tags": ["a"]},
    )
    purchase = {"product_id": "p", "currency": "EUR", "price": 2.5, "time": "2020-01-01"}
    track(sandbox, purchases=[{"external_id": who, **purchase} for who in ("keep", "gone", "gone")])
    update = {
        "identifier_to_merge": {"external_id": "gone"},
        "identifier_to_keep": {"external_id": "keep"},
    }

    answer = sandbox.post("/users/merge", {"merge_updates": [update]})

    assert (answer.status, answer.json()) == (202, {"message": "success"})
    (user,) = sandbox.users()
    assert user["fields"] == {"first_name": "Keep", "home_city": "Bonn"}
    assert user["custom_attributes"] == {"tags": ["a"]}
    assert (user["purchases"]["p"]["count"], user["total_revenue"]) == (3, 7.5)
    assert sandbox.user("gone") is None


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ({}, "'merge_updates' must be an array of objects"),
        ([1], "'merge_updates' must be an array of objects"),
        ([{}] * 51, "a single request may not contain more than 50 merge updates"),
        (
            [{"identifier_to_merge": {"external_id": "a"}, "x": 1}],
            "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'",
        ),
        (
            [{"identifier_to_merge": {"name": "a"}, "identifier_to_keep": {"external_id": "b"}}],
            "identifiers must be objects with an 'external_id' property that is a string, "
            "'user_alias' property that is an object, 'email' property that is a string, or "
            "'phone' property that is a string",
        ),
    ],
)
def test_an_unfit_merge_is_refused_in_the_documented_words(
    sandbox: RunningSandbox, updates: Any, message: str
) -> None:
    answer = sandbox.post("/users/merge", {"merge_updates": updates})

    assert (answer.status, answer.json()) == (400, {"message": message})


def test_deleted_users_are_gone_with_what_they_did(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1", "email": "a@example.com"}, {"external_id": "u2"})
    track(sandbox, events=[event("e", "2020-01-01", external_id=who) for who in ("u1", "u2")])

    answer = sandbox.post("/users/delete", {"external_ids": ["u1", 400, "unknown"]})

    assert (answer.status, answer.json()) == (201, {"deleted": 3, "message": "success"})
    assert names(sandbox) == ["u2"]
    assert sandbox.users(email="a@example.com") == []
    (left,) = sandbox.call("GET", "/events")["events"]
    assert left["braze_id"] == sandbox.users()[0]["braze_id"]


def test_a_deleted_user_that_comes_back_starts_anew(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1", "x": 1})
    sandbox.post("/users/delete", {"external_ids": ["u1"]})

    track(sandbox, {"external_id": "u1", "y": 2})

    assert [user["custom_attributes"] for user in sandbox.users()] == [{"y": 2}]


@pytest.mark.parametrize(
    "body",
    [
        {"braze_ids": "BRAZE_ID"},
        {"user_aliases": [{"alias_name": "a", "alias_label": "web"}]},
        {"email_addresses": [{"email": "a@example.com", "prioritization": ["unidentified"]}]},
    ],
)
def test_users_are_deleted_by_any_identifier(sandbox: RunningSandbox, body: Any) -> None:
    track(sandbox, {**alias("a"), "email": "a@example.com", "_update_existing_only": False})
    if body.get("braze_ids"):
        body = {"braze_ids": [sandbox.users()[0]["braze_id"]]}

    assert sandbox.post("/users/delete", body).json()["deleted"] == 1

    assert sandbox.users() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"external_ids": ["a"], "braze_ids": ["b"]},
        {"external_ids": [""]},
        {"external_ids": ["a"] * 51},
        {"email_addresses": [{"email": "a@example.com"}]},
        {"user_aliases": ["a"]},
    ],
)
def test_an_unfit_deletion_is_refused(sandbox: RunningSandbox, body: Any) -> None:
    assert sandbox.post("/users/delete", body).status == 400


def rename(sandbox: RunningSandbox, current: str, new: str) -> Any:
    item = {"current_external_id": current, "new_external_id": new}
    return sandbox.post("/users/external_ids/rename", {"external_id_renames": [item]}).json()


def test_a_renamed_user_is_found_by_both_ids_until_the_old_one_is_removed(
    sandbox: RunningSandbox,
) -> None:
    track(sandbox, {"external_id": "old", "x": 1})

    answer = rename(sandbox, "old", "new")

    assert list(answer) == ["rename_errors", "external_ids", "message"]
    assert answer["rename_errors"] == []
    track(sandbox, {"external_id": "old", "y": 2})
    (user,) = sandbox.users()
    assert (user["external_id"], user["custom_attributes"]) == ("new", {"x": 1, "y": 2})

    removed = sandbox.post("/users/external_ids/remove", {"external_ids": ["old", "new"]}).json()

    assert removed["removed_ids"] == ["old"]
    assert len(removed["removal_errors"]) == 1
    track(sandbox, {"external_id": "old", "z": 3})
    assert names(sandbox) == ["new", "old"]


def test_an_id_that_is_taken_or_unknown_is_not_renamed(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "a"}, {"external_id": "b"})
    rename(sandbox, "a", "c")

    for current, new in (("b", "c"), ("b", "a"), ("unknown", "d")):
        answer = rename(sandbox, current, new)
        assert answer["external_ids"] == []
        assert len(answer["rename_errors"]) == 1
    assert names(sandbox) == ["c", "b"]


def test_operations_wait_in_the_queue_in_their_order(sandbox: RunningSandbox) -> None:
    sandbox.set(processing_lag_seconds=60)
    track(sandbox, {"external_id": "u1", "x": 1})
    sandbox.post("/users/delete", {"external_ids": ["u1"]})
    track(sandbox, {"external_id": "u1", "y": 2})
    assert sandbox.users() == []

    assert sandbox.drain() == 3

    assert [user["custom_attributes"] for user in sandbox.users()] == [{"y": 2}]


def test_a_key_needs_the_permission_of_each_call(sandbox: RunningSandbox) -> None:
    key = sandbox.add_key(permissions=["users.track"])

    for path in ("delete", "merge", "identify", "alias/new", "external_ids/rename", "track/bulk"):
        assert sandbox.post(f"/users/{path}", {}, key=key).status == 403
