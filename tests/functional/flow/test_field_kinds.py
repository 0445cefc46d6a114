"""Fields of every kind: mapped from events, merged, stored, shown, and asked by audiences."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from coterie.control.definitions.schema import publish_lql
from coterie.model.control import Actor
from coterie.model.schema import Schema

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House

SPECIAL = """
SELECT
    user_id,
    timebucket(now())  AS visits,
    totimeset(days)    AS days,
    place              AS home      KIND geolocation,
    page               AS pages     KIND ts[]string,
    anything           AS anything  KIND dynamic,
    set(lists)         AS lists     KIND []string MERGEOP latest,
    count(page)        AS page_views,
    max(price)         AS dearest,
    "big" IF price >= 100 ELSE "small" AS size IF exists(price),
    phone.e164(tel, country) AS mobile
FROM shop INTO user BY user_id ALIAS shop
"""


def publish(house: "House", text: str = SPECIAL) -> Schema:
    return publish_lql(
        house.store,
        account=house.account.number,
        text=text,
        actor=Actor(name="test"),
        clock=lambda: house.now,
    )


def test_fields_get_the_kind_and_the_operator_that_their_function_means(house: "House") -> None:
    fields = {field.name: (field.kind, field.op) for field in publish(house).fields}

    assert fields["visits"] == ("[]timebucket", "merge")
    assert fields["days"] == ("[]time", "merge")
    assert fields["home"] == ("geolocation", "latest")
    assert fields["pages"] == ("ts[]string", "merge")
    assert fields["anything"] == ("dynamic", "latest")
    assert fields["lists"] == ("[]string", "latest")
    assert fields["page_views"] == ("int", "sum")
    assert fields["dearest"] == ("number", "max")
    assert fields["size"] == ("string", "latest")


def test_kinds_by_their_other_names_are_the_same(house: "House") -> None:
    schema = publish(
        house,
        "SELECT user_id, a KIND integer, b KIND boolean, c KIND float, d KIND datetime FROM shop "
        "INTO user BY user_id ALIAS shop",
    )

    kinds = {field.name: field.kind for field in schema.fields}
    assert [kinds[name] for name in "abcd"] == ["int", "bool", "number", "date"]


def test_values_of_special_kinds_are_merged_and_shown(house: "House") -> None:
    publish(house)
    house.send({"user_id": "u", "place": "52.5,13.4", "page": "a", "anything": 1.0}, stream="shop")
    house.send({"user_id": "u", "place": "far away", "page": "b", "price": 5}, stream="shop")
    house.work()
    house.now += timedelta(hours=2)
    house.send(
        {"user_id": "u", "page": "a", "anything": {"b": 1, "a": [2]}, "lists": ["x", "y"]},
        {"user_id": "u", "lists": "z", "price": 120, "tel": "030 901820", "country": "DE"},
        stream="shop",
    )
    house.work()

    found = house.profile("user_id", "u")

    assert found["visits"] == {"2026-03-01T14:00:00Z": 2, "2026-03-01T12:00:00Z": 2}
    assert found["home"] == {"lat": 52.5, "lon": 13.4}
    assert found["pages"] == ["b", "a"]
    assert found["anything"] == {"b": 1}
    assert found["lists"] == ["z"]
    assert (found["page_views"], found["dearest"], found["size"]) == (3, 120, "big")
    assert found["mobile"] == "+4930901820"


def test_dates_of_a_set_come_from_any_form(house: "House") -> None:
    publish(house)

    house.send({"user_id": "u", "days": ["2026-02-03", "4 Feb 2026", "never"]}, stream="shop")
    house.work()

    assert sorted(house.profile("user_id", "u")["days"]) == [
        datetime(2026, 2, 3, tzinfo=UTC),
        datetime(2026, 2, 4, tzinfo=UTC),
    ]


def test_who_came_often_enters_and_leaves_when_the_window_has_moved_on(house: "House") -> None:
    publish(house)
    regulars = house.audience("regulars", "FILTER timewindow(visits, 2, 7)")
    first = house.now.replace(minute=0, second=0, microsecond=0)
    house.send({"user_id": "u"}, stream="shop")
    house.work()
    assert house.profile("user_id", "u")["audiences"] == []
    house.now += timedelta(days=3)
    house.send({"user_id": "u"}, stream="shop")
    house.work()
    assert house.profile("user_id", "u")["audiences"] == ["regulars"]

    house.now = first + timedelta(days=7, seconds=-1)
    house.work()
    before = house.profile("user_id", "u")["audiences"]
    house.now = first + timedelta(days=7)
    house.work()

    assert before == ["regulars"]
    assert house.profile("user_id", "u")["audiences"] == []
    assert house.changes() == [("enter", regulars, "event"), ("exit", regulars, "instant")]


def test_who_is_near_is_in_the_audience(house: "House") -> None:
    publish(house)
    house.audience("near", 'FILTER geodistance(home, "52.4,13.1", 40)')
    house.audience("far", 'FILTER NOT geodistance(home, "52.4,13.1", 40)')

    house.send({"user_id": "near", "place": {"lat": 52.5, "lon": "13.4"}}, stream="shop")
    house.send({"user_id": "far", "place": [48.1, 11.6]}, stream="shop")
    house.send({"user_id": "nowhere"}, stream="shop")
    house.work()

    found = {name: house.profile("user_id", name)["audiences"] for name in ("near", "far")}
    assert found == {"near": ["near"], "far": ["far"]}
    assert house.profile("user_id", "nowhere")["audiences"] == ["far"]


def test_counts_of_two_profiles_add_up_when_they_become_one(house: "House") -> None:
    publish(house)
    publish(
        house,
        "SELECT user_id, _uid AS _uids KIND []string MERGEOP merge, timebucket(now()) AS visits "
        "FROM web INTO user BY user_id OR _uids ALIAS web",
    )
    house.send({"user_id": "u"}, {"_uid": "c"}, {"_uid": "c"}, stream="web")
    house.work()
    assert house.profile("_uids", "c")["visits"] == {"2026-03-01T12:00:00Z": 2}

    house.send({"user_id": "u", "_uid": "c"}, stream="web")
    house.work()

    assert house.profile("user_id", "u")["visits"] == {"2026-03-01T12:00:00Z": 4}
