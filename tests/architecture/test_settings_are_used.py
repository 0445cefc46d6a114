"""A setting that nothing reads would be a promise that nobody keeps."""

import re

from tests.architecture.conftest import Module

from coterie.base.settings import Settings

HOMES = tuple(
    f"src/coterie/base/{name}.py" for name in ("settings", "collect_settings", "outside_settings")
)


def test_every_setting_is_read_somewhere(product: list[Module]) -> None:
    read = {
        word
        for module in product
        if module.name not in HOMES
        for word in re.findall(r"settings\.(\w+)", module.text)
    }

    assert not set(Settings.__struct_fields__) - read
