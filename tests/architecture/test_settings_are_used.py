"""A setting that nothing reads would be a promise that nobody keeps."""

import re

from tests.architecture.conftest import Module

from coterie.base.settings import Settings

HOME = "src/coterie/base/settings.py"


def test_every_setting_is_read_somewhere(product: list[Module]) -> None:
    read = {
        word
        for module in product
        if module.name != HOME
        for word in re.findall(r"settings\.(\w+)", module.text)
    }

    assert not set(Settings.__struct_fields__) - read
