"""An identifying field that gets another name still names the same people."""

from datetime import timedelta

import msgspec
import pytest
from tests.functional.flow.conftest import ACTOR, House
from tests.functional.flow.renaming import rename
from tests.functional.flow.replaying import confirm, go_on, replay, start

from coterie.app.erasures import privacy_calls
from coterie.app.services import Services, config_source
from coterie.base.settings import Settings
from coterie.control.definitions.decisions import find_in_force, list_decisions
from coterie.control.definitions.draft import SchemaError
from coterie.control.definitions.identifying import IdentifierChange, change_identifier
from coterie.control.definitions.schema import publish_edit, publish_lql
from coterie.control.definitions.schema_diff import revert_schema
from coterie.control.definitions.schema_versions import current_schema
from coterie.flow.run.entities import Entities
from coterie.flow.run.identities import IdentityExplainer
from coterie.flow.run.lineage import LineageFinder
from coterie.flow.run.preview import Previewer
from coterie.lang.behaviour import Bounds
from coterie.model.events import IncomingEvent
from coterie.model.identities import IdentityGraph

MAIL = ("mail", "a@x.org")
USER = ("user_id", "u1")


@pytest.fixture
def known(house: House) -> House:
    """A house that knows u1 by an e-mail address, with an audience that holds and exports them."""
    house.audience("reachable", "FILTER EXISTS email")
    house.send({"user_id": "u1", "email": "a@x.org", "city": "Oslo"}, {"user_id": "u2"})
    house.work()
    house.build()
    house.export("reachable", field="email")
    house.run_jobs()
    return house


def explainer(house: House) -> IdentityExplainer:
    return IdentityExplainer(house.store, config_source(), house.key)


def graph_of(house: House, field: str, value: str) -> IdentityGraph:
    found = explainer(house).graph(house.account.number, (field, value))
    assert found is not None
    return found


def test_people_are_who_they_were_and_later_events_find_them(known: House) -> None:
    before = known.profile("email", "a@x.org")
    outbox, changes = known.outbox(), known.changes()
    # Received under the old name, processed under the new one.
    known.now += timedelta(seconds=1)
    known.send({"email": "A@x.org", "_uid": "c1"})
    rename(known, "email", "mail")
    known.send({"email": "a@x.org", "_uid": "c2"})
    known.work()

    found = known.profile(*MAIL)
    assert {known.profile("_uids", cookie)["id"] for cookie in ("c1", "c2")} == {before["id"]}
    assert (found["id"], found["mail"], found["audiences"]) == (
        before["id"], "a@x.org", ["reachable"],
    )  # fmt: skip
    assert known.lookup.find_profile(known.account.number, "email", "a@x.org", known.now) is None
    assert (known.outbox(), known.changes()) == (outbox, changes)


def test_it_is_called_by_its_new_name_wherever_people_are_shown(known: House) -> None:
    rename(known, "email", "mail")
    number, key = known.account.number, known.key

    view = known.lookup.find_profile(number, *USER, known.now)
    [member] = known.lookup.audience_members(number, 1, 10)
    graph = graph_of(known, *MAIL)
    relation = explainer(known).relation(number, USER, MAIL)
    lines = LineageFinder(known.store, config_source(), key).find(number, MAIL, ["city"], known.now)
    entity = Entities(known.store, config_source()).find(number, MAIL, None, known.now)
    event = IncomingEvent(
        account=number, stream="default", received_at=known.now, occurred_at=None,
        body='{"email": "a@x.org", "_uid": "c9"}', message_hash=None,
    )  # fmt: skip
    previewer = Previewer(known.store, config_source(), key, Bounds(), lambda: known.now)
    preview = previewer.preview(number, [event], with_profiles=True)

    assert view is not None
    assert entity is not None
    assert {each.field for each in view.identifiers} == {"user_id", "mail"}
    assert {each.field for each in member.identifiers} == {"user_id", "mail"}
    assert {node.field for node in graph.nodes} == {"user_id", "mail"}
    assert [(edge.a, edge.b) for edge in graph.edges] == [(USER, MAIL)]
    assert graph.nodes[1].streams == ("default",)
    assert relation.said == "user_id=u1 and mail=a@x.org are one person, joined by 1 step."
    assert lines is not None
    assert [one.value for line in lines for one in line.origins] == ["Oslo"]
    assert (entity.values["mail"], "email" in entity.by_fields) == ("a@x.org", False)
    assert preview.events[0].identifiers[0] == MAIL
    assert set(preview.profiles[0].identifiers) == {USER, MAIL, ("_uids", "c9")}


