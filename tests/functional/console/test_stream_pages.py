"""A stream's page, whatever was sent to the stream."""

import pytest
from tests.functional.console.conftest import NOW, DataPlane, Visitor

from coterie.model.streams import RejectedReport
from coterie.model.views import EventView

HALF = '{"a":"' + chr(92) + 'ud800"}'
DEEP = "[" * 400 + "1," * 9_000 + "1" + "]" * 400


def event(body: str, *, is_cut: bool = False) -> EventView:
    return EventView(
        lane=0,
        seq=1,
        stream="default",
        received_at=NOW,
        occurred_at=None,
        body=body,
        is_cut=is_cut,
    )


def rejected(body: str, *, is_cut: bool = False) -> RejectedReport:
    return RejectedReport(
        ref="1",
        received_at=NOW,
        source="http",
        position="",
        reason="no",
        body=body,
        is_cut=is_cut,
    )


@pytest.mark.parametrize("body", [HALF, "[" * 10_000, '{"a":' + "9" * 6_000 + "}", "\ufffd"])
def test_a_page_opens_whatever_its_events_hold(
    admin: Visitor, data_plane: DataPlane, body: str
) -> None:
    data_plane.events, data_plane.rejected = (event(body),), (rejected(body),)

    assert admin.open("/data/streams/default").status_code == 200


def test_keys_and_numbers_are_shown_as_they_were_sent(
    admin: Visitor, data_plane: DataPlane
) -> None:
    data_plane.events = (event('{"a":1.10,"a":12345678901234567890123}'),)

    page = admin.open("/data/streams/default").text

    assert "&#34;a&#34;: 1.10,\n  &#34;a&#34;: 12345678901234567890123\n" in page


def test_what_is_cut_says_so(admin: Visitor, data_plane: DataPlane) -> None:
    data_plane.events = (event('{"a":1}'),)
    whole = admin.open("/data/streams/default").text
    data_plane.rejected = (rejected('{"a":"xxx', is_cut=True),)
    cut = admin.open("/data/streams/default").text

    assert "only the beginning" not in whole
    assert cut.count("only the beginning of a long event is shown") == 1


def test_indenting_does_not_blow_a_page_up(admin: Visitor, data_plane: DataPlane) -> None:
    data_plane.events = (event(DEEP),) * 25

    assert len(admin.open("/data/streams/default").content) < 1_000_000
