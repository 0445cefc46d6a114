"""Templates of bodies in Liquid, bounded in the work that they may do."""

import functools
import hashlib
from collections.abc import Callable, Mapping, Sized
from typing import Any

import msgspec
from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from coterie.base.errors import UserError

TEMPLATE_LIMIT = 20_000
OUTPUT_LIMIT = 1_000_000
LOOP_LIMIT = 10_000
# Characters and members that the filters of one rendering may read and make together.
WORK_LIMIT = 5_000_000
LARGEST_NUMBER = 10**30

# Others are left out: they take time out of proportion, or reach for templates of their own.
FILTERS = (
    "abs", "append", "at_least", "at_most", "base64_encode", "base64_url_safe_encode",
    "capitalize", "ceil", "compact", "date", "default", "divided_by", "downcase", "escape", "first",
    "floor", "join", "last", "lstrip", "map", "minus", "modulo", "newline_to_br", "plus",
    "prepend", "remove", "replace", "reverse", "round", "rstrip", "size", "slice", "sort", "split",
    "strip", "strip_newlines", "times", "truncate", "truncatewords", "upcase", "url_encode",
)  # fmt: skip
TAGS_LEFT_OUT = ("include", "render", "increment", "decrement", "tablerow")


class BadTemplateError(UserError):
    """A template is no Liquid, or asks for what templates may not do."""

    code = "bad_template"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"The template cannot be used: {reason}. Correct it.")


class TemplateFailedError(UserError):
    """A template failed with what it was given, or did too much."""

    code = "template_failed"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The template failed with this message: {reason}. Correct the template and replay."
        )


class _TooMuchWorkError(LiquidError):
    """A rendering read or made more than it may."""


class _Bounded(Environment):
    loop_iteration_limit = LOOP_LIMIT
    output_stream_limit = OUTPUT_LIMIT
    local_namespace_limit = OUTPUT_LIMIT


class Template:
    """A parsed template; renders one message at a time."""

    def __init__(self, text: str) -> None:
        """Raise BadTemplateError for what is no Liquid."""
        if len(text) > TEMPLATE_LIMIT:
            raise BadTemplateError(reason=f"it is longer than {TEMPLATE_LIMIT:,} characters")
        self._work = 0
        environment = _Bounded()
        known = dict(environment.filters)
        environment.filters.clear()
        for name in FILTERS:
            environment.filters[name] = self._bounded(name, known[name])
        environment.filters["json"] = self._bounded("json", _as_json)
        environment.filters["sha256"] = self._bounded("sha256", _sha256)
        for tag in TAGS_LEFT_OUT:
            environment.tags.pop(tag, None)
        try:
            self._parsed: BoundTemplate = environment.from_string(text)
        except (LiquidError, RecursionError) as error:
            raise BadTemplateError(reason=str(error)) from error

    def render(self, variables: Mapping[str, Any]) -> str:
        """Return the body for one message. Raises TemplateFailedError."""
        self._work = 0
        try:
            return self._parsed.render(dict(variables))
        except (LiquidError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise TemplateFailedError(reason=str(error) or type(error).__name__) from error

    def _bounded(self, name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(filter_)
        def bounded(value: Any, *args: Any, **kwargs: Any) -> Any:
            self._charge(value, *args)
            if name in ("replace", "join"):
                self._charge_product(value, *args)
            found = filter_(value, *args, **kwargs)
            self._charge(found)
            return found

        return bounded

    def _charge(self, *values: Any) -> None:
        for value in values:
            if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
                raise _TooMuchWorkError("a number grew too large", token=None)
            self._work += 1 + (len(value) if isinstance(value, Sized) else 0)
        if self._work > WORK_LIMIT:
            raise _TooMuchWorkError("it does too much", token=None)

    def _charge_product(self, value: Any, *args: Any) -> None:
        # Each of its characters or members may bring a whole argument along.
        many = len(value) + 1 if isinstance(value, Sized) else 1
        self._work += many * max((len(str(each)) for each in args), default=1)
        if self._work > WORK_LIMIT:
            raise _TooMuchWorkError("it does too much", token=None)


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def _sha256(value: Any) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


@functools.lru_cache(maxsize=64)
def read_template(text: str) -> Template:
    """Return the parsed form of a template. Raises BadTemplateError."""
    return Template(text)
