"""Templates make bodies, and can do neither harm nor much work."""

from typing import Any

import pytest

from coterie.connectors.webhook.template import (
    OUTPUT_LIMIT,
    TEMPLATE_LIMIT,
    BadTemplateError,
    TemplateFailedError,
    read_template,
)

MESSAGE: dict[str, Any] = {"id": "msg_1", "data": {"name": 'Ada "A" <l>', "tags": ["a", "b"]}}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{{ data.name | json }}", '"Ada \\"A\\" <l>"'),
        ("{{ data.tags | json }}", '["a","b"]'),
        ("{{ data.tags | join: '-' | upcase }}", "A-B"),
        ("{% for tag in data.tags %}{{ tag }};{% endfor %}", "a;b;"),
        ("{{ 'a' | sha256 | truncate: 8, '' }}", "ca978112"),
        ("{{ data.missing }}", ""),
    ],
)
def test_a_template_sees_the_message(text: str, made: str) -> None:
    assert read_template(text).render(MESSAGE) == made


@pytest.mark.parametrize(
    "text",
    [
        "{{ data.name",
        "{% if data.name %}",
        "{% include 'other' %}",
        "{% render 'other' %}",
        "{% nonsense %}",
        "x" * (TEMPLATE_LIMIT + 1),
    ],
)
def test_what_is_no_template_of_ours_is_refused(text: str) -> None:
    with pytest.raises(BadTemplateError, match="cannot be used"):
        read_template(text)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in (1..20000) %}{% endfor %}",
        "{% for a in (1..200) %}{% for b in (1..200) %}{% endfor %}{% endfor %}",
        "{% for a in (1..9000) %}" + "x" * 200 + "{% endfor %}",
        "{% assign n = 10 %}{% for a in (1..9) %}{% assign n = n | times: n %}{% endfor %}{{ n }}",
        "{% assign t = 'xxxxxxxxxx' %}"
        "{% for a in (1..12) %}{% assign t = t | replace: 'x', t %}{% endfor %}",
        "{{ 1 | divided_by: 0 }}",
        "{{ data.name | where: 'a' }}",
    ],
    ids=["loop", "nested loops", "output", "number", "replace", "division", "unknown filter"],
)
def test_too_much_work_ends_and_says_so(text: str) -> None:
    template = read_template(text)

    with pytest.raises(TemplateFailedError, match="Correct the template and replay"):
        template.render(MESSAGE)


def test_a_template_that_failed_renders_the_next_message() -> None:
    template = read_template("{{ data.name | times: data.n }}{{ data.text | upcase }}")
    with pytest.raises(TemplateFailedError):
        template.render({"data": {"text": "x" * (OUTPUT_LIMIT + 1)}})

    assert template.render({"data": {"name": 2, "n": 3, "text": "y"}}) == "6Y"
