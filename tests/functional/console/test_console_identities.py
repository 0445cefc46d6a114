"""The identity graph on a page, and decisions about it."""

import re
from collections.abc import Callable
from datetime import timedelta

from tests.functional.console.conftest import ACCOUNT, NOW, DataPlane, Visitor, sample_profile

from coterie.console.dependencies import ConsoleDependencies
from coterie.console.graphs import MOST_DRAWN, draw
from coterie.control.definitions.decisions import list_decisions
from coterie.model.identities import GraphEdge, GraphNode, IdentityGraph, Relation

HOSTILE = "<img src=x onerror=alert(1)>"
PAGE = "/profiles/identity"
ASKED = {"field": "user_id", "value": "u1"}


def node(field: str, value: str, *flags: str) -> GraphNode:
    return GraphNode(
        field=field,
        value=value,
        rank=0,
        is_unique=False,
        first_seen=NOW - timedelta(days=1),
        last_seen=NOW,
        streams=("default",),
        flags=tuple(flags),  # type: ignore[arg-type]
    )


def edge(one: tuple[str, str], other: tuple[str, str], *, refused: bool = False) -> GraphEdge:
    return GraphEdge(
        a=one,
        b=other,
        first_seen=NOW,
        last_seen=NOW,
        count=1,
        stream="default",
        rule="unique" if refused else None,
        witness=(("user_id", "u1"), ("user_id", "u2")) if refused else (),
        said="Joining them would be wrong." if refused else "An event named both.",
    )


def graph(*nodes: GraphNode, edges: tuple[GraphEdge, ...] = ()) -> IdentityGraph:
    return IdentityGraph(
        profile_id="0" * 32,
        is_unsettled=False,
        is_cut=False,
        nodes=nodes,
        edges=edges,
        decisions=(),
    )


def sample() -> IdentityGraph:
    user, mail = ("user_id", "u1"), ("email", HOSTILE)
    return graph(
        node(*user),
        node(*mail, "hub"),
        edges=(edge(user, mail), edge(("user_id", "u2"), mail, refused=True)),
    )


def test_the_graph_is_drawn_and_listed_and_escaped(admin: Visitor, data_plane: DataPlane) -> None:
    data_plane.graphs["user_id", "u1"] = sample()

    page = admin.send(PAGE, page="/profiles", **ASKED).text

    assert len(re.findall(r'<g class="dot', page)) == 3
    assert len(re.findall(r'<line class="refused"', page)) == 1
    assert "Joining them would be wrong." in page
    assert "user_id=u2" in page
    assert HOSTILE not in page


def test_a_decision_is_made_on_the_page_and_taken_back(
    admin: Visitor, data_plane: DataPlane, deps: ConsoleDependencies
) -> None:
    data_plane.graphs["user_id", "u1"] = sample()
    decision = {"kind": "apart", "one": "user_id=u1", "other": "email=E@x.org", "reason": "Family"}

    made = admin.send(f"{PAGE}/decide", page="/profiles", **ASKED, **decision)
    [found] = list_decisions(deps.store, ACCOUNT)
    listed = admin.open("/identities").text
    undone = admin.send(
        "/identities/undo", page="/identities", decision=str(found.id), reason="Wrong"
    )

    assert "follow within moments" in made.text
    assert (found.kind, found.b) == ("pin_apart", ("user_id", "u1"))
    assert found.decided_by.startswith("person:")
    assert f"Take back decision {found.id}" in listed
    assert "is taken back" in admin.follow(undone).text
    assert list_decisions(deps.store, ACCOUNT) == []


def test_why_two_identifiers_are_two_people_is_told_on_the_page(
    admin: Visitor, make_visitor: Callable[[str], Visitor], data_plane: DataPlane
) -> None:
    user, other = ("user_id", "u1"), ("email", "b@x.org")
    data_plane.graphs[user] = sample()
    refused = edge(user, ("_uids", "c-secret"), refused=True)
    data_plane.relations[user, other] = Relation(
        verdict="apart", said="user_id=u1 and email=b@x.org are two people.", refused=(refused,)
    )

    shown = admin.send(f"{PAGE}/compare", page="/profiles", **ASKED, compared="email=b@x.org").text
    observer = make_visitor("observer@example.org")
    veiled = observer.send(
        f"{PAGE}/compare", page="/profiles", **ASKED, compared="email=b@x.org"
    ).text
    wrong = admin.send(f"{PAGE}/compare", page="/profiles", **ASKED, compared="b@x.org")

    assert "user_id=u1 and email=b@x.org are two people." in shown
    assert "_uids=c-secret" in shown
    assert "c-secret" not in veiled
    assert (wrong.status_code, "Write each identifier as field=value" in wrong.text) == (400, True)


def test_what_cannot_be_decided_is_told_beside_the_graph(
    admin: Visitor, data_plane: DataPlane, deps: ConsoleDependencies
) -> None:
    data_plane.graphs["user_id", "u1"] = sample()

    for wrong in (
        {"kind": "apart", "one": "u1", "other": "email=e", "reason": "x"},
        {"kind": "block", "one": "email=e@x.org", "reason": ""},
        {"kind": "", "one": "email=e@x.org", "reason": "x"},
    ):
        answer = admin.send(f"{PAGE}/decide", page="/profiles", **ASKED, **wrong)

        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
    assert list_decisions(deps.store, ACCOUNT, with_undone=True) == []


def test_an_observer_sees_the_graph_without_the_form(
    make_visitor: Callable[[str], Visitor], data_plane: DataPlane
) -> None:
    data_plane.graphs["user_id", "u1"] = sample()

    page = make_visitor("observer@example.org").send(PAGE, page="/profiles", **ASKED)

    assert page.status_code == 200
    assert "/profiles/identity/decide" not in page.text


def test_a_large_graph_is_drawn_in_part_and_says_how_much_is_left_out() -> None:
    many = graph(*(node("_uids", f"c{number}") for number in range(100)))

    picture = draw(many)

    assert len(picture.dots) == MOST_DRAWN
    assert picture.left_out == 100 - MOST_DRAWN
    assert len({(dot.x, dot.y) for dot in picture.dots}) == MOST_DRAWN


def test_who_may_only_look_sees_no_personal_values(
    make_visitor: Callable[[str], Visitor], data_plane: DataPlane
) -> None:
    data_plane.profiles["email", "ada@example.org"] = sample_profile()
    visitor = make_visitor("observer@example.org")

    page = visitor.send("/profiles", field="email", value="ada@example.org").text
    kept = page.split("<h2>Fields</h2>", 1)[1].replace('value="ada@example.org"', "")

    assert "personal, not shown to your role" in kept
    assert "ada@example.org" not in kept
    assert "1,204" in kept
