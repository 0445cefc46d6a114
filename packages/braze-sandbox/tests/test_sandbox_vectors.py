"""The sandbox against the facts collected elsewhere; without them these tests are skipped."""

from collections.abc import Callable
from typing import Any

import pytest

from braze_sandbox import LYTICS_WEBHOOK_BODY, Settings
from braze_sandbox.auth.permissions import PERMISSIONS
from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.csv_export import EMAIL_COLUMNS, USER_COLUMNS, guard_cell
from braze_sandbox.errors import RefusedError
from braze_sandbox.instances import INSTANCES
from braze_sandbox.liquid.template import RenderError, Template
from braze_sandbox.server.rest import ENDPOINTS
from braze_sandbox.testing import RunningSandbox
from braze_sandbox.track import problems
from braze_sandbox.track.arrays import change_array, read_change, replace_array
from braze_sandbox.track.attributes import NO_ATTRIBUTES
from braze_sandbox.track.fields import STANDARD_FIELDS
from braze_sandbox.track.problems import Problem

Vectors = Callable[[str], Any]


def known_problems() -> list[Problem]:
    fixed = [value for value in vars(problems).values() if isinstance(value, Problem)]
    return [*fixed, problems.external_id_too_long(987), problems.field_invalid("quantity")]


def test_array_operations_agree(vectors: Vectors) -> None:
    for vector in vectors("braze/track_limits.json")["array_vectors"]:
        operation, settings = vector["op"], Settings()
        if isinstance(operation, list):
            after = replace_array(operation, settings)
        else:
            change = read_change(operation)
            assert change is not None
            after = change_array(vector["before"], change, settings)

        assert after == vector["after"]


def test_limits_agree(vectors: Vectors) -> None:
    limits, settings = vectors("braze/track_limits.json"), Settings()

    assert settings.track_objects == limits["objects_per_request"]["newest"]
    assert settings.request_bytes == limits["payload_bytes"]
    assert settings.external_id_bytes == limits["external_id_bytes"]
    assert settings.array_elements == limits["array_elements"]["newest_default"]
    assert settings.string_characters == limits["strings"]["custom_attribute_value"]
    assert settings.object_bytes == limits["sizes"]["nested_object_bytes"]
    assert settings.array_bytes == limits["sizes"]["array_bytes"]
    assert settings.event_properties_bytes == limits["sizes"]["event_properties_bytes"]
    assert settings.purchase_properties_bytes == limits["sizes"]["purchase_properties_bytes"]
    assert settings.purchase_quantity == limits["purchase"]["quantity_max"]


def test_every_documented_error_code_can_be_given(vectors: Vectors) -> None:
    documented = vectors("braze/errors.json")["track_error_codes"]["codes"]

    assert {problem.code for problem in known_problems() if problem.code} == set(documented)


def test_quoted_sentences_are_used_where_the_newest_form_is_known(vectors: Vectors) -> None:
    quoted = set(vectors("braze/errors.json")["observed_track_types"]["list"])
    # The form before email and phone became identifiers.
    quoted -= {"'external_id' or 'braze_id' or 'user_alias' is required"}

    assert quoted <= {problem.sentence for problem in known_problems()}


def test_every_reserved_key_has_its_place(vectors: Vectors) -> None:
    reserved = vectors("braze/profile_fields.json")

    assert set(reserved["track_reserved"]) <= STANDARD_FIELDS | NO_ATTRIBUTES
    assert set(reserved["control_keys"]) <= NO_ATTRIBUTES


def test_permissions_agree(vectors: Vectors) -> None:
    listed = vectors("braze/permissions.json")
    names = [name for group in listed["groups"].values() for name in group]

    assert [*names, *listed["newer_elsewhere"]["list"]] == list(PERMISSIONS)
    for endpoint in ENDPOINTS:
        route = f"{endpoint.method} {endpoint.path}"
        known = listed["endpoint_to_permission"].get(route, endpoint.permission)
        assert known == endpoint.permission
        assert endpoint.permission in PERMISSIONS


def test_instances_agree(vectors: Vectors) -> None:
    listed = vectors("braze/instances.json")["instances"]

    assert [(i.instance, i.dashboard, i.rest) for i in INSTANCES] == [
        (i["instance"], i["dashboard"], i["rest"]) for i in listed
    ]


def test_csv_columns_agree(vectors: Vectors) -> None:
    columns = vectors("braze/csv_export_columns.json")

    assert list(USER_COLUMNS) == columns["user_data"]
    assert list(EMAIL_COLUMNS) == columns["email_addresses"]
    assert Settings().csv_users == columns["limits"]["users_without_s3"]
    for value, shown in columns["guard"]["examples"].items():
        assert guard_cell(value) == shown


def test_the_webhook_body_has_the_documented_keys(vectors: Vectors) -> None:
    assert list(LYTICS_WEBHOOK_BODY) == vectors("braze/lytics_braze.json")["webhook"]["keys"]


def test_liquid_vectors_agree(vectors: Vectors) -> None:
    for vector in vectors("braze/liquid.json")["vectors"]:
        shown = Template("{{ v | " + vector["f"] + " }}").render({"v": vector["i"]})

        assert shown == vector["o"], vector


def test_every_documented_variable_and_filter_is_understood(vectors: Vectors) -> None:
    documented = vectors("braze/liquid.json")
    for group in documented["variables"].values():
        for form in group:
            Template(form).render({})
    for group in documented["filters"]["supported"].values():
        for name in group:
            source = "{{ 'x' | " + name + _arguments(name) + " }}"
            Template(source).render({"x": ["y"]})
    for name in documented["filters"]["unsupported"]:
        if " " not in name:
            with pytest.raises((RenderError, RefusedError)):
                Template("{{ 'x' | " + name + " }}").render({})


def test_the_recording_of_a_real_export_is_reproduced(
    vectors: Vectors, sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    case = next(
        case
        for case in vectors("braze/observed_responses.json")["cases"]
        if case["path"] == "/users/export/ids"
    )
    (recorded,) = case["response_body"]["users"]
    item = {
        "external_id": recorded["external_id"],
        "first_name": recorded["first_name"],
        "last_name": recorded["last_name"],
        "email": recorded["email"],
        **recorded["custom_attributes"],
    }
    sandbox.post("/users/track", {"attributes": [item]})

    (campaign,) = recorded["campaigns_received"]
    webhook = {"url": catcher.url}
    sandbox.add_campaign(campaign["name"], webhook, id=campaign["api_campaign_id"])
    sandbox.fire(campaign["api_campaign_id"], wait=True)

    (shown,) = sandbox.post("/users/export/ids", case["request_body"]).json()["users"]

    assert list(shown) == list(recorded)
    assert list(shown["campaigns_received"][0]) == list(campaign)
    own = {"created_at", "appboy_id", "braze_id", "random_bucket"}
    for user in (shown, recorded):
        for name in ("last_received", "variation_api_id"):
            del user["campaigns_received"][0][name]
    assert {k: v for k, v in shown.items() if k not in own} == {
        k: v for k, v in recorded.items() if k not in own
    }


def _arguments(name: str) -> str:
    one = {
        "append",
        "at_least",
        "at_most",
        "concat",
        "date",
        "divided_by",
        "map",
        "minus",
        "modulo",
        "plus",
        "prepend",
        "property_accessor",
        "remove",
        "remove_first",
        "slice",
        "split",
        "times",
        "where",
    }
    if name == "concat":
        return ": x"
    if name in ("replace", "replace_first"):
        return ": 'a', 'b'"
    return ": 1" if name in one or name.startswith("hmac") else ""
