import pytest

from braze_sandbox.auth.permissions import PERMISSIONS
from braze_sandbox.testing import RunningSandbox, SandboxCallError

BODY = {"attributes": [{"external_id": "u1", "x": 1}]}


@pytest.mark.parametrize("key", ["nobody", ""])
def test_an_unknown_key_is_401_with_empty_rate_headers(sandbox: RunningSandbox, key: str) -> None:
    answer = sandbox.post("/users/track", BODY, key=key)

    assert answer.status == 401
    assert answer.json() == {"message": f"Invalid API key: {key}"}
    assert answer.headers["x-ratelimit-limit"] == ""
    assert answer.headers["x-ratelimit-remaining"] == ""
    assert answer.headers["x-ratelimit-reset"] == ""


def test_a_key_without_the_permission_is_403(sandbox: RunningSandbox) -> None:
    key = sandbox.add_key(permissions=["users.export.ids"])

    answer = sandbox.post("/users/track", BODY, key=key)

    assert (answer.status, answer.json()) == (403, {"message": "Access Denied"})
    assert sandbox.count_users() == 0


def test_a_key_with_the_permission_may(sandbox: RunningSandbox) -> None:
    key = sandbox.add_key(permissions=["users.track"])

    assert sandbox.post("/users/track", BODY, key=key).status == 201


@pytest.mark.parametrize(
    ("allowed", "status"), [("127.0.0.1", 201), ("127.0.0.0/8", 201), ("10.0.0.0/8", 403)]
)
def test_an_allow_list_decides_by_the_callers_address(
    sandbox: RunningSandbox, allowed: str, status: int
) -> None:
    key = sandbox.add_key(allowed_ips=[allowed])

    assert sandbox.post("/users/track", BODY, key=key).status == status


def test_a_key_opens_its_own_workspace_only(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "/workspaces", {"id": "second"})
    key = sandbox.add_key(workspace="second")

    sandbox.post("/users/track", BODY, key=key)

    assert sandbox.count_users() == 0
    assert sandbox.count_users(workspace="second") == 1


def test_a_removed_key_is_refused(sandbox: RunningSandbox) -> None:
    key = sandbox.add_key()
    sandbox.call("DELETE", f"/keys/{key}")

    assert sandbox.post("/users/track", BODY, key=key).status == 401


def test_the_misspelt_permission_of_the_docs_is_explained(sandbox: RunningSandbox) -> None:
    with pytest.raises(SandboxCallError, match=r"Did you mean 'users\.export\.ids'") as caught:
        sandbox.add_key(permissions=["user.export.ids"])

    assert caught.value.status == 400


def test_an_unfit_allow_list_is_refused(sandbox: RunningSandbox) -> None:
    with pytest.raises(SandboxCallError, match="no IP address or subnet"):
        sandbox.add_key(allowed_ips=["everywhere"])


def test_keys_of_one_name_are_told_apart(sandbox: RunningSandbox) -> None:
    keys = [sandbox.add_key(name="twin") for _ in range(3)]

    shown = {key["key"]: key["name"] for key in sandbox.call("GET", "/keys")["keys"]}

    assert [shown[key] for key in keys] == ["twin", "twin (2)", "twin (3)"]


def test_keys_are_listed_with_their_permissions(sandbox: RunningSandbox) -> None:
    secret = sandbox.add_key(name="mine", permissions=["users.track"])

    keys = {key["key"]: key for key in sandbox.call("GET", "/keys")["keys"]}

    assert keys[secret]["permissions"] == ["users.track"]
    assert tuple(keys["sandbox-key"]["permissions"]) == PERMISSIONS
