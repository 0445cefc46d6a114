import re
from pathlib import Path

import msgspec

from braze_sandbox.server.admin_campaigns import campaign_routes
from braze_sandbox.server.admin_export import export_routes
from braze_sandbox.server.admin_sandbox import steering_routes
from braze_sandbox.server.admin_users import user_routes
from braze_sandbox.server.rest import ENDPOINTS
from braze_sandbox.settings import describe_settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    for name, default, meaning in describe_settings():
        shown = msgspec.json.encode(default).decode()

        assert f"| `{name}` | `{shown}` | {meaning} |" in README


def test_every_admin_route_stands_in_the_readme() -> None:
    table = README.partition("## Admin routes")[2]

    for route in [*steering_routes(), *user_routes(), *campaign_routes(), *export_routes()]:
        path = route.path.removeprefix("/_sandbox")
        shown = re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), path)
        assert shown in table, shown


def test_every_endpoint_stands_in_the_readme() -> None:
    for endpoint in ENDPOINTS:
        assert f"`{endpoint.method} {endpoint.path}`" in README
