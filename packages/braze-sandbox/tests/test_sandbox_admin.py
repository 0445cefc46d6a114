import pytest

from braze_sandbox.auth.keys import UnknownPermissionError
from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.settings import Settings
from braze_sandbox.testing import RunningSandbox, SandboxCallError, running_sandbox


def fill(sandbox: RunningSandbox, users: int) -> None:
    for start in range(0, users, 75):
        ids = range(start, min(start + 75, users))
        items = [{"external_id": f"u{n}", "x": n} for n in ids]
        assert sandbox.post("/users/track", {"attributes": items}).status == 201


def test_users_are_paged_in_order_of_creation(sandbox: RunningSandbox) -> None:
    fill(sandbox, 10)

    first = sandbox.call("GET", "/users", limit=6)
    second = sandbox.call("GET", "/users", limit=6, after=first["next"])

    shown = [user["external_id"] for user in first["users"] + second["users"]]
    assert shown == [f"u{n}" for n in range(10)]
    assert (first["total"], second["next"]) == (10, None)
    assert sandbox.count_users() == 10


def test_one_user_is_shown_by_braze_id(sandbox: RunningSandbox) -> None:
    fill(sandbox, 1)
    (user,) = sandbox.users()

    assert sandbox.call("GET", f"/users/{user['braze_id']}") == user
    with pytest.raises(SandboxCallError, match="There is no user"):
        sandbox.call("GET", "/users/nope")


def test_reset_forgets_users_and_keeps_keys_and_campaigns(sandbox: RunningSandbox) -> None:
    fill(sandbox, 2)
    sandbox.add_campaign("c", {"url": "http://127.0.0.1:1"})

    sandbox.reset()

    assert sandbox.count_users() == 0
    assert sandbox.data_points() == 0
    assert sandbox.count_requests() == 0
    assert sandbox.call("GET", "/attributes") == {"attributes": {}}
    assert len(sandbox.call("GET", "/campaigns")["campaigns"]) == 1
    fill(sandbox, 1)


def test_reset_of_everything_forgets_campaigns_too(sandbox: RunningSandbox) -> None:
    sandbox.add_campaign("c", {"url": "http://127.0.0.1:1"})

    sandbox.reset(everything=True)

    assert sandbox.call("GET", "/campaigns") == {"campaigns": []}


def test_settings_change_at_once_and_unfit_ones_are_refused(sandbox: RunningSandbox) -> None:
    sandbox.set(array_elements=25)
    assert sandbox.call("GET", "/settings")["array_elements"] == 25

    with pytest.raises(SandboxCallError, match="array_elements"):
        sandbox.set(array_elements=0)
    with pytest.raises(SandboxCallError, match="These settings do not fit"):
        sandbox.set(nonsense=1)
    with pytest.raises(SandboxCallError, match="is no rate limit"):
        sandbox.set(limits={"users.track": "often"})


def test_attribute_types_are_shown(sandbox: RunningSandbox) -> None:
    fill(sandbox, 1)

    assert sandbox.call("GET", "/attributes") == {"attributes": {"x": "number"}}


def test_mistakes_in_admin_calls_are_explained(sandbox: RunningSandbox) -> None:
    with pytest.raises(SandboxCallError, match="'limit' must be a whole number"):
        sandbox.call("GET", "/users", limit="many")
    with pytest.raises(SandboxCallError, match="There is no workspace 'nope'"):
        sandbox.call("GET", "/users", workspace="nope")
    with pytest.raises(SandboxCallError, match="Bad Request"):
        sandbox.fail(explode=True)


async def test_a_program_can_serve_a_sandbox_in_its_own_loop() -> None:
    async with BrazeSandbox.start(keys=["k1"], settings=Settings(track_objects=50)) as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")
        assert sandbox.key == "k1"
        assert sandbox.engine.settings.track_objects == 50


def test_two_sandboxes_live_side_by_side() -> None:
    with running_sandbox() as first, running_sandbox() as second:
        fill(first, 1)

        assert (first.count_users(), second.count_users()) == (1, 0)


def test_a_failed_start_is_raised_to_the_caller() -> None:
    with pytest.raises(UnknownPermissionError), running_sandbox(keys=["k:nonsense"]):
        pass
