"""Where a value comes from, as the console shows it."""

from datetime import UTC, datetime

import msgspec
import pytest
from tests.functional.console.conftest import DataPlane, Visitor, sample_profile

from coterie.model.entity import FieldLineage, Origin

ADA = {"field": "email", "value": "ada@example.org"}
SEEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINEAGE = FieldLineage(
    field="email",
    op="latest",
    events=3,
    origins=(
        Origin(
            part="",
            value="ada@example.org",
            lane=1,
            seq=7,
            stream="braze_users",
            received_at=SEEN,
            occurred_at=SEEN,
            version=4,
            expr="email(mail)",
            guard="consent = <yes>",
        ),
    ),
)


@pytest.fixture(autouse=True)
def ada(data_plane: DataPlane) -> None:
    data_plane.profiles["email", ADA["value"]] = sample_profile()
    data_plane.lineages["email", ADA["value"]] = (LINEAGE,)


def test_each_field_can_be_asked_where_it_comes_from(admin: Visitor) -> None:
    page = admin.send("/profiles", **ADA).text

    assert 'name="origin" value="email">Where from?' in page
    assert "braze_users" not in page


def test_a_field_that_is_asked_names_its_event_and_its_mapping(admin: Visitor) -> None:
    page = admin.send("/profiles", **ADA, origin="email").text

    assert '<a href="/data/streams/braze_users">' in page
    assert "<code>email(mail)</code> if <code>consent = &lt;yes&gt;</code>" in page
    assert "schema version 4, event 1/7" in page
    assert "Where from: 3 events" in page


def test_what_the_log_no_longer_tells_is_admitted(admin: Visitor, data_plane: DataPlane) -> None:
    lost = msgspec.structs.replace(LINEAGE, events=0, origins=(), is_whole=False)
    data_plane.lineages["email", ADA["value"]] = (lost,)

    page = admin.send("/profiles", **ADA, origin="email").text

    assert "It rests on events that the log no longer holds" in page
