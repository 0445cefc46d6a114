"""What is said in the usual way, as one text, means what it means said in any other way."""

from datetime import UTC, datetime

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.flow.mapping.identify import identification
from coterie.flow.run.names import Names
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.phones import international, is_international
from coterie.lang.expr.values import to_int
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


BY_TEXT = sorted(name for name, function in FUNCTIONS.items() if function.of_text is not None)
INSTANTS = [datetime(2026, 3, 1, tzinfo=UTC), datetime(1999, 12, 31, 23, tzinfo=UTC)]
cells = st.one_of(
    said, st.sampled_from(["7", " 7", "$5,555.10", "1e3", "true", "f", "2026-03-01", "now-1d"])
)


@pytest.mark.parametrize("name", BY_TEXT)
@given(text=cells)
def test_a_text_alone_decides_what_it_is_said_to_decide(name: str, text: str) -> None:
    function = FUNCTIONS[name]
    assert function.of_text is not None

    def run(argument: str | None, now: datetime) -> object:
        world = [{"any": "row"}, now] if function.of_world else []
        return function.run(*world, argument)

    found = function.of_text(text)

    assert [run(text, now) for now in INSTANTS] == [found, found]
    assert [run(None, now) for now in INSTANTS] == [None, None]


def test_a_node_keeps_its_name_when_it_was_forgotten() -> None:
    people = [("user_id", str(number)) for number in range(7)]
    names = Names(b"k" * 32, size=2)
    name, other = names.node(1), names.node(2)

    first = [names.nodes(1, [person])[person] for person in people]
    again = names.nodes(1, people[::-1])

    assert [again[person] for person in people] == first
    assert [name(person) for person in people] == first
    assert len({*first, *(other(person) for person in people)}) == 14


CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


@given(
    code=st.sampled_from(CODES),
    rest=st.text("0123456789", max_size=15),
    region=st.sampled_from([None, "NO", "US", "IT"]),
)
def test_a_number_that_is_taken_as_it_is_would_be_parsed_to_the_same(
    code: int, rest: str, region: str | None
) -> None:
    text = f"+{code}{rest}"
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None

    if is_international(text):
        assert number is not None
        assert phonenumbers.is_possible_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == text
    elif number is None:
        assert international(text, region) is None


@pytest.mark.parametrize("text", ["+4790000000", "+18005551212", "+390612345678"])
def test_a_number_in_its_international_form_need_not_be_parsed(text: str) -> None:
    assert is_international(text)


@pytest.mark.parametrize(
    "text", ["", "+", "4790000000", "+47 90000000", "+٤٧٩٠٠٠٠٠٠٠", "+47900000001", "+0790000000"]
)
def test_what_is_no_number_in_that_form_is_left_to_parsing(text: str) -> None:
    assert not is_international(text)


@given(text=st.one_of(st.text("+-0123456789. ,$²٣"), st.text("0123456789", max_size=400)))
def test_digits_alone_are_read_as_numbers_with_a_sign_are(text: str) -> None:
    if text.isdigit():
        assert to_int(text) == to_int(f"+{text}")
    if text.isdigit() and text.isascii():
        assert to_int(text) == int(text)
