"""Personal values are hidden from who may not see them, and the rest stays readable."""

from typing import TYPE_CHECKING

import msgspec

from coterie.app.services import config_source
from coterie.control.definitions.audiences import get_audience
from coterie.control.definitions.schema_versions import current_schema
from coterie.flow.run.explain import Explainer
from coterie.flow.run.identities import IdentityExplainer
from coterie.flow.run.veil import Veil

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House

ADA = ("user_id", "u1")
PERSONAL = ("ada@example.org", "bob@example.org", "+4722222222")


def veil(house: "House", *known: tuple[str, str]) -> Veil:
    return Veil(current_schema(house.store, house.account.number), known)


def explainer(house: "House") -> IdentityExplainer:
    return IdentityExplainer(house.store, config_source(), house.key)


def say(found: object) -> str:
    return msgspec.json.encode(found).decode()


def two_people(house: "House") -> None:
    house.send(
        {"user_id": "u1", "email": "ada@example.org", "_uid": "c1"},
        {"user_id": "u1", "phone": "+4722222222"},
        {"user_id": "u2", "email": "ada@example.org"},
        {"user_id": "u2", "email": "bob@example.org"},
    )
    house.work()
    house.pin("pin_apart", ("email", "ada@example.org"), ("user_id", "u2"), reason="Ada called")
    house.work()


def test_a_graph_keeps_its_shape_without_personal_values(house: "House") -> None:
    two_people(house)
    graph = explainer(house).graph(house.account.number, ADA)
    assert graph is not None

    hidden = veil(house, ADA).graph(graph)

    text = say(hidden)
    assert all(value in say(graph) for value in ("ada@example.org", "Ada called"))
    assert not any(value in text for value in (*PERSONAL, "Ada called"))
    names = {(node.field, node.value) for node in hidden.nodes}
    own = {edge.a for edge in hidden.edges if edge.rule is None}
    assert own <= names
    assert len(names) == len(graph.nodes)


def test_why_two_are_one_person_is_told_without_what_joins_them(house: "House") -> None:
    two_people(house)
    one, other = ("user_id", "u1"), ("_uids", "c1")
    found = explainer(house).relation(house.account.number, one, other)
    apart = explainer(house).relation(house.account.number, one, ("user_id", "u2"))

    shown = say(veil(house, one, other).relation(found))
    kept_apart = say(veil(house, one, ("user_id", "u2")).relation(apart))

    assert found.verdict == "together"
    assert apart.verdict == "apart"
    assert not any(value in shown + kept_apart for value in PERSONAL)
    assert "two people" in kept_apart


def test_an_explanation_tells_answers_and_no_personal_values(house: "House") -> None:
    two_people(house)
    house.audience(
        "fans", 'FILTER AND (email CONTAINS "@", tolower(email) != "x", NOT EXISTS city)'
    )
    house.audience("did", 'FILTER last_of("*", email) != "x"')
    house.build()
    asked = Explainer(house.store, config_source())
    number = house.account.number

    for slug in ("fans", "did"):
        found = asked.explain(number, ADA, get_audience(house.store, number, slug), house.now)
        assert found is not None
        hidden = veil(house, ADA).explanation(found)

        assert "ada@example.org" in say(found)
        assert "ada@example.org" not in say(hidden)
        assert hidden.explained.answer is found.explained.answer is True
        assert 'is_redacted":true' in say(hidden)
