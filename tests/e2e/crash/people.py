"""Invents the customers of a shop: who they are, what they do, in an order of time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec

Identifier = tuple[str, str]

OPENING = datetime(2025, 1, 1, tzinfo=UTC)
STEP = timedelta(milliseconds=13_777)
CITIES = ("Oslo", "Rome", "Lima", "Pune")
BRANDS = ("acme", "bolt", "crux", "dune", "echo")
CHANNELS = ("web", "app", "store")
DISORDER = 200


class Person(msgspec.Struct, frozen=True):
    """Someone with the identifiers that belong to nobody else, strongest first."""

    number: int
    identifiers: tuple[Identifier, ...]

    @property
    def user_id(self) -> str | None:
        """The customer's own id of the person, which Braze knows, too."""
        field, value = self.identifiers[0]
        return value if field == "user_id" else None


class Act(msgspec.Struct, frozen=True):
    """Something a person did: the identifiers that are told, and the facts of it."""

    person: Person
    identifiers: tuple[Identifier, ...]
    facts: dict[str, Any]


class Story(msgspec.Struct, frozen=True):
    """All people, and what they did, oldest first."""

    people: list[Person]
    acts: list[Act]

    @property
    def mentions(self) -> list[Identifier]:
        """Every time that an act tells an identifier."""
        return [identifier for act in self.acts for identifier in act.identifiers]

    def event(self, index: int) -> dict[str, Any]:
        """Return what the shop sends of an act."""
        act = self.acts[index]
        told = {field: value for field, value in act.identifiers if field != "_uids"}
        cookies = [value for field, value in act.identifiers if field == "_uids"]
        at = self.at(index).isoformat()
        return {"message_id": f"act-{index}", "at": at, **told, "cookies": cookies, **act.facts}

    def at(self, index: int) -> datetime:
        """Return when an act happened; no two happened at once."""
        return OPENING + index * STEP

    def arrivals(self, chance: Random) -> list[dict[str, Any]]:
        """Return the events in an order of arrival that is a little out of order."""
        order = list(range(len(self.acts)))
        for at in range(0, len(order), DISORDER):
            some = order[at : at + DISORDER]
            chance.shuffle(some)
            order[at : at + DISORDER] = some
        return [self.event(index) for index in order]


def draw_story(chance: Random, *, people: int, acts: int) -> Story:
    """Return a story in which everyone's identifiers become known to belong together."""
    everyone = [_draw_person(chance, number) for number in range(people)]
    story = [act for person in everyone for act in _introductions(chance, person)]
    story += [_draw_act(chance, chance.choice(everyone)) for _ in range(acts - len(story))]
    chance.shuffle(story)
    families = list(_draw_families(chance, everyone))
    # A family's address belongs to whom it was seen with first, so this comes after everything.
    return Story(everyone, story + families)


def _draw_person(chance: Random, number: int) -> Person:
    cookies = [("_uids", f"cookie-{number}-{n}") for n in range(chance.randint(1, 2))]
    email = ("email", f"p{number}@example.com")
    user = ("user_id", f"user-{number}")
    kinds = {
        "customer": [user, email, *cookies],
        "subscriber": [email, *cookies],
        "visitor": cookies[:1],
        "walk-in": [user, email],
    }
    kind = chance.choices(list(kinds), weights=(5, 2, 2, 1))[0]
    return Person(number, tuple(kinds[kind]))


def _introductions(chance: Random, person: Person) -> Iterator[Act]:
    """Yield acts that tell two identifiers each and connect all."""
    known = list(person.identifiers)
    if len(known) == 1:
        yield _draw_act(chance, person)
    for index in range(1, len(known)):
        pair = (chance.choice(known[:index]), known[index])
        yield Act(person, pair, _draw_facts(chance))


def _draw_act(chance: Random, person: Person) -> Act:
    told = chance.sample(person.identifiers, k=1)
    return Act(person, tuple(told), _draw_facts(chance))


def _draw_families(chance: Random, everyone: list[Person]) -> Iterator[Act]:
    """Yield acts in which a customer uses the address of another one."""
    customers = [person for person in everyone if len(person.identifiers) > 1 and person.user_id]
    for _ in range(len(customers) // 20):
        person, owner = chance.sample(customers, k=2)
        told = (person.identifiers[0], owner.identifiers[1])
        yield Act(person, told, _draw_facts(chance))


def _draw_facts(chance: Random) -> dict[str, Any]:
    facts: dict[str, Any] = {"channel": chance.choice(CHANNELS)}
    if chance.random() < 0.6:
        facts["amount"] = chance.randrange(100, 20_000) / 100
        facts["brand"] = chance.choice(BRANDS)
    if chance.random() < 0.5:
        facts["city"] = chance.choice(CITIES)
    return facts
