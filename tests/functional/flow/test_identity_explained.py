"""Why identifiers are one person or not can be asked, and is answered with the rule."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from coterie.app.services import config_source
from coterie.flow.run.identities import IdentityExplainer
from coterie.flow.run.names import IDENTITY_PURPOSE
from coterie.model.identities import IdentityGraph, Relation

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House

    from coterie.model.mapped import Identifier

U1, U2, COOKIE, MAIL = ("user_id", "u1"), ("user_id", "u2"), ("_uids", "c1"), ("email", "e@x.org")


def explainer(house: "House") -> IdentityExplainer:
    return IdentityExplainer(house.store, config_source(), house.ring.hash_key(IDENTITY_PURPOSE))


def graph(house: "House", identifier: "Identifier") -> IdentityGraph:
    found = explainer(house).graph(house.account.number, identifier)
    assert found is not None
    return found


def why(house: "House", one: "Identifier", other: "Identifier") -> Relation:
    return explainer(house).relation(house.account.number, one, other)


def test_the_graph_shows_identifiers_edges_and_conflicts_with_their_witness(
    house: "House",
) -> None:
    house.send({"user_id": "u1", "email": "e@x.org"}, {"user_id": "u1", "_uid": "c1"})
    house.now += timedelta(minutes=1)
    house.send({"user_id": "u2", "_uid": "c1"})
    house.work()

    found = graph(house, ("email", " E@X.org"))

    assert [(node.field, node.value, node.rank) for node in found.nodes] == [
        ("user_id", "u1", 0),
        ("email", "e@x.org", 2),
        ("_uids", "c1", 5),
    ]
    assert {node.streams for node in found.nodes} == {("default",)}
    assert [(edge.a, edge.b, edge.rule, edge.witness) for edge in found.edges] == [
        (U1, MAIL, None, ()),
        (U1, COOKIE, None, ()),
        (U2, COOKIE, "unique", (U1, U2)),
    ]
    assert "user_id is unique" in found.edges[2].said


def test_the_steps_between_two_identifiers_of_one_person_are_told(house: "House") -> None:
    house.send({"user_id": "u1", "email": "e@x.org"}, {"email": "e@x.org", "_uid": "c1"})
    house.send({"email": "e@x.org", "_uid": "c1"})
    house.work()

    found = why(house, U1, COOKIE)

    assert found.verdict == "together"
    assert [(step.a, step.b, step.by) for step in found.path] == [
        (U1, MAIL, "edge"),
        (MAIL, COOKIE, "edge"),
    ]
    assert found.path[1].said.startswith("2 events named both")


def test_a_pin_is_a_step_and_a_reason(house: "House") -> None:
    house.send({"user_id": "u1"}, {"user_id": "u2"}, {"email": "e@x.org", "_uid": "c1"})
    house.pin("pin_together", U1, U2, reason="Two accounts of one customer")
    house.pin("pin_apart", MAIL, COOKIE, reason="A shared computer")
    house.work()

    one, two = why(house, U1, U2), why(house, MAIL, COOKIE)

    assert [step.by for step in one.path] == ["pin_together"]
    assert (two.verdict, [edge.rule for edge in two.refused]) == ("apart", ["apart"])
    assert [item.reason for item in two.decisions] == ["A shared computer"]
    assert why(house, U1, MAIL).decisions == ()


@pytest.mark.parametrize("blocks", [False, True])
def test_two_people_of_a_shared_device_are_told_that_it_joins_nobody(
    house: "House", blocks: bool
) -> None:
    house.send(*({"email": f"e{n}@x.org", "_uid": "c1"} for n in range(3 if blocks else 11)))
    if blocks:
        house.pin("block_value", COOKIE)
    house.work()

    found = why(house, ("email", "e0@x.org"), ("email", "e1@x.org"))

    assert found.verdict == "apart"
    assert {(edge.rule, edge.b) for edge in found.refused} == {
        ("blocked" if blocks else "hub", COOKIE)
    }
    assert "joins nobody" in found.said
    assert graph(house, COOKIE).nodes[0].flags == (("blocked" if blocks else "hub"),)


def test_a_passenger_is_shown_with_what_carries_it(house: "House") -> None:
    house.send({"user_id": "u1", "_uid": [f"d{n}" for n in range(600)]})
    house.work()
    house.send({"user_id": "u1", "_uid": "late"})
    house.work()

    shown, found = graph(house, ("_uids", "late")), why(house, U1, ("_uids", "late"))

    assert shown.nodes[-1].carrier == U1
    assert shown.nodes[-1].flags == ("passenger",)
    assert [step.by for step in found.path] == ["passenger"]


def test_strangers_and_the_unknown_are_told_apart(house: "House") -> None:
    house.send({"user_id": "u1"}, {"user_id": "u2"})
    house.work()

    assert why(house, U1, U2).said.endswith("No event names an identifier of each.")
    assert why(house, U1, MAIL).verdict == "unknown"
    assert why(house, U1, ("city", "Oslo")).said == "No field 'city' identifies people."
    assert why(house, U1, ("email", "\ud800")).verdict == "unknown"
    assert explainer(house).graph(house.account.number, MAIL) is None
