"""What a person is told when a query or a mapping is wrong."""

from coterie.lang.expr.errors import LangError


class LqlError(LangError):
    """A query or a mapping that cannot be used; see `LangError` for where and why."""

    code = "invalid_mapping"
