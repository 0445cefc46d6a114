"""Labelled people of others: what is joined by a key that is truly unique is joined rightly.

The data lie beside the checkout and are not ours to copy; without them this is skipped.
"""

import csv
import itertools
import json
import random
from pathlib import Path

import pytest
from tests.properties.identity_world import Memory, as_events

from coterie.model.mapped import Identifier

PEERS = Path(__file__).parents[3] / "shared" / "vectors" / "peers"

if not PEERS.exists():
    pytest.skip(f"{PEERS.name} vectors are not here", allow_module_level=True)


def test_records_that_share_a_mail_address_are_one_person_and_no_others_are() -> None:
    with (PEERS / "splink" / "fake_1000.csv").open(encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    truth = {("cookie", record["unique_id"]): record["cluster"] for record in records}
    said: list[tuple[int, list[Identifier]]] = [
        (number + 1, [("cookie", record["unique_id"]), *mail_of(record)])
        for number, record in enumerate(records)
    ]
    random.Random(7).shuffle(said)
    memory = Memory()
    for event in as_events(said):
        memory.take([event])

    joined = [
        pair
        for person in memory.people().values()
        for pair in itertools.combinations([item for item in person if item[0] == "cookie"], 2)
    ]

    assert len(joined) > 300
    assert all(truth[one] == truth[other] for one, other in joined)


def test_what_an_anonymous_visitor_did_is_theirs_once_they_are_known() -> None:
    steps = json.loads((PEERS / "user_recognition.json").read_text("utf-8"))["steps"]
    sent = [message for step in steps for message in step["send"]]
    emitted = steps[-1]["emitted_downstream"]
    memory = Memory()

    for event in as_events((number + 1, names_in(message)) for number, message in enumerate(sent)):
        memory.take([event])

    (person,) = memory.people().values()
    assert sorted(person) == sorted({item for message in emitted for item in names_in(message)})
    assert len(memory.folded) == len(emitted)


def mail_of(record: dict[str, str]) -> list[Identifier]:
    mail = record["email"].strip().lower()
    return [("email", mail)] if mail else []


def names_in(message: dict[str, object]) -> list[Identifier]:
    context = message.get("context")
    traits = context.get("traits", {}) if isinstance(context, dict) else {}
    found = {
        "user_id": message.get("userId"),
        "email": traits.get("email"),
        "cookie": message.get("anonymousId"),
    }
    return [(field, str(value)) for field, value in found.items() if value]
