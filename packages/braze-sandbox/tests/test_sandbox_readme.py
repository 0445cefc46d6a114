import re
from pathlib import Path

import msgspec

from braze_sandbox.server.application import admin_routes
from braze_sandbox.server.rest import ENDPOINTS
from braze_sandbox.settings import describe_settings

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
