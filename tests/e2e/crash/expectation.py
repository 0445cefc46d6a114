"""Works out by hand, without the product, what must come of a story."""

from collections import Counter
from typing import Any

import msgspec
from tests.e2e.crash.people import Identifier, Person, Story


class Expected(msgspec.Struct):
    """What is known of a person in the end; money in cents."""

    identifiers: tuple[Identifier, ...]
    acts: int = 0
    orders: int = 0
    cents: int = 0
    largest: int | None = None
    city: str | None = None
    first_order: str | None = None
    brands: set[str] = msgspec.field(default_factory=set)
    channels: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences of `tests.e2e.crash.shop`, in plain words."""
        is_customer = any(field == "user_id" for field, _ in self.identifiers)
        rules = {
            "big_spenders": self.cents >= 300_00,
            "one_time_buyers": self.orders == 1,
            "in_oslo": self.city == "Oslo",
            "early_birds": self.first_order is not None and self.first_order < "2025-01-01T08",
            "known_regulars": is_customer and self.orders >= 2 and self.city != "Oslo",
        }
        return frozenset(slug for slug, holds in rules.items() if holds)


def expect(story: Story) -> dict[tuple[Identifier, ...], Expected]:
    """Return what must be known of everyone, by their identifiers in order."""
    found = {person.number: _nothing(person) for person in story.people}
    for index, act in enumerate(story.acts):
        known = found[act.person.number]
        known.acts += 1
        known.channels[act.facts["channel"]] += 1
        known.city = act.facts.get("city", known.city)
        if "amount" in act.facts:
            _order(known, act.facts, story.at(index).isoformat())
    return {known.identifiers: known for known in found.values()}


def _nothing(person: Person) -> Expected:
    return Expected(tuple(sorted(person.identifiers)))


def _order(known: Expected, facts: dict[str, Any], at: str) -> None:
    cents = round(facts["amount"] * 100)
    known.orders += 1
    known.cents += cents
    known.largest = max(cents, known.largest or 0)
    known.first_order = min(at, known.first_order or at)
    known.brands.add(facts["brand"])
