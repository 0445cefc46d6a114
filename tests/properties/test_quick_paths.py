"""What is said in the usual way, as one text, means what it means said in any other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.flow.mapping.identify import identification
from coterie.flow.run.names import Names
from coterie.lang.expr.functions import FUNCTIONS
from coterie.model.schema import USUAL_BLOCKED, IdentifierRule

SPELLINGS = [
    IdentifierRule(rank=0, unique=False),
    IdentifierRule(rank=0, unique=False, normalise="lower"),
    IdentifierRule(rank=0, unique=False, normalise="email"),
    IdentifierRule(rank=0, unique=False, normalise="digits"),
]
said = st.one_of(
    st.text(), st.sampled_from(["", " ", "n/a", " N/A ", "0", "null", "+49 30 1", "A@B.C", "\0"])
)


@pytest.mark.parametrize("kind", ["[]string", "ts[]string"])
@pytest.mark.parametrize("rule", SPELLINGS)
@given(text=said)
def test_one_text_identifies_as_a_list_of_it_does(
    kind: str, rule: IdentifierRule, text: str
) -> None:
    identify = identification(kind, rule, USUAL_BLOCKED)

    assert identify(text) == identify([text])


@given(text=said)
def test_one_text_counts_as_a_list_of_it_does(text: str) -> None:
    count = FUNCTIONS["valuect"].run

    assert count(text) == count([text])


def test_a_node_keeps_its_name_when_it_was_forgotten() -> None:
    people = [("user_id", str(number)) for number in range(7)]
    known = Names(b"k" * 32, size=2)
    name, other = known.node(1), known.node(2)
    first = [name(person) for person in people]

    again = [name(person) for person in reversed(people)]

    assert again[::-1] == first
    assert len({*first, *(other(person) for person in people)}) == 14
