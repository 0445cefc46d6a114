from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox


def write(sandbox: RunningSandbox, **attributes: Any) -> None:
    answer = sandbox.post("/users/track", {"attributes": [{"external_id": "u1", **attributes}]})
    assert answer.status == 201, answer.text


def custom(sandbox: RunningSandbox, name: str) -> Any:
    user = sandbox.user("u1")
    assert user is not None
    return user["custom_attributes"].get(name)


def test_an_object_is_replaced_by_default(sandbox: RunningSandbox) -> None:
    write(sandbox, car={"make": "A", "wheels": {"n": 4}})

    write(sandbox, car={"make": "B"})

    assert custom(sandbox, "car") == {"make": "B"}


def test_merge_objects_merges_at_every_depth_with_null_deleting(sandbox: RunningSandbox) -> None:
    write(sandbox, car={"make": "A", "wheels": {"n": 4, "size": 17}, "old": 1})

    write(sandbox, _merge_objects=True, car={"wheels": {"size": 18}, "old": None})

    assert custom(sandbox, "car") == {"make": "A", "wheels": {"n": 4, "size": 18}}


def test_a_time_mark_becomes_a_time(sandbox: RunningSandbox) -> None:
    write(sandbox, car={"bought": {"$time": "2020-06-10"}})

    assert custom(sandbox, "car") == {"bought": "2020-06-10T00:00:00.000Z"}


@pytest.mark.parametrize(
    "bad", [{"x": None}, {"when": {"$time": "soon"}}, {"a.b": 1}, {"a b": 1}, {"a$": 1}]
)
def test_one_bad_part_drops_the_whole_update(sandbox: RunningSandbox, bad: Any) -> None:
    write(sandbox, car={"make": "A"})

    write(sandbox, car={"make": "B", **bad}, plan="gold")

    assert custom(sandbox, "car") == {"make": "A"}
    assert custom(sandbox, "plan") == "gold"


def test_an_object_above_its_size_is_dropped(sandbox: RunningSandbox) -> None:
    sandbox.set(object_bytes=20)

    write(sandbox, car={"make": "much too long for it"})

    assert custom(sandbox, "car") is None


def test_operators_on_arrays_of_objects_run_add_then_remove_then_update(
    sandbox: RunningSandbox,
) -> None:
    write(sandbox, pets=[{"id": 1, "name": "Rex"}, {"id": 2, "name": "Tom"}])

    write(
        sandbox,
        _merge_objects=True,
        pets={
            "$add": [{"id": 3, "name": "Ida"}],
            "$remove": [{"$identifier_key": "id", "$identifier_value": 2}],
            "$update": [
                {"$identifier_key": "id", "$identifier_value": 3, "$new_object": {"age": 1}}
            ],
        },
    )

    assert custom(sandbox, "pets") == [
        {"id": 1, "name": "Rex"},
        {"id": 3, "name": "Ida", "age": 1},
    ]


def test_update_needs_merge_objects(sandbox: RunningSandbox) -> None:
    write(sandbox, pets=[{"id": 1}])
    update = {"$identifier_key": "id", "$identifier_value": 1, "$new_object": {"age": 1}}

    write(sandbox, pets={"$update": [update]})

    assert custom(sandbox, "pets") == [{"id": 1}]


def test_update_of_a_missing_object_adds_nothing(sandbox: RunningSandbox) -> None:
    write(sandbox, pets=[{"id": 1}])
    update = {"$identifier_key": "id", "$identifier_value": 9, "$new_object": {"age": 1}}

    write(sandbox, _merge_objects=True, pets={"$update": [update]})

    assert custom(sandbox, "pets") == [{"id": 1}]


def test_a_nested_write_costs_a_data_point_for_each_key(sandbox: RunningSandbox) -> None:
    write(sandbox, car={"make": "A", "year": 2020, "doors": 5})

    assert sandbox.data_points() == 3


def test_keys_count_at_every_depth_and_objects_do_not_count_themselves(
    sandbox: RunningSandbox,
) -> None:
    analytics = {"count": 1000, "top_10_listeners": True}
    since = {"$time": "1960-01-01"}
    write(sandbox, song={"name": "Solea", "since": since, "tags": ["a", "b"], "plays": analytics})

    assert sandbox.data_points() == 5


def test_arrays_of_objects_cost_what_is_written_and_what_is_looked_for(
    sandbox: RunningSandbox,
) -> None:
    pets = [{"id": n, "type": "dog", "breed": "corgi", "name": "Gus"} for n in (1, 2)]
    spent = []
    changes: tuple[Any, ...] = (
        pets,
        {"$add": [{"id": 3, "type": "cat"}]},
        {"$update": [changed(2, breed="beagle"), changed(3, name="Mary")]},
        {"$remove": [one(1), one(2), one(9)]},
        {"$remove": []},
    )
    for change in changes:
        before = sandbox.data_points()
        write(sandbox, _merge_objects=True, pets=change)
        spent.append(sandbox.data_points() - before)

    assert spent == [8, 2, 2, 3, 1]


def one(number: int) -> dict[str, Any]:
    return {"$identifier_key": "id", "$identifier_value": number}


def changed(number: int, **values: str) -> dict[str, Any]:
    return {**one(number), "$new_object": values}


def test_an_array_operation_costs_one_data_point(sandbox: RunningSandbox) -> None:
    write(sandbox, segments={"add": ["a", "b", "c"], "remove": ["d"]})

    assert sandbox.data_points() == 1
