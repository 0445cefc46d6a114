"""A marketer plans an audience: drafts, previews, ends, sizes, overlaps."""

from datetime import UTC, datetime, timedelta

from tests.functional.console.conftest import ACCOUNT, NOW, DataPlane, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.definitions.audiences import get_audience, list_audiences
from coterie.model.insights import Estimate, FieldInfo, FieldReport, Overlap, ValueCount

NEW = "/audiences/-new"
FANS = {"name": "Fans", "slug": "fans", "filter_text": "FILTER EXISTS email"}


def note_sizes(deps: ConsoleDependencies, *sizes: int) -> None:
    with deps.store.transaction() as conn:
        for index, size in enumerate(sizes):
            hour = NOW - timedelta(hours=len(sizes) - index)
            conn.execute("INSERT INTO audience_size SELECT id, %s, %s FROM audience", (hour, size))


def test_a_preview_saves_nothing_and_keeps_the_form(
    admin: Visitor, deps: ConsoleDependencies, data_plane: DataPlane
) -> None:
    data_plane.estimate = Estimate(
        size=5_000, low=4_700, high=5_350, profiles=1_000_000, asked=9_000, matched=45,
        is_exact=False,
    )  # fmt: skip

    page = admin.send(NEW, **FANS, do="preview").text

    assert "5,000 profiles</strong> of 1,000,000: between 4,700 and 5,350" in page
    assert "FILTER EXISTS email" in page
    assert list_audiences(deps.store, ACCOUNT) == []


def test_a_draft_is_saved_shown_as_such_and_activated(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    made = admin.send(NEW, **FANS, do="draft")
    page = admin.follow(made).text

    admin.send("/audiences/fans/activate", page="/audiences/fans")

    assert "is saved as a draft" in page
    assert "it holds nobody until it is activated" in page
    assert get_audience(deps.store, ACCOUNT, "fans").state == "building"


def test_an_end_is_set_changed_and_taken_off(admin: Visitor, deps: ConsoleDependencies) -> None:
    admin.send(NEW, **FANS, expires_at="2031-06-01T08:00")
    first = get_audience(deps.store, ACCOUNT, "fans").expires_at
    shown = admin.open("/audiences/fans/edit").text

    words = {"name": "Fans", "filter_text": FANS["filter_text"]}
    admin.send("/audiences/fans/edit", **words, expires_at="")
    past = admin.send("/audiences/fans/edit", **words, expires_at="2030-01-01T00:00")

    assert first == datetime(2031, 6, 1, 8, tzinfo=UTC)
    assert 'value="2031-06-01T08:00"' in shown
    assert get_audience(deps.store, ACCOUNT, "fans").expires_at is None
    assert (past.status_code, "has to be to come" in past.text) == (400, True)


def test_the_size_over_time_is_drawn(admin: Visitor, deps: ConsoleDependencies) -> None:
    admin.send(NEW, **FANS)
    note_sizes(deps, 10, 30, 20)

    page = admin.open("/audiences/fans").text

    assert "Members of Fans over time, 20 now" in page
    assert page.count('class="mark"') == 3


def test_overlaps_and_values_have_pages(admin: Visitor, data_plane: DataPlane) -> None:
    admin.send(NEW, **FANS)
    data_plane.overlaps = (
        Overlap(
            slug="vip", name="VIP", size=8, both=4, low=4, high=4, is_exact=True, of_this=0.25,
            of_other=0.5,
        ),
        Overlap(
            slug="all", name="All", size=9_000, both=16, low=12, high=20, is_exact=False, of_this=1,
            of_other=0.002,
        ),
    )  # fmt: skip
    info = FieldInfo(
        field="city", kind="string", asked=16, present=8, distinct=1,
        values=(ValueCount(value="Oslo", count=8),),
    )  # fmt: skip
    data_plane.field_report = FieldReport(size=16, asked=16, is_exact=True, fields=(info,))

    overlap = admin.open("/audiences/fans/overlap").text
    values = admin.open("/audiences/fans/values").text

    assert "VIP" in overlap
    assert "25.0 %" in overlap
    assert "About 16" in overlap
    assert "12 to 20" in overlap
    assert "Oslo" in values
    assert "50 % have a value" in values


def test_starters_become_drafts(admin: Visitor, deps: ConsoleDependencies) -> None:
    admin.send("/audiences/-starters", slug=["ly_known_email", "smt_new"])

    found = list_audiences(deps.store, ACCOUNT)
    assert [(one.slug, one.state) for one in found] == [
        ("ly_known_email", "draft"),
        ("smt_new", "draft"),
    ]


def test_an_audience_that_is_set_aside_says_so_wherever_it_is_shown(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    admin.send(NEW, **FANS)
    with deps.store.transaction() as conn:
        conn.execute("UPDATE audience SET filter_text = 'FILTER bygone(email)'")

    listed, shown = admin.open("/audiences").text, admin.open("/audiences/fans").text

    assert "Failed" in listed
    assert "This audience is set aside. Its filter cannot be read any more." in shown
    assert "there is no function &#39;bygone&#39;" in shown
    assert '<a href="/audiences/fans">Fans</a> is set aside' in admin.open("/").text
