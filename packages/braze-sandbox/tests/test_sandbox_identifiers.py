from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox

ALIAS = {"alias_name": "a1", "alias_label": "shop"}


def track(sandbox: RunningSandbox, *attributes: dict[str, Any]) -> Any:
    answer = sandbox.post("/users/track", {"attributes": list(attributes)})
    assert answer.status == 201, answer.text
    return answer.json()


def error_of(sandbox: RunningSandbox, **item: Any) -> str:
    answer = sandbox.post("/users/track", {"attributes": [item]})
    assert answer.status == 400
    return str(answer.json()["errors"][0]["type"])


def test_an_unknown_external_id_creates_a_user(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1", "first_name": "Ada"})

    user = sandbox.user("u1")

    assert user is not None
    assert user["fields"] == {"first_name": "Ada"}
    assert len(user["braze_id"]) == 24
    assert 0 <= user["random_bucket"] <= 9999


def test_a_number_as_external_id_is_stored_as_a_string(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": 12345, "x": 1})

    assert sandbox.user("12345") is not None


def test_update_existing_only_does_not_create(sandbox: RunningSandbox) -> None:
    answer = track(sandbox, {"external_id": "u1", "_update_existing_only": True, "x": 1})

    assert answer == {"attributes_processed": 1, "message": "success"}
    assert sandbox.count_users() == 0
    assert sandbox.data_points() == 0


def test_update_existing_only_updates_who_exists(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1", "x": 1})
    track(sandbox, {"external_id": "u1", "_update_existing_only": True, "x": 2})

    user = sandbox.user("u1")

    assert user is not None
    assert user["custom_attributes"] == {"x": 2}


def test_two_primary_identifiers_refuse_the_object(sandbox: RunningSandbox) -> None:
    reason = error_of(sandbox, external_id="u1", user_alias=ALIAS, x=1)

    assert "only one" in reason
    assert sandbox.count_users() == 0


def test_no_identifier_is_refused_with_the_quoted_sentence(sandbox: RunningSandbox) -> None:
    reason = error_of(sandbox, first_name="Ada")

    assert reason == "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"


def test_an_alias_alone_does_not_create_by_default(sandbox: RunningSandbox) -> None:
    track(sandbox, {"user_alias": ALIAS, "x": 1})

    assert sandbox.count_users() == 0


def test_an_alias_creates_an_alias_only_user_when_told_so(sandbox: RunningSandbox) -> None:
    track(sandbox, {"user_alias": ALIAS, "_update_existing_only": False, "x": 1})
    track(sandbox, {"user_alias": ALIAS, "y": 2})

    (user,) = sandbox.users()

    assert user["external_id"] is None
    assert user["user_aliases"] == [ALIAS]
    assert user["custom_attributes"] == {"x": 1, "y": 2}


def test_alias_names_are_case_sensitive(sandbox: RunningSandbox) -> None:
    track(sandbox, {"user_alias": ALIAS, "_update_existing_only": False, "x": 1})
    track(sandbox, {"user_alias": {**ALIAS, "alias_name": "A1"}, "x": 2})

    (user,) = sandbox.users()

    assert user["custom_attributes"] == {"x": 1}


@pytest.mark.parametrize(
    "alias", ["a1", {}, {"alias_name": "a"}, {"alias_label": "", "alias_name": "a"}]
)
def test_a_half_alias_is_refused(sandbox: RunningSandbox, alias: Any) -> None:
    assert "alias" in error_of(sandbox, user_alias=alias, x=1)


def test_a_braze_id_never_creates(sandbox: RunningSandbox) -> None:
    track(sandbox, {"braze_id": "0" * 24, "_update_existing_only": False, "x": 1})

    assert sandbox.count_users() == 0


def test_a_braze_id_finds_its_user(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1", "x": 1})
    braze_id = sandbox.users()[0]["braze_id"]

    track(sandbox, {"braze_id": braze_id, "x": 2})

    assert sandbox.users()[0]["custom_attributes"] == {"x": 2}


def test_with_a_primary_identifier_email_is_an_attribute(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1", "email": "a@example.com"})
    track(sandbox, {"external_id": "u2", "email": "a@example.com"})

    assert [user["external_id"] for user in sandbox.users(email="a@example.com")] == ["u1", "u2"]


def test_an_unknown_email_creates_an_email_only_user_once(sandbox: RunningSandbox) -> None:
    track(sandbox, {"email": "a@example.com", "x": 1})
    track(sandbox, {"email": "A@example.com", "x": 2})

    (user,) = sandbox.users()

    assert user["external_id"] is None
    assert user["user_aliases"] == []
    assert user["custom_attributes"] == {"x": 2}


def test_email_beats_phone(sandbox: RunningSandbox) -> None:
    track(sandbox, {"phone": "+15550100", "x": 1}, {"email": "a@example.com", "x": 2})

    track(sandbox, {"email": "a@example.com", "phone": "+15550100", "x": 3})

    assert [user["custom_attributes"]["x"] for user in sandbox.users()] == [1, 3]


def test_an_unknown_phone_creates_a_phone_only_user(sandbox: RunningSandbox) -> None:
    track(sandbox, {"phone": "+15550100", "x": 1})

    (user,) = sandbox.users()

    assert user["fields"] == {"phone": "+15550100"}


def test_an_email_of_several_users_means_the_latest_with_an_external_id(
    sandbox: RunningSandbox,
) -> None:
    shared = {"email": "a@example.com"}
    track(sandbox, {"external_id": "u1", **shared})
    track(sandbox, {"external_id": "u2", **shared})
    track(sandbox, {"user_alias": ALIAS, "_update_existing_only": False, **shared})
    track(sandbox, {"external_id": "u1", "touched": True})

    track(sandbox, {**shared, "x": 1})

    user = sandbox.user("u1")
    assert user is not None
    assert user["custom_attributes"]["x"] == 1


def test_an_external_id_of_987_bytes_is_the_longest(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "é" * 493 + "x", "x": 1})

    reason = error_of(sandbox, external_id="é" * 494, x=1)

    assert reason == "'external_id' must be fewer than 988 bytes"


def test_a_blocked_external_id_is_refused(sandbox: RunningSandbox) -> None:
    sandbox.set(blocked_external_ids=["null"])

    reason = error_of(sandbox, external_id="null", x=1)

    assert reason == "provided external_id is blacklisted and disallowed"


def test_two_sandboxes_give_the_same_users_the_same_ids(sandbox: RunningSandbox) -> None:
    track(sandbox, {"external_id": "u1", "x": 1}, {"email": "a@example.com"})
    first = [user["braze_id"] for user in sandbox.users()]

    sandbox.reset()
    track(sandbox, {"email": "a@example.com"}, {"external_id": "u1", "x": 1})

    assert {user["braze_id"] for user in sandbox.users()} == set(first)
    assert len(set(first)) == 2


def test_an_imported_push_token_makes_an_anonymous_user_once(sandbox: RunningSandbox) -> None:
    token = {"app_id": "app", "token": "t1", "device_id": "device-1"}
    item = {"push_token_import": True, "push_tokens": [token], "plan": "free"}

    for _ in range(2):
        answer = sandbox.post("/users/track", {"attributes": [item]})
        assert answer.json() == {"attributes_processed": 1, "message": "success"}

    (user,) = sandbox.users()
    assert (user["external_id"], user["user_aliases"]) == (None, [])
    assert user["fields"]["push_tokens"] == [token]
    assert user["custom_attributes"] == {"plan": "free"}
    refused = sandbox.post("/users/track", {"attributes": [{"push_token_import": True}]})
    assert refused.status == 400
