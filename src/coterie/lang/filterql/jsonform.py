"""The JSON form of a condition, both ways.

`{"op": "and", "args": [{"op": ">", "args": [{"ident": "x"}, {"val": 5}]}, {"seg": "slug"}]}`: an
operator with its arguments, a field, a value, another audience. Beyond what Lytics publishes,
`val` may be a number, true, false or null; a list is `{"args": […]}`; a call is
`{"op": "expr", "args": [{"ident": function}, …]}`; `&&` and `||` are AND and OR written between
conditions; a path whose parts were quoted apart is a list in `ident`.
"""

from collections.abc import Callable, Mapping, Sequence

from coterie.base.errors import UserError
from coterie.lang.expr.errors import suggest
from coterie.lang.expr.limits import MAX_DEPTH
from coterie.lang.expr.parser import group, parse_expression
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import (
    COMPARISONS,
    Arithmetic,
    Asked,
    Between,
    Call,
    Compare,
    Everything,
    Exists,
    Group,
    Include,
    Infix,
    Items,
    Minus,
    Name,
    Node,
    Not,
    Null,
    Number,
    Text,
    Truth,
)

# Lytics writes all values as text, and reads these two as what they say.
_TRUTHS = {"true": True, "false": False}
_INFIXES = {"and": "&&", "or": "||"}
_UNARY = {Not: "not", Exists: "exists", Minus: "-"}


class JsonFormError(UserError):
    """A JSON form that says no condition; the message names the place in it."""

    code = "invalid_filter_json"

    def __init__(self, *, problem: str, place: str, near: str | None = None) -> None:
        hint = f" Did you mean {near!r}?" if near else ""
        super().__init__(f"At {place}: {problem}.{hint}")


def write_json_form(node: Node) -> dict[str, object]:
    """Return a condition in JSON form; `read_json_form` gives an equal tree back."""
    match node:
        case Group(op=op, items=items):
            return _operation(op, *items)
        case Infix(op=op, items=items):
            return _operation(_INFIXES[op], *items)
        case Not() | Exists() | Minus():
            return _operation(_UNARY[node.__class__], node.arg)
        case Compare(op=op, left=left, right=right):
            return _operation("=" if op == "==" else op, left, right)
        case Arithmetic(op=op, left=left, right=right):
            return _operation(op, left, right)
        case Between(value=value, low=low, high=high):
            return _operation("between", value, low, high)
        case Call(name=name, args=args):
            written = [write_json_form(arg) for arg in args]
            return {"op": "expr", "args": [{"ident": name}, *written]}
        case Asked(written=written):
            return write_json_form(written)
        case Items(items=items):
            return {"args": [write_json_form(item) for item in items]}
        case _:
            return _write_leaf(node)


def read_json_form(form: object) -> Node:
    """Return the condition that a JSON form says. Raises JsonFormError.

    Whether its functions and fields exist is for those to say who read its text.
    """
    return _Reader().read(form, "$", 0)


def json_form_text(form: object) -> str:
    """Return the text of the filter that a JSON form says. Raises JsonFormError."""
    return f"FILTER {render(read_json_form(form))}"


def _operation(op: str, *args: Node) -> dict[str, object]:
    return {"op": op, "args": [write_json_form(arg) for arg in args]}


def _write_leaf(node: Node) -> dict[str, object]:
    match node:
        case Everything():
            return {"op": "*"}
        case Include(name=name):
            return {"seg": name}
        case Name(path=path):
            return {"ident": path[0] if _is_plain(path) else list(path)}
        case Text(value=value) if value in _TRUTHS:
            return {"val": value, "kind": "string"}
        case Text(value=value) | Number(value=value) | Truth(value=value):
            return {"val": value}
        case Null():
            return {"val": None}
        case Asked(written=written):
            return write_json_form(written)
        case _:
            return {"text": render(node)}


def _is_plain(path: tuple[str, ...]) -> bool:
    return len(path) == 1 and "`" not in path[0]


