"""Reading the parameters of a URL."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from coterie.base.errors import UserError

YES = frozenset({"", "1", "t", "true", "y", "yes", "on"})
NO = frozenset({"0", "f", "false", "n", "no", "off"})
SHOWN = 60


class BadParameterError(UserError):
    """A parameter of the URL cannot be understood."""

    code = "bad_parameter"

    def __init__(self, *, name: str, value: str, must: str = "be true or false") -> None:
        super().__init__(f"The parameter {name} must {must}, and not {value[:SHOWN]!r}.")


def read_query(query: bytes) -> dict[str, str]:
    """Return the parameters of a query string; of one that is named twice, the last."""
    if not query:
        return {}
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


def read_flag(parameters: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """Return a yes-or-no parameter, `default` if it is not given. Raises BadParameterError."""
    value = parameters.get(name)
    if value is None:
        return default
    if value.lower() in NO:
        return False
    if value.lower() in YES:
        return True
    raise BadParameterError(name=name, value=value)
