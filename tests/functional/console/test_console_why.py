"""Why a person is in an audience, or not, as the console shows it."""

import pytest
from tests.functional.console.conftest import (
    ACCOUNT,
    ACTOR,
    DataPlane,
    SteppingClock,
    Visitor,
    sample_profile,
)

from coterie.control.definitions.audiences import create_audience
from coterie.store import Store

ADA = {"field": "email", "value": "ada@example.org"}
FILTERS = {
    "fans": 'AND (email LIKE "ada@*", OR (order_count > 1000, EXISTS city), NOT EXISTS company)',
    "all": "*",
}


@pytest.fixture(autouse=True)
def ada(store: Store, clock: SteppingClock, data_plane: DataPlane) -> None:
    data_plane.profiles["email", ADA["value"]] = sample_profile()
    for slug, text in FILTERS.items():
        create_audience(
            store,
            account=ACCOUNT,
            slug=slug,
            name=slug.title(),
            filter_text=text,
            actor=ACTOR,
            clock=clock,
        )


def test_the_profile_offers_to_explain_its_audiences(admin: Visitor) -> None:
    page = admin.send("/profiles", **ADA).text

    assert 'action="/profiles/why"' in page
    assert 'name="slug" value="fans">Why?' in page
    assert '<option value="all">All</option>' in page


def test_each_condition_shows_what_it_looked_at(admin: Visitor) -> None:
    page = admin.send("/profiles/why", page="/profiles", slug="fans", **ADA)

    assert page.status_code == 200
    assert page.url.query == b""
    shown = " ".join(page.text.split())
    for part in ("email LIKE", "ada@example.org", "All of these", "At least one of these"):
        assert part in shown
    assert '<code>order_count</code></dt><dd><span class="muted">no value' in shown
    assert "Back to the profile" in shown


def test_record_and_answer_that_differ_are_pointed_out(admin: Visitor) -> None:
    page = admin.send("/profiles/why", page="/profiles", slug="fans", **ADA).text

    assert "still building" in page


def test_an_unknown_person_or_audience_comes_with_advice(admin: Visitor) -> None:
    nobody = admin.send(
        "/profiles/why", page="/profiles", slug="fans", field="email", value="x@example.org"
    )
    nothing = admin.send("/profiles/why", page="/profiles", slug="none", **ADA)

    assert (nobody.status_code, nothing.status_code) == (404, 404)
    assert "Nobody has “x@example.org” as email" in nobody.text
