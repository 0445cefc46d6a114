"""Exports of whole segments."""

import gzip
import io
import json
import urllib.error
import urllib.request
import zipfile
from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import RunningSandbox, SandboxCallError

IN_A = {
    "custom_attribute": {
        "custom_attribute_name": "tags",
        "comparison": "includes_value",
        "value": "a",
    }
}


@pytest.fixture
def segment(sandbox: RunningSandbox) -> str:
    items = [{"external_id": f"u{n}", "tags": ["a"], "x": n} for n in range(3)]
    sandbox.post("/users/track", {"attributes": [*items, {"external_id": "other"}]})
    return sandbox.add_segment("A", IN_A)


def export(sandbox: RunningSandbox, **body: Any) -> Any:
    answer = sandbox.post("/users/export/segment", body)
    assert answer.status == 201, answer.text
    sandbox.settle()
    return answer.json()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:  # noqa: S310  # the sandbox's own address
        content: bytes = answer.read()
    return content


def users_of(content: bytes) -> list[list[Any]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [archive.read(name).decode().splitlines() for name in archive.namelist()]
    return [[json.loads(line) for line in lines] for lines in files]


def test_the_members_are_in_the_zip_at_the_address(
    sandbox: RunningSandbox, segment: str, catcher: WebhookCatcher
) -> None:
    answer = export(
        sandbox,
        segment_id=segment,
        callback_endpoint=catcher.url,
        fields_to_export=["external_id", "custom_attributes"],
        custom_attributes_to_export=["x"],
    )

    assert list(answer) == ["object_prefix", "url", "message"]
    (users,) = users_of(fetch(answer["url"]))
    assert users == [{"external_id": f"u{n}", "custom_attributes": {"x": n}} for n in range(3)]
    assert [caught.json() for caught in catcher.caught] == [{"success": True, "url": answer["url"]}]


def test_gzip_can_be_chosen(sandbox: RunningSandbox, segment: str) -> None:
    answer = export(sandbox, segment_id=segment, output_format="gzip", fields_to_export=["email"])

    assert gzip.decompress(fetch(answer["url"])) == b"{}\n" * 3


def test_a_file_holds_five_thousand_users(sandbox: RunningSandbox, segment: str) -> None:
    for first in range(0, 5000, 1000):
        items = [{"external_id": f"m{n}", "tags": ["a"]} for n in range(first, first + 1000)]
        sandbox.post("/users/track/bulk", {"attributes": items})

    answer = export(sandbox, segment_id=segment, fields_to_export=["external_id"])

    assert [len(users) for users in users_of(fetch(answer["url"]))] == [5000, 3]


def test_while_one_runs_the_same_segment_is_refused(sandbox: RunningSandbox, segment: str) -> None:
    sandbox.set(segment_export_seconds=0.3)
    first = sandbox.post("/users/export/segment", {"segment_id": segment})

    second = sandbox.post("/users/export/segment", {"segment_id": segment})

    assert (first.status, second.status) == (201, 429)
    name = first.json()["url"].rpartition("/")[2]
    with pytest.raises(SandboxCallError, match="not ready"):
        sandbox.call("GET", f"/exports/{name}")
    sandbox.settle()
    assert sandbox.post("/users/export/segment", {"segment_id": segment}).status == 201
    sandbox.settle()


def test_a_cancelled_export_is_never_ready_and_the_next_may_begin(
    sandbox: RunningSandbox, segment: str, catcher: WebhookCatcher
) -> None:
    order = {"segment_id": segment, "fields_to_export": ["external_id"]}
    sandbox.set(segment_export_seconds=3_600.0)
    started = sandbox.post("/users/export/segment", order | {"callback_endpoint": catcher.url})

    answer = sandbox.post("/export/segment/cancel", {"segment_id": segment})
    sandbox.settle()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(started.json()["url"])
    sandbox.set(segment_export_seconds=0.0)
    (users,) = users_of(fetch(export(sandbox, **order)["url"]))

    assert (answer.status, answer.json()) == (201, {"message": "success"})
    assert len(users) == 3
    assert catcher.caught == []


def test_only_an_export_of_a_known_segment_is_cancelled(
    sandbox: RunningSandbox, segment: str
) -> None:
    idle = sandbox.post("/export/segment/cancel", {"segment_id": segment})
    unknown = sandbox.post("/export/segment/cancel", {"segment_id": "nobody's"})

    assert (idle.status, unknown.status) == (201, 400)


def test_the_address_expires(sandbox: RunningSandbox, segment: str) -> None:
    answer = export(sandbox, segment_id=segment)
    sandbox.set(export_link_seconds=0)

    with pytest.raises(SandboxCallError, match="expired"):
        sandbox.call("GET", f"/exports/{answer['url'].rpartition('/')[2]}")


@pytest.mark.usefixtures("segment")
def test_the_global_control_group_is_exported(sandbox: RunningSandbox) -> None:
    buckets = sorted(user["random_bucket"] for user in sandbox.users())
    sandbox.set(global_control_buckets=buckets[1] + 1)

    answer = sandbox.post(
        "/users/export/global_control_group", {"fields_to_export": ["random_bucket"]}
    ).json()
    sandbox.settle()

    (users,) = users_of(fetch(answer["url"]))
    assert sorted(user["random_bucket"] for user in users) == buckets[:2]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"segment_id": "nope"}, "segment_id must be a string of the segment api identifier"),
        ({"output_format": "tar"}, "'output_format' must be 'zip' or 'gzip'"),
        (
            {"custom_attributes_to_export": ["x"] * 501},
            "'custom_attributes_to_export' may name 500 attributes at most",
        ),
    ],
)
def test_an_unfit_export_is_refused(
    sandbox: RunningSandbox, segment: str, body: dict[str, Any], message: str
) -> None:
    answer = sandbox.post("/users/export/segment", {"segment_id": segment, **body})

    assert (answer.status, answer.json()) == (400, {"message": message})


def test_newer_accounts_must_name_fields(sandbox: RunningSandbox, segment: str) -> None:
    sandbox.set(require_fields_to_export=True)

    assert sandbox.post("/users/export/segment", {"segment_id": segment}).status == 400
