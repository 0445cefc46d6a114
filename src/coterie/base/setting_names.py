"""What settings are called as environment variables."""

import difflib
from collections.abc import Iterable, Mapping

from coterie.base.errors import UserError

PREFIX = "COTERIE_"
TEST_PREFIX = "COTERIE_TEST_"


class UnknownSettingError(UserError):
    """A variable starts with COTERIE_ and names no setting."""

    code = "unknown_setting"

    def __init__(self, *, variable: str, near: str | None) -> None:
        hint = f" Did you mean {near}?" if near else ""
        super().__init__(
            f"There is no setting {variable}.{hint} Correct its name or unset it. "
            "docs/reference/settings.md lists all settings."
        )
        self.variable = variable


def variable_of(name: str) -> str:
    """Return the variable of the setting `name`."""
    return PREFIX + name.upper()


def refuse_unknown(env: Mapping[str, str], known: Iterable[str]) -> None:
    """Raise UnknownSettingError if a variable of ours is none of `known`."""
    names = sorted(known)
    for variable in sorted(env):
        if not variable.startswith(PREFIX) or variable.startswith(TEST_PREFIX):
            continue
        if variable not in names:
            near = difflib.get_close_matches(variable, names, n=1, cutoff=0.7)
            raise UnknownSettingError(variable=variable, near=near[0] if near else None)
