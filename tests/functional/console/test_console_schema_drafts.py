"""A schema is drafted in the console: begun, changed, previewed, published."""

import re

from tests.functional.console.conftest import ACCOUNT, ACTOR, SteppingClock, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.definitions.audiences import create_audience, get_audience
from coterie.control.definitions.schema import publish_lql
from coterie.control.definitions.schema_drafts import get_draft
from coterie.control.definitions.schema_versions import current_schema

HOME = "/data/schema/drafts"
DRAFT = f"{HOME}/colours"
LQL = "SELECT user_id, colour KIND string FROM segment INTO user BY user_id ALIAS segment"
OTHER = "SELECT size KIND string FROM default INTO user BY user_id OR email ALIAS more"


def test_mappings_are_changed_in_a_draft_and_published(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    made = admin.follow(admin.send(HOME, name="colours", description="Colours")).text
    field = admin.follow(admin.send(f"{DRAFT}/fields", field="size", kind="int")).text
    changed = admin.follow(
        admin.send(f"{DRAFT}/fields/city", description="Town", is_pii="yes", revision="2")
    ).text
    nobody = admin.send(f"{DRAFT}/streams/segment", lql=LQL.replace("user_id, ", ""), revision="3")
    wrong = admin.send(f"{DRAFT}/streams/segment", lql="SELECT (( FROM", revision="3")
    before = current_schema(deps.store, ACCOUNT).version
    admin.send(f"{DRAFT}/streams/segment", lql=LQL, revision="3")
    shown = admin.open(DRAFT).text
    text = admin.open(f"{DRAFT}/streams/segment").text
    preview = admin.open(f"{DRAFT}/preview").text
    late = admin.send(f"{DRAFT}/publish", page=DRAFT, revision="3")
    done = admin.follow(admin.send(f"{DRAFT}/publish", page=DRAFT, revision="4")).text

    assert "equals what is in force" in made
    assert "The field size is in the draft" in field
    assert "The field city is changed" in changed
    assert "fills no identifier" in nobody.text
    assert wrong.status_code == 400
    assert "is wrong" in wrong.text or "are wrong" in wrong.text
    assert before == 1
    assert "Publish as version 2" in shown
    assert "segment/colour" in shown
    assert "colour" in text
    assert "No stream that is mapped has events yet" in preview
    assert "you had not seen" in late.text
    assert "Version 2 is in force" in done
    fields = {each.name: each for each in current_schema(deps.store, ACCOUNT).fields}
    assert fields["city"].description == "Town"
    assert fields["city"].is_pii
    assert {"size", "colour"} <= fields.keys()


def test_a_field_is_renamed_in_a_draft_and_who_reads_it_is_named(
    admin: Visitor, deps: ConsoleDependencies, clock: SteppingClock
) -> None:
    create_audience(
        deps.store, account=ACCOUNT, slug="oslo", name="Oslo", filter_text='city = "Oslo"',
        actor=ACTOR, clock=clock,
    )  # fmt: skip
    admin.send(HOME, name="colours")
    form = admin.open(f"{DRAFT}/fields/city").text
    taken = admin.send(f"{DRAFT}/fields/city", field="country", revision="1")
    done = admin.follow(admin.send(f"{DRAFT}/fields/city", field="home town", revision="1")).text
    stays = admin.open(f"{DRAFT}/fields/email").text
    admin.send(f"{DRAFT}/publish", page=DRAFT, revision="2")

    assert re.search(r'name="field"[^>]*value="city"', form)
    assert (taken.status_code, "already" in taken.text) == (400, True)
    assert "The field city is called home town in the draft" in done
    assert "<strong>city</strong>, then home town: the audience oslo" in done
    assert 'name="field"' not in stays
    assert get_audience(deps.store, ACCOUNT, "oslo").filter_text == '`home town` = "Oslo"'


def test_a_draft_that_is_behind_takes_over_and_is_discarded(
    admin: Visitor, deps: ConsoleDependencies, clock: SteppingClock
) -> None:
    admin.send(HOME, name="colours")
    admin.send(f"{DRAFT}/fields/city", description="Town", do="delete", revision="1")
    publish_lql(deps.store, account=ACCOUNT, text=OTHER, actor=ACTOR, clock=clock)

    listed = admin.open(HOME).text
    behind = admin.open(DRAFT).text
    caught = admin.follow(admin.send(f"{DRAFT}/catch-up", page=DRAFT)).text
    base = get_draft(deps.store, ACCOUNT, "colours").base_version
    gone = admin.follow(admin.send(f"{DRAFT}/discard", page=DRAFT)).text

    assert "Behind" in listed
    assert "was published meanwhile" in behind
    assert "begins from version 2" in caught
    assert base == 2
    assert "is discarded" in gone
