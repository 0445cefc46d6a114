"""Counting how many conditions a filter asks with all it includes."""

from collections.abc import Mapping

from coterie.lang.expr.limits import MAX_UNFOLDED
from coterie.lang.expr.tree import Asked, Between, Call, Compare, Exists, Include, Node, walk


class Unfolded:
    """Counts over filters of which each has a known `height`: 1 without includes.

    A count beyond `MAX_UNFOLDED` is that and one more.
    """

    def __init__(self, trees: Mapping[str, Node], heights: Mapping[str, int]) -> None:
        self._sizes: dict[str, int] = {}
        for name in sorted(trees, key=lambda name: heights[name]):
            self._sizes[name] = self.count(trees[name])

    def is_small(self, name: str) -> bool:
        """Say whether a filter can be asked within bounds."""
        return self._sizes[name] <= MAX_UNFOLDED

    def count(self, tree: Node) -> int:
        """Return how many conditions a tree asks; what it includes and is not counted asks none."""
        total = 0
        for node in walk(tree):
            match node:
                case Include(name=name):
                    total += 1 + self._sizes.get(name, 0)
                case Compare() | Between() | Exists() | Call() | Asked():
                    total += 1
        return min(total, MAX_UNFOLDED + 1)
