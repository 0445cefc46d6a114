"""Finding what runs, and most likely does not do what its author means."""

from collections.abc import Iterator

from coterie.lang.expr.errors import Problem, problem_at, suggest
from coterie.lang.expr.glob import like_matcher
from coterie.lang.expr.kinds import KEYED_KINDS, SchemaView
from coterie.lang.expr.render import quote_name, render
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import (
    Between,
    Compare,
    Exists,
    Group,
    Infix,
    Items,
    Name,
    Node,
    Not,
    Text,
    walk,
)


def find_unknown_fields(tree: Node, text: str, view: SchemaView) -> Iterator[Problem]:
    """Yield the fields that no profile can have yet; each name once."""
    told: set[str] = set()
    for node in walk(tree):
        if not isinstance(node, Name) or view.has(node):
            continue
        name = ".".join(node.path)
        if name not in told:
            told.add(name)
            yield _tell_unknown(node, text, view)


def find_broken_patterns(tree: Node, text: str) -> Iterator[Problem]:
    """Yield the LIKE patterns that fit nothing, because a `[` is never closed."""
    for node in walk(tree):
        if isinstance(node, Compare) and node.op == "like":
            patterns = node.right.items if isinstance(node.right, Items) else (node.right,)
            for pattern in patterns:
                if isinstance(pattern, Text) and like_matcher(pattern.value) is None:
                    yield problem_at(
                        text,
                        pattern.at,
                        "this pattern fits nothing: its [ is never closed",
                        length=token_length(text, pattern.at),
                        expected="a closing ], or \\[ for the sign itself",
                    )


def find_missing_traps(tree: Node, text: str) -> Iterator[Problem]:
    """Yield each NOT BETWEEN that leaves people without a value out, unless the text says so."""
    waiting: list[tuple[Node, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, guarded = waiting.pop()
        match node:
            case Not(arg=Between(value=Name() as name)) if render(name) not in guarded:
                shown = render(name)
                yield problem_at(
                    text,
                    node.at,
                    f"who has no {shown} does not fit this either",
                    length=token_length(text, node.at),
                    expected=f"EXISTS {shown} beside it, if that is meant",
                    suggestion=render(Group("or", (Not(Exists(name)), node))),
                )
            case Group(items=items) | Infix(items=items):
                asked = guarded | {_asked_for(item) for item in items}
                waiting.extend((item, asked) for item in reversed(items))
            case Not(arg=arg):
                waiting.append((arg, guarded))


def _asked_for(item: Node) -> str:
    """Return the field whose presence a condition asks for, or ""."""
    match item:
        case Exists(arg=Name() as name) | Not(arg=Exists(arg=Name() as name)):
            return render(name)
        case _:
            return ""


def _tell_unknown(name: Name, text: str, view: SchemaView) -> Problem:
    whole = ".".join(name.path)
    outer, inner = view.split(name)
    meant: str | None = None
    expected: str | None = None
    if inner and outer in view.kinds:
        message = f"the field {outer!r} is {view.kinds[outer]} and has no keys such as {inner!r}"
    else:
        message = f"no profile has a field {whole!r} yet"
        sign = next((sign for sign in "/-" if _is_calculation(whole, sign, view)), None)
        expected = None if sign is None else f"blanks around {sign}, if that is to calculate"
        meant = None if sign is not None else _find_near(whole, outer, inner, view)
    return problem_at(
        text,
        name.at,
        message,
        length=_path_length(text, name),
        expected=expected,
        suggestion=meant,
    )


def _find_near(whole: str, outer: str, inner: str, view: SchemaView) -> str | None:
    """Return a field, or a key of a map, that is called nearly so."""
    near = suggest(whole, view.kinds)
    if near is not None:
        return quote_name(near)
    maps = [field for field, kind in view.kinds.items() if kind in KEYED_KINDS]
    near = suggest(outer, maps) if inner else None
    return None if near is None else quote_name(f"{near}.{inner}")


def _is_calculation(whole: str, sign: str, view: SchemaView) -> bool:
    return sign in whole and all(part in view.kinds for part in whole.split(sign))


def _path_length(text: str, name: Name) -> int:
    """Return how long a name is in its text, also where its parts are quoted apart."""
    end = name.at + token_length(text, name.at, slashed_names=True)
    for _ in name.path[1:]:
        if text[end : end + 1] == ".":
            end += 1 + token_length(text, end + 1, slashed_names=True)
    return end - name.at
