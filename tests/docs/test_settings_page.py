"""docs/reference/settings.md says what the code reads."""

from collections.abc import Callable

from coterie.base.settings import settings_table

INTRODUCTION = """\
# Settings

Every setting is an environment variable. An empty one counts as unset; a name that starts with
`COTERIE_` and is not in this table is refused when a process starts. Names that start with
`COTERIE_TEST_` belong to the test suite.

This page is made from the code: see [contributing](../../CONTRIBUTING.md#golden-files).

| Variable | Default | Meaning |
| --- | --- | --- |
"""


def test_the_page_lists_every_setting_with_its_default(compare: Callable[[str, str], None]) -> None:
    rows = [
        f"| `{variable}` | {default if default == 'not set' else f'`{default}`'} | {meaning} |\n"
        for variable, default, meaning in settings_table()
    ]

    compare("docs/reference/settings.md", INTRODUCTION + "".join(rows))