def test_decisions_follow_it(known: House) -> None:
    apart = known.pin("pin_apart", USER, ("email", "a@x.org"))
    known.work()
    rename(known, "email", "mail")
    blocked = known.pin("block_value", ("mail", "Shop@x.org"))
    known.work()
    number = known.account.number

    told = {each.id: (each.a, each.b) for each in list_decisions(known.store, number)}
    parted = explainer(known).relation(number, USER, MAIL)
    known.undo(find_in_force(known.store, number, MAIL, USER))
    known.work()

    assert told == {apart.id: (MAIL, USER), blocked.id: (("mail", "shop@x.org"), None)}
    assert parted.said.endswith("An operator pinned mail=a@x.org and user_id=u1 apart.")
    assert known.profile(*USER)["id"] == known.profile(*MAIL)["id"]


def test_a_conflict_is_told_by_the_new_name(house: House) -> None:
    house.send({"user_id": "u1", "_uid": "c1"}, {"user_id": "u2", "_uid": "c1"})
    house.work()
    rename(house, "user_id", "customer")

    said = explainer(house).relation(house.account.number, ("customer", "u2"), ("_uids", "c1"))

    assert said.said == (
        "customer=u2 and _uids=c1 are two people. Joining them would put customer=u1 and "
        "customer=u2 into one profile, and customer is unique."
    )


def test_who_was_forgotten_does_not_come_back_under_the_new_name(known: House) -> None:
    services = Services(Settings(), lambda: known.now, known.ring, known.store)
    calls = privacy_calls(services)
    calls.forget(known.account.number, ("email", "a@x.org"), True, ACTOR)
    known.now += timedelta(seconds=1)
    rename(known, "email", "mail")
    known.send({"email": "a@x.org", "city": "Rome"})
    known.work()

    assert known.lookup.find_profile(known.account.number, *MAIL, known.now) is None


def test_all_that_is_held_is_found_and_forgotten_by_the_new_name(known: House) -> None:
    rename(known, "email", "mail")
    calls = privacy_calls(Services(Settings(), lambda: known.now, known.ring, known.store))

    held = calls.dossier(known.account.number, MAIL, ACTOR)
    calls.forget(known.account.number, MAIL, False, ACTOR)

    assert held is not None
    assert [msgspec.json.decode(event.body)["city"] for event in held.events] == ["Oslo"]
    assert known.lookup.find_profile(known.account.number, *USER, known.now) is None


def test_a_replay_after_it_changes_nobody(known: House) -> None:
    before = known.profile(*USER)["id"]
    rename(known, "email", "mail")
    start(known)
    go_on(known, until="ready")
    report = replay(known).report
    confirm(known)
    go_on(known, until="done")

    assert report is not None
    told = report[str(known.account.number)]
    assert told.profiles is not None
    assert (told.profiles.merged, told.profiles.split) == (0, 0)
    assert [(one.entering, one.leaving) for one in told.audiences] == [(0, 0)]
    assert known.profile(*MAIL)["id"] == before


def test_going_back_gives_the_old_name_back(known: House) -> None:
    before = known.profile(*USER)["id"]
    rename(known, "email", "mail")
    known.now += timedelta(seconds=1)
    revert_schema(
        known.store, account=known.account.number, version=1, actor=ACTOR, clock=lambda: known.now
    )

    assert known.profile("email", "a@x.org")["id"] == before


def test_its_old_name_is_free_for_values_and_not_for_identifiers(known: House) -> None:
    rename(known, "email", "mail")
    known.now += timedelta(seconds=1)
    text = "SELECT tolower(contact) AS email FROM default INTO user BY user_id ALIAS contacts"
    publish_lql(
        known.store, account=known.account.number, text=text, actor=ACTOR, clock=lambda: known.now
    )
    known.send({"user_id": "u1", "contact": "B@x.org"})
    known.work()

    with pytest.raises(
        SchemaError, match="Identifiers of 'mail' are stored under the name 'email'"
    ):
        publish_edit(
            known.store,
            account=known.account.number,
            edit=lambda draft: change_identifier(draft, "email", IdentifierChange()),
            actor=ACTOR,
            clock=lambda: known.now,
        )
    found = known.profile(*USER)
    assert (found["mail"], found["email"]) == ("a@x.org", "b@x.org")


def test_a_name_taken_back_is_stored_as_it_is_called(known: House) -> None:
    rename(known, "email", "mail")
    rename(known, "mail", "address")
    rename(known, "address", "email")

    schema = current_schema(known.store, known.account.number)
    [field] = [field for field in schema.fields if field.name == "email"]
    assert field.stored_as is None
    assert known.profile("email", "a@x.org")["id"] == known.profile(*USER)["id"]
