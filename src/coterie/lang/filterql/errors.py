"""What a person is told when a filter is wrong."""

from coterie.lang.expr.errors import LangError


class FilterError(LangError):
    """A filter that cannot be used; see `LangError` for where and why."""

    code = "invalid_filter"
