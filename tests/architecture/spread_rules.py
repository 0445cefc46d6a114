"""What Citus cannot run, found in the tree of a statement.

From trials on a Citus cluster and its manual (docs.citusdata.com, "SQL Support and Workarounds"):
joins of distributed tables that are not on their distribution columns, row locks on several shards,
MERGE, a change of a distribution column, conflicts on keys without it, lateral subqueries with a
limit, and rows named by their place alone.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

import sqlglot
from sqlglot import exp

NAME = re.compile(r"^-- name: (\w+)", re.MULTILINE)
PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")
COPY = re.compile(r"\s*(?:--[^\n]*\n\s*)*COPY\b")
Scope = exp.Expr


def statements(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the SQL of each query of a file."""
    parts = NAME.split(text)[1:]
    for name, rest in zip(parts[::2], parts[1::2], strict=True):
        yield name, rest.partition("\n")[2]


def faults(sql: str, spread: Mapping[str, str]) -> list[str]:
    """Return what Citus would refuse; `spread` gives each distributed table's column."""
    if COPY.match(sql):
        return []  # Rows are sent to their shards one by one.
    plain = PARAMETER.sub(r"$\1", sql).replace("OVERRIDING SYSTEM VALUE", "")
    return [
        fault
        for tree in sqlglot.parse(plain, dialect="postgres")
        if tree is not None
        for fault in _Statement(tree, spread).faults()
    ]


class _Statement:
    def __init__(self, tree: exp.Expr, spread: Mapping[str, str]) -> None:
        self._tree = tree
        self._spread = spread
        # Each mention of a distributed table: its name by its alias and its scope.
        self._mentions: list[tuple[Scope, str, str]] = [
            (_scope(table), table.alias_or_name, table.name)
            for table in tree.find_all(exp.Table)
            if table.name in spread and not _is_target_of_insert(table)
        ]

    def faults(self) -> Iterator[str]:
        yield from self._joins()
        yield from self._laterals()
        yield from self._locks()
        yield from self._writes()

    def _joins(self) -> Iterator[str]:
        for one, other in combinations(self._mentions, 2):
            if not self._meet(one[0], other[0]):
                continue
            ends = {(one[1], self._spread[one[2]]), (other[1], self._spread[other[2]])}
            if len(ends) < 2 or not any(ends <= group for group in self._equal()):
                yield f"{one[2]} and {other[2]} are not joined on their distribution columns"

    def _laterals(self) -> Iterator[str]:
        """A limit for each row of something else would have to be counted over all shards."""
        for lateral in self._tree.find_all(exp.Lateral):
            outside = [each for each in self._mentions if _is_within(lateral, each[0])]
            inside = [each for each in self._mentions if _is_within(each[0], lateral)]
            for _, alias, name in inside:
                end = (alias, self._spread[name])
                ends = {(other, self._spread[table]) for _, other, table in outside}
                if not any(end in group and ends & group for group in self._equal()):
                    yield f"{name} is asked again for each row of something that lies elsewhere"

    def _meet(self, one: Scope, other: Scope) -> bool:
        """Say whether two scopes are one, or one asks about the rows of the other."""
        if one is other:
            return True
        inner, outer = (one, other) if _is_within(one, other) else (other, one)
        if not _is_within(inner, outer):
            return False
        names = {alias for scope, alias, _ in self._mentions if scope is outer}
        return any(column.table in names for column in inner.find_all(exp.Column))

    def _equal(self) -> list[set[tuple[str, str]]]:
        """Return groups of columns, as (alias, name), that are equal in every row."""
        groups: list[set[tuple[str, str]]] = []
        for equality in self._tree.find_all(exp.EQ):
            sides = (equality.left, equality.right)
            columns = {(side.table, side.name) for side in sides if isinstance(side, exp.Column)}
            touched = [group for group in groups if group & columns]
            groups = [group for group in groups if not group & columns]
            groups.append(columns.union(*touched))
        return groups

    def _locks(self) -> Iterator[str]:
        for lock in self._tree.find_all(exp.Lock):
            select = lock.find_ancestor(exp.Select)
            for scope, alias, name in self._mentions:
                if scope is select and not self._is_one_shard(scope, alias, name):
                    yield f"rows of {name} are locked on more than one shard"

    def _is_one_shard(self, scope: Scope, alias: str, name: str) -> bool:
        column = self._spread[name]
        for equality in scope.find_all(exp.EQ):
            left, right = equality.left, equality.right
            if isinstance(left, exp.Column) and (left.table or alias, left.name) == (alias, column):
                return not isinstance(right, exp.Column) and not right.find(exp.Any)
        return False

    def _writes(self) -> Iterator[str]:
        for merge in self._tree.find_all(exp.Merge):
            if merge.this.name in self._spread:
                yield f"MERGE into {merge.this.name}"
        for update in self._tree.find_all(exp.Update):
            column = self._spread.get(update.this.name)
            changed = {each.left.name for each in update.expressions if isinstance(each, exp.EQ)}
            if column in changed:
                yield f"{column} of {update.this.name} changes"
        for insert in self._tree.find_all(exp.Insert):
            yield from self._conflict(insert)
        for place in self._tree.find_all(exp.Column):
            if place.name == "ctid":
                yield from self._place(place)

    def _conflict(self, insert: exp.Insert) -> Iterator[str]:
        target = insert.this.this if isinstance(insert.this, exp.Schema) else insert.this
        conflict = insert.args.get("conflict")
        column = self._spread.get(target.name)
        if conflict is None or column is None:
            return
        keys = {each.name for each in conflict.args.get("conflict_keys") or []}
        if column not in keys:
            yield f"a conflict of {target.name} is not about its {column}"

    def _place(self, column: exp.Column) -> Iterator[str]:
        if not isinstance(column.parent, exp.EQ):
            return
        for _, alias, name in self._mentions:
            end = (alias, self._spread[name])
            if alias == column.table and not any(
                end in group and len(group) > 1 for group in self._equal()
            ):
                yield f"a row of {name} is named by its place, which each shard has"


def _scope(node: exp.Expr) -> Scope:
    found = node.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Insert, exp.Merge)
    return found if found is not None else node.root()


def _is_within(inner: Scope, outer: Scope) -> bool:
    node = inner.parent
    while node is not None:
        if node is outer:
            return True
        node = node.parent
    return False


def _is_target_of_insert(table: exp.Table) -> bool:
    parent = table.parent.parent if isinstance(table.parent, exp.Schema) else table.parent
    return isinstance(parent, exp.Insert)