class _Reader:
    """Reads a JSON form; a place is named as JSONPath does: `$.args[0]`."""

    def read(self, form: object, place: str, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise JsonFormError(
                problem=f"this is nested more than {MAX_DEPTH} levels deep", place=place
            )
        if not isinstance(form, Mapping):
            raise JsonFormError(problem="a JSON object belongs here", place=place)
        if "op" in form:
            return self._read_operation(form, place, depth)
        if "ident" in form:
            return self._read_name(form["ident"], place)
        if "val" in form:
            return self._read_value(form, place)
        if "seg" in form:
            return Include(self._text(form["seg"], f"{place}.seg"))
        if "args" in form:
            return Items(tuple(self._read_args(form, place, depth)))
        if "text" in form:
            text = self._text(form["text"], f"{place}.text")
            return parse_expression(text, names_in_single_quotes=True)
        raise JsonFormError(problem="this has none of op, ident, val, seg and args", place=place)

    def _read_operation(self, form: Mapping[str, object], place: str, depth: int) -> Node:
        op = self._text(form["op"], f"{place}.op").lower()
        if op == "include":
            return self._read_include(form, place)
        if op == "expr":
            return self._read_call(form, place, depth)
        args = self._read_args(form, place, depth)
        if op == "*" and not args:
            return Everything()
        if op == "-" and len(args) == 1:
            return Minus(args[0])
        build = _OPERATIONS.get(op)
        if build is None:
            near = suggest(op, (*_OPERATIONS, "include", "expr"))
            raise JsonFormError(
                problem=f"there is no operator {op!r}", place=f"{place}.op", near=near
            )
        least, most, make = build
        if not least <= len(args) <= (most or len(args)):
            problem = f"{op!r} takes {_count(least, most)}, not {len(args)}"
            raise JsonFormError(problem=problem, place=f"{place}.args")
        return make(args)

    def _read_args(self, form: Mapping[str, object], place: str, depth: int) -> list[Node]:
        args = form.get("args", [])
        if not isinstance(args, Sequence) or isinstance(args, str):
            raise JsonFormError(problem="a list belongs here", place=f"{place}.args")
        return [self.read(arg, f"{place}.args[{n}]", depth + 1) for n, arg in enumerate(args)]

    def _read_include(self, form: Mapping[str, object], place: str) -> Node:
        match form.get("args"):
            case [{"ident": str(name)} | {"seg": str(name)} | {"val": str(name)}]:
                return Include(name)
            case _:
                problem = '\'include\' takes the name of one audience, such as {"seg": "vip"}'
                raise JsonFormError(problem=problem, place=f"{place}.args")

    def _read_call(self, form: Mapping[str, object], place: str, depth: int) -> Node:
        match form.get("args"):
            case [{"ident": str(name)}, *args]:
                named = self._read_args({"args": args}, place, depth)
                return Call(name.lower(), tuple(named))
            case _:
                problem = '\'expr\' takes the name of a function first, such as {"ident": "len"}'
                raise JsonFormError(problem=problem, place=f"{place}.args")

    def _read_name(self, name: object, place: str) -> Name:
        where = f"{place}.ident"
        if not isinstance(name, list):
            return self._read_plain_name(self._text(name, where), where)
        path = tuple(self._text(part, f"{where}[{n}]") for n, part in enumerate(name))
        if not path:
            raise JsonFormError(problem="a path needs a part", place=where)
        return Name(path)

    def _read_plain_name(self, name: str, where: str) -> Name:
        if "`" not in name:
            return Name((name,))
        found = parse_expression(name, names_in_single_quotes=True)
        if not isinstance(found, Name):
            raise JsonFormError(problem=f"{name!r} is no field", place=where)
        return Name(found.path)

    def _read_value(self, form: Mapping[str, object], place: str) -> Node:
        match form["val"]:
            case None:
                return Null()
            case bool(truth):
                return Truth(truth)
            case int(number) | float(number):
                return Number(number)
            case str(text) if text in _TRUTHS and form.get("kind") != "string":
                return Truth(_TRUTHS[text])
            case str(text):
                return Text(text)
            case _:
                raise JsonFormError(
                    problem="a text, a number, true, false or null belongs here",
                    place=f"{place}.val",
                )

    def _text(self, found: object, place: str) -> str:
        if not isinstance(found, str):
            raise JsonFormError(problem="a text belongs here", place=place)
        return found


def _count(least: int, most: int | None) -> str:
    noun = "argument" if least == 1 else "arguments"
    return f"{least} {noun}" if most else f"at least {least} {noun}"


_Build = tuple[int, int | None, Callable[[list[Node]], Node]]


def _compare(op: str) -> _Build:
    return (2, 2, lambda args: Compare(op, args[0], args[1]))


def _calculate(op: str) -> _Build:
    return (2, 2, lambda args: Arithmetic(op, args[0], args[1]))


# How many arguments an operator takes, at least and at most, and what it makes of them.
_OPERATIONS: dict[str, _Build] = {
    **{op: _compare(op) for op in COMPARISONS},
    "=": _compare("=="),
    **{op: _calculate(op) for op in "+-*/%"},
    "and": (1, None, lambda args: group("and", args)),
    "or": (1, None, lambda args: group("or", args)),
    "&&": (2, None, lambda args: Infix("and", tuple(args))),
    "||": (2, None, lambda args: Infix("or", tuple(args))),
    "not": (1, 1, lambda args: Not(args[0])),
    "exists": (1, 1, lambda args: Exists(args[0])),
    "between": (3, 3, lambda args: Between(args[0], args[1], args[2])),
}
