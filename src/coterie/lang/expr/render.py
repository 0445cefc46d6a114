"""Writing a tree as text, in the one normal form."""

import re

from coterie.lang.expr.tree import (
    MEMBERSHIPS,
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

_PLAIN_NAME = re.compile(r"[^\W\d]\w*(?:[.\-@]\w+)*")
RESERVED = frozenset(
    """alias and as between by contains else exists false filter from if in include intersects into
    kind like limit longdesc match_all mergeop nil not null or select shortdesc true where with
    """.split()  # noqa: SIM905 - a list of quoted words would hide them
)
# How tightly each sort of node binds; a looser one inside a tighter one needs parentheses.
_OR, _AND, _COMPARISON, _SUM, _PRODUCT, _UNARY, _ATOM = range(7)


def render(node: Node) -> str:
    """Return the normal text of a tree; parsing it again gives the same tree."""
    return _render(node, _OR)


def quote_text(value: str) -> str:
    """Return a text as a literal in double quotes."""
    # A backslash doubles only where it would otherwise be read as an escape.
    escaped = re.sub(r'\\(?=[\\"]|\Z)', r"\\\\", value).replace('"', '\\"')
    return f'"{escaped}"'


def quote_name(name: str) -> str:
    """Return a name, in back-ticks where it would not be read as a name otherwise."""
    plain = _PLAIN_NAME.fullmatch(name) is not None and name.lower() not in RESERVED
    return name if plain else _tick(name)


def _tick(name: str) -> str:
    if "`" not in name:
        return f"`{name}`"
    escaped = re.sub(r"\\(?=[\\']|\Z)", r"\\\\", name).replace("'", "\\'")
    return f"'{escaped}'"


def _render(node: Node, around: int) -> str:
    text, tightness = _write(node)
    return text if tightness >= around else f"({text})"


def _write(node: Node) -> tuple[str, int]:
    match node:
        case Infix(op=op, items=items):
            own = _OR if op == "or" else _AND
            return f" {op.upper()} ".join(_render(item, own + 1) for item in items), own
        case Compare(op=op, left=left, right=right):
            return _write_comparison(op, left, right, "")
        case Not(arg=Compare(op=op, left=left, right=right)) if op.isalpha():
            return _write_comparison(op, left, right, "NOT ")
        case Between():
            return _write_between(node, ""), _COMPARISON
        case Not(arg=Between() as inner):
            return _write_between(inner, "NOT "), _COMPARISON
        case Not(arg=arg):
            return _write_not(arg), _COMPARISON
        case Arithmetic(op=op, left=left, right=right):
            own = _SUM if op in "+-" else _PRODUCT
            return f"{_render(left, own)} {op} {_render(right, own + 1)}", own
        case Minus(arg=arg):
            return f"-({_render(arg, _OR)})", _UNARY
        case Number(value=number):
            return repr(number), _ATOM if number >= 0 else _UNARY
        case _:
            return _write_atom(node), _ATOM


def _write_comparison(op: str, left: Node, right: Node, negation: str) -> tuple[str, int]:
    sign = op.upper() if op.isalpha() else op
    if isinstance(right, Items) and op in MEMBERSHIPS:
        other = f"({_list(right.items)})"
    else:
        other = _render(right, _SUM)
        if op.isalpha() and other.startswith("("):
            other = f"({other})"  # after such a word, one parenthesis begins a list
    return f"{_render(left, _SUM)} {negation}{sign} {other}", _COMPARISON


def _write_between(node: Between, negation: str) -> str:
    low, high = _render(node.low, _SUM), _render(node.high, _SUM)
    return f"{_render(node.value, _SUM)} {negation}BETWEEN {low} AND {high}"


def _write_not(arg: Node) -> str:
    if isinstance(arg, Group | Include | Exists | Call | Asked | Name | Truth):
        return f"NOT {_render(arg, _ATOM)}"
    return f"NOT ({_render(arg, _OR)})"


def _write_atom(node: Node) -> str:
    match node:
        case Text(value=text):
            return quote_text(text)
        case Truth() | Null() | Everything():
            return _write_word(node)
        case Name(path=path):
            return quote_name(path[0]) if len(path) == 1 else ".".join(map(_tick, path))
        case Items(items=items):
            return f"[{_list(items)}]"
        case Call():
            return _write_call(node)
        case Asked(written=written):
            return _write_atom(written)
        case Exists(arg=arg):
            return f"EXISTS {_render(arg, _ATOM)}"
        case Group(op=op, items=items):
            # An infix in such a list is put in parentheses, lest `OR (` begin a list of its own.
            inner = ", ".join(_render(item, _COMPARISON) for item in items)
            return f"{op.upper()} ({inner})"
        case Include(name=name):
            return f"INCLUDE {quote_name(name)}"
        case _:
            raise AssertionError(node)


def _write_call(node: Call) -> str:
    cases, otherwise = node.cases
    match node.name:
        case "if" if len(cases) == 1 and otherwise is not None:
            condition, value = (_render(part, _OR) for part in cases[0])
            return f"({value} IF {condition} ELSE {_render(otherwise, _OR)})"
        case "ifcase":
            told = [f"{_render(value, _OR)} IF {_render(test, _OR)}" for test, value in cases]
            told += [] if otherwise is None else [_render(otherwise, _OR)]
            return f"ifcase({', '.join(told)})"
        case name:
            return f"{name}({_list(node.args)})"


def _write_word(node: Truth | Null | Everything) -> str:
    match node:
        case Truth(value=truth):
            return "true" if truth else "false"
        case Null():
            return "NULL"
        case _:
            return "*"


def _list(items: tuple[Node, ...]) -> str:
    return ", ".join(_render(item, _OR) for item in items)
