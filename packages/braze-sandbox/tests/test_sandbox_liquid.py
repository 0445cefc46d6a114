from datetime import UTC, datetime
from typing import Any

import pytest

from braze_sandbox.errors import RefusedError
from braze_sandbox.liquid.syntax import translate
from braze_sandbox.liquid.tags import AbortedMessageError
from braze_sandbox.liquid.template import RenderError, Template
from braze_sandbox.liquid.variables import make_variables
from braze_sandbox.model.campaign import Campaign, Webhook
from braze_sandbox.model.mail import Occasion, Origin
from braze_sandbox.model.profile import Profile

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROFILE = Profile(
    number=1,
    braze_id="5eea769d45bb2e1467418f92",
    random_bucket=5445,
    created_at=NOW,
    updated_at=NOW,
    external_id="u1",
    fields={"first_name": "Ada", "home_city": "Lisbon", "dob": "1980-12-21"},
    custom={"x": 1, "shoe size": 38, "pets": [{"name": "Rex"}], "o": {"k": {"deep": "v"}}},
    groups={"g1": "unsubscribed"},
)
CAMPAIGN = Campaign(
    id="c1", name="Welcome", webhook=Webhook(url=""), message_id="m1", created_at=NOW
)

ORIGIN = Origin(dispatch_id="d1", campaign=CAMPAIGN)


def render(text: str, **variables: Any) -> str:
    return Template(text).render({**make_variables(PROFILE, ORIGIN, Occasion()), **variables})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no liquid at all", "no liquid at all"),
        ("{{${first_name}}}", "Ada"),
        ("{{ ${first_name} }}", "Ada"),
        ("{{${city}}}, {{${date_of_birth}}}", "Lisbon, 1980-12-21"),
        ("{{${user_id}}}/{{${braze_id}}}", "u1/5eea769d45bb2e1467418f92"),
        ("{{${random_bucket_number}}}", "5445"),
        ("[{{${last_name}}}]", "[]"),
        ("{{${last_name} | default: 'friend'}}", "friend"),
        ("{{custom_attribute.${x}}}", "1"),
        ("{{custom_attribute.${shoe size}}}", "38"),
        ("{{custom_attribute.${pets}[0].name}}", "Rex"),
        ("{{custom_attribute.${o}.k.deep}}", "v"),
        ("{{campaign.${name}}}-{{campaign.${api_id}}}", "Welcome-c1"),
        ("{{campaign.${dispatch_id}}}", "d1"),
        ("{{subscribed_state.${email_global}}}", "subscribed"),
        ("{{subscribed_state.${g1}}}", "unsubscribed"),
        ("{% if custom_attribute.${x} == 1 %}one{% endif %}", "one"),
        ("{% if {{custom_attribute.${x}}} == 1 %}one{% endif %}", "one"),
        ("{{ 'hi ' | append: {{${first_name}}} }}", "hi Ada"),
        ("{% for p in {{custom_attribute.${pets}}} %}{{p.name}}{% endfor %}", "Rex"),
        ("{% assign n = {{${first_name}}} | upcase %}{{n}}", "ADA"),
        ("{{ 'a ${x}' }}", "a ${x}"),
        ("{{ ${date_of_birth} | date: '%Y%m%d' }}", "19801221"),
    ],
)
def test_braze_forms_render(text: str, shown: str) -> None:
    assert render(text) == shown


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a {{${b}}} c", 'a {{braze_profile["b"]}} c'),
        ("{{custom_attribute.${a b}}}", '{{custom_attribute["a b"]}}'),
        ("{%- if {{x}} -%}", "{%- if x -%}"),
        ("${b} outside", "${b} outside"),
    ],
)
def test_braze_forms_become_plain_liquid(text: str, plain: str) -> None:
    assert translate(text) == plain


@pytest.mark.parametrize(
    ("value", "filters", "shown"),
    [
        ("hey", "md5", "6057f13c496ecf7fd777ceb9e79ae285"),
        ("hey", "sha1", "7f550a9f4c44173a37664d938f1355f0f92a47a7"),
        ("blah", "base64_encode", "YmxhaA=="),
        (
            "hey",
            "hmac_sha256_hex: 'secret_key'",
            "8df897f8da3d7992fe57c8dbc6f27578cfbf2dcc4d0fbb4000b8c924841d508e",
        ),
        ("hey", "hmac_sha1_base64: 'secret_key'", "KjlpvtJb/u+wCspAY+uVkLTfjw4="),
        ("hey<>hi", "url_escape", "hey%3C%3Ehi"),
        ("hey<&>hi", "url_param_escape", "hey%3C%26%3Ehi"),
        ("google search", "url_encode", "google+search"),
        (123456, "number_with_delimiter", "123,456"),
        (145, "money", "145.00"),
        ('say "hi"\n', "json_escape", 'say \\"hi\\"\\n'),
        ('{"a": 1}', "json_parse | property_accessor: 'a'", "1"),
        ([1, "a"], "as_json_string", '[1, "a"]'),
    ],
)
def test_braze_filters(value: Any, filters: str, shown: str) -> None:
    assert render("{{ v | " + filters + " }}", v=value) == shown


@pytest.mark.parametrize(
    "name", ["lstrip", "rstrip", "find_index", "handleize", "money_with_currency"]
)
def test_filters_that_braze_lacks_fail(name: str) -> None:
    with pytest.raises((RenderError, RefusedError)):
        render("{{ 'a' | " + name + " }}")


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("{% abort_message %}", "{% abort_message %} called"),
        ("{% abort_message('no city') %}", "no city"),
    ],
)
def test_abort_message_aborts_with_its_reason(tag: str, reason: str) -> None:
    with pytest.raises(AbortedMessageError) as caught:
        render("{% if ${city} == 'Lisbon' %}" + tag + "{% endif %}")

    assert str(caught.value) == reason


@pytest.mark.parametrize("text", ["{{ x", "{% if x", "{{ ${x }}", "{% if x %}", "{% nonsense %}"])
def test_broken_templates_are_refused(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        Template(text)

    assert caught.value.status == 400
