"""docs/explanation/identity.md is right: its events are sent, its commands run, in its order."""

import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from coterie.app.services import config_source
from coterie.control.definitions.decisions import find_in_force
from coterie.flow.run.identities import IdentityExplainer
from coterie.flow.run.names import IDENTITY_PURPOSE

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House

    from coterie.model.decisions import DecisionKind
    from coterie.model.mapped import Identifier

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "identity.md"
FENCE = re.compile(r"^```(jsonl|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEAST_ANSWERS = 6


def identifier(text: str) -> "Identifier":
    field, _, value = text.partition("=")
    return field, value


class Reader:
    """Does what the page says, and collects what is answered."""

    def __init__(self, house: "House") -> None:
        self.house = house
        self.answers: list[tuple[str, str]] = []

    def send(self, lines: str) -> None:
        for line in lines.splitlines():
            self.house.now += timedelta(minutes=1)
            self.house.send(msgspec.json.decode(line))
        self.house.work()

    def type_in(self, lines: str) -> None:
        asked = ""
        for line in lines.splitlines():
            if line.startswith("$ "):
                asked = self.run(shlex.split(line.removeprefix("$ coterie identity ")))
            else:
                self.answers.append((line, asked))

    def run(self, words: list[str]) -> str:
        verb, one = words[0], identifier(words[1])
        account = self.house.account.number
        if verb == "why":
            key = self.house.ring.hash_key(IDENTITY_PURPOSE)
            explainer = IdentityExplainer(self.house.store, config_source(), key)
            return explainer.relation(account, one, identifier(words[2])).said
        if verb == "pin":
            kind: DecisionKind = "pin_apart" if "--apart" in words else "pin_together"
            self.house.pin(kind, one, identifier(words[2]), reason=words[-1])
        elif verb == "block":
            self.house.pin("block_value", one, reason=words[-1])
        else:
            assert verb == "unblock"
            self.house.undo(find_in_force(self.house.store, account, one))
        self.house.work()
        return ""


def test_the_page_about_identities_says_what_happens(house: "House") -> None:
    reader = Reader(house)

    for found in FENCE.finditer(PAGE.read_text("utf-8")):
        if found[1] == "jsonl":
            reader.send(found[2])
        elif found[2].startswith("$ "):
            reader.type_in(found[2])

    assert len(reader.answers) >= LEAST_ANSWERS
    assert [said for said, _ in reader.answers] == [answer for _, answer in reader.answers]
