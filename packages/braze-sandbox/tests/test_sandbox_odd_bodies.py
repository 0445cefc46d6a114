"""Bodies that no store takes as they are: none of them may stop the sandbox."""

import json
from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox

BEYOND_64_BITS = 10**30


def write(sandbox: RunningSandbox, **attributes: Any) -> None:
    body = {"attributes": [{"external_id": "u1", **attributes}]}
    assert sandbox.post("/users/track", body).status == 201


def custom(sandbox: RunningSandbox) -> Any:
    user = sandbox.user("u1")
    assert user is not None
    return user["custom_attributes"]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_whole_numbers_beyond_64_bits_become_floats(sandbox: RunningSandbox) -> None:
    body = (
        b'{"attributes":[{"external_id":"u1","big":%d,"list":[%d],"deep":{"n":-%d},"fits":%d}]}'
        % (BEYOND_64_BITS, BEYOND_64_BITS, BEYOND_64_BITS, 2**63 - 1)
    )

    assert sandbox.post("/users/track", body).status == 201

    assert custom(sandbox) == {
        "big": 1e30,
        "list": [1e30],
        "deep": {"n": -1e30},
        "fits": 2**63 - 1,
    }


def test_a_number_that_no_float_holds_is_refused(sandbox: RunningSandbox) -> None:
    body = b'{"attributes":[{"external_id":"u1","big":1%s}]}' % (b"0" * 400)

    assert sandbox.post("/users/track", body).status == 400


def test_a_sum_beyond_64_bits_is_dropped(sandbox: RunningSandbox) -> None:
    write(sandbox, n=2**63 - 1)

    write(sandbox, n={"inc": 1})

    assert custom(sandbox) == {"n": 2**63 - 1}
    (notice,) = sandbox.call("GET", "/notices")["notices"]
    assert notice["reason"] == "the sum does not fit 64 bits"


@pytest.mark.parametrize("depth", [101, 900])
def test_attributes_that_are_nested_too_deeply_are_dropped(
    sandbox: RunningSandbox, depth: int
) -> None:
    body = b'{"attributes":[{"external_id":"u1","kept":1,"deep":%s}]}' % (
        b'{"a":' * depth + b"1" + b"}" * depth
    )

    assert sandbox.post("/users/track", body).status == 201

    assert custom(sandbox) == {"kept": 1}
    (notice,) = sandbox.call("GET", "/notices")["notices"]
    assert notice["reason"] == "it is nested more than 100 levels deep"


def test_a_hundred_levels_are_kept(sandbox: RunningSandbox) -> None:
    write(sandbox, deep=nested(100))

    assert custom(sandbox) == {"deep": nested(100)}


def test_properties_that_are_nested_too_deeply_are_refused(sandbox: RunningSandbox) -> None:
    event = {"external_id": "u1", "name": "e", "time": "2026-01-01T00:00:00Z"}

    answer = sandbox.post("/users/track", {"events": [{**event, "properties": nested(101)}]})

    assert answer.status == 400
    assert answer.json()["errors"][0]["type"] == "'properties' is not valid"


def test_a_segment_may_ask_for_a_number_beyond_64_bits(sandbox: RunningSandbox) -> None:
    wanted = {"custom_attribute_name": "n", "comparison": "equals", "value": BEYOND_64_BITS}
    body = b'{"name":"s","filter":{"custom_attribute":%s}}' % json.dumps(wanted).encode()
    write(sandbox, n=1e30)

    answer = sandbox.request("POST", "/_sandbox/segments", body)

    assert answer.status == 201
    assert sandbox.count_users(segment=answer.json()["id"]) == 1


def test_a_body_of_brackets_is_refused(sandbox: RunningSandbox) -> None:
    answer = sandbox.post("/users/track", b"[" * 100_000)

    assert answer.status == 400
    assert answer.json()["message"].startswith("Bad Request: ")
