"""A person's identifiers go out of others' events, and nothing else does."""

import msgspec
import pytest

from coterie.flow.run.scrub import Scrubber


@pytest.mark.parametrize(
    ("value", "body", "left"),
    [
        ("a@x.org", {"email": "A@X.org", "city": "Oslo"}, {"email": None, "city": "Oslo"}),
        ("a@x.org", {"note": "ask a@x.org soon", "n": 1}, {"note": None, "n": 1}),
        ("a@x.org", {"note": "ask aa@x.org or a@x.orgs"}, {"note": "ask aa@x.org or a@x.orgs"}),
        ("u1", {"id": "u1", "other": "u12", "text": "u1 and u2"},
         {"id": None, "other": "u12", "text": "u1 and u2"}),
        ("12345", {"id": 12345, "n": 123456, "is": True},
         {"id": None, "n": 123456, "is": True}),
        ("+4722222222", {"tel": "(+47) 22 22 22 22", "n": "22222"}, {"tel": None, "n": "22222"}),
        ("cookie", {"list": ["cookie", "x"], "deep": {"cookie": 1, "k": {"c": "cookie"}}},
         {"list": [None, "x"], "deep": {"k": {"c": None}}}),
    ],
)  # fmt: skip
def test_only_values_that_name_the_person_are_taken_out(
    value: str, body: dict[str, object], left: dict[str, object]
) -> None:
    scrubbed = Scrubber([value]).scrub(msgspec.json.encode(body).decode())

    assert msgspec.json.decode(scrubbed) == left


@pytest.mark.parametrize(
    ("value", "body", "is_in"),
    [
        ("a@x.org", '{"email": "A@X.ORG", ', True),
        ("a@x.org", '{"email": "ba@x.org"}', False),
        ("u1", "id=u1&x=2", True),
        ("u1", "id=u11", False),
        ("+4722222222", "tel=+47 22 22 22 22", True),
    ],
)
def test_bodies_of_any_form_are_searched(value: str, body: str, is_in: bool) -> None:
    assert Scrubber([value]).is_in(body) is is_in
