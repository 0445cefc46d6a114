import re
from pathlib import Path

import msgspec

from braze_sandbox.server.application import admin_routes
from braze_sandbox.server.rest import ENDPOINTS
from braze_sandbox.settings import describe_settings
from braze_sandbox.testing import RunningSandbox

pytest_plugins = ["braze_sandbox.pytest_plugin"]

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    for name, default, meaning in describe_settings():
        shown = msgspec.json.encode(default).decode()

        assert f"| `{name}` | `{shown}` | {meaning} |" in README


def test_every_admin_route_stands_in_the_readme() -> None:
    table = README.partition("## Admin routes")[2]

    for route in admin_routes():
        path = route.path.removeprefix("/_sandbox")
        shown = re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), path)
        assert shown in table, shown


def test_every_call_stands_in_the_readme_with_its_permission() -> None:
    for endpoint in ENDPOINTS:
        does = (endpoint.act.__doc__ or "").splitlines()[0]
        call = f"{endpoint.method} {endpoint.path}"
        assert f"| `{call}` | `{endpoint.permission}` | {does} |" in README


def test_the_example_with_the_fixture_runs(braze_sandbox: RunningSandbox) -> None:
    code = README.partition("def test_members_are_told")[2].partition("```")[0]
    program = (
        "from braze_sandbox.catcher import catching_webhooks\n"
        f"def test_members_are_told{code}\ntest_members_are_told(braze_sandbox)\n"
    )

    class Exporter:
        def __init__(self, *, endpoint: str, key: str) -> None:
            self.braze = RunningSandbox(endpoint, key)

        def run(self) -> None:
            body = {"attributes": [{"external_id": "u1"}]}
            while self.braze.post("/users/track", body).status == 503:
                continue

    exec(program, {"braze_sandbox": braze_sandbox, "my_exporter": Exporter})  # noqa: S102  # our own text

    assert braze_sandbox.count_requests("/users/track") == 3
