"""The swap of a replay tells the stream of changes who merged and who split, and exports follow."""

from datetime import timedelta
from typing import Any

from tests.functional.flow.conftest import ACTOR, House
from tests.functional.flow.replaying import confirm, go_on, publish, start

from coterie.control.definitions.identifying import IdentifierChange, change_identifier
from coterie.control.definitions.schema import publish_edit

OSLO = 'FILTER city = "Oslo"'


def recorded(house: House) -> list[tuple[Any, ...]]:
    """What swaps recorded: kind, profile, other profile."""
    with house.store.transaction() as conn:
        return conn.execute(
            "SELECT kind, replace(profile_id::text, '-', ''), "
            "replace(other_profile_id::text, '-', ''), audience_id IS NOT NULL FROM change "
            "WHERE cause = 'definition' ORDER BY lane, seq, n"
        ).fetchall()


def replayed(house: House) -> None:
    start(house)
    go_on(house, until="ready")
    confirm(house)
    go_on(house, until="done")


def tell(house: House) -> None:
    """Let the destination take what it is told."""
    with house.store.transaction() as conn:
        conn.execute("UPDATE outbox SET pending = false, in_doubt = '{}', told_version = version")


def test_two_who_become_one_are_recorded_as_merged_and_the_export_follows(house: House) -> None:
    house.audience("oslo", OSLO)
    house.send(
        {"user_id": "u1", "loyalty_id": "L1"},
        {"email": "ada@example.org", "loyalty_id": "L1", "city": "Oslo"},
    )
    house.work()
    house.build()
    house.export("oslo", field="email")
    house.run_jobs()
    tell(house)
    first = house.profile("user_id", "u1")["id"]
    second = house.profile("email", "ada@example.org")["id"]
    publish(house)

    replayed(house)

    assert house.profile("email", "ada@example.org")["id"] == first
    *moved, merged = recorded(house)
    # Whose id comes first is a matter of the installation's key.
    assert sorted(moved) == [("enter", first, None, True), ("exit", second, first, True)]
    assert merged == ("merge", second, first, False)
    [wanted] = [wants for wants, _ in house.outbox().values()]
    assert wanted == ["oslo"]


def test_one_who_becomes_two_is_recorded_as_split_and_the_export_follows(house: House) -> None:
    house.audience("oslo", OSLO)
    house.send(
        {"user_id": "u1", "email": "shared@example.org", "city": "Oslo"},
        {"email": "shared@example.org", "phone": "+4712345678", "city": "Rome"},
    )
    house.work()
    house.build()
    house.export("oslo", field="user_id")
    house.run_jobs()
    tell(house)
    whole = house.profile("user_id", "u1")["id"]
    house.now += timedelta(seconds=1)
    publish_edit(
        house.store,
        account=house.account.number,
        edit=lambda draft: change_identifier(
            draft, "email", IdentifierChange(block=("shared@example.org",))
        ),
        actor=ACTOR,
        clock=lambda: house.now,
    )

    replayed(house)

    other = house.profile("phone", "+4712345678")["id"]
    assert other != whole == house.profile("user_id", "u1")["id"]
    assert ("split", other, whole, False) in recorded(house)
    assert house.profile("user_id", "u1")["audiences"] == ["oslo"]
    assert house.outbox()["u1"][0] == ["oslo"]


def test_a_replay_that_regroups_nobody_records_nobody(house: House) -> None:
    house.send({"user_id": "u1", "email": "u1@example.org"}, {"user_id": "u2"})
    house.work()

    replayed(house)

    assert recorded(house) == []
