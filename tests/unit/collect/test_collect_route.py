"""Events of one person take one route, whatever else they say."""

import pytest

from coterie.flow.collect.route import route_of


def test_events_with_the_same_cookie_share_a_route() -> None:
    first = route_of({"_uid": "c1", "page": "/"})
    second = route_of({"_uid": "c1", "user_id": "u1", "amount": 3})

    assert first == second


def test_routes_of_many_people_are_spread_evenly() -> None:
    even = sum(route_of({"user_id": f"u{number}"}) % 2 == 0 for number in range(1_000))

    assert 400 < even < 600


@pytest.mark.parametrize("event", [{}, {"_uid": ""}, {"user_id": None}, {"page": "/"}])
def test_an_event_that_names_nobody_has_a_route_too(event: dict[str, object]) -> None:
    assert route_of(event) == 0


def test_an_identifier_of_any_kind_is_taken() -> None:
    assert route_of({"user_id": 7}) == route_of({"user_id": "7"})
    assert route_of({"user_id": "\ud800"}) > 0
