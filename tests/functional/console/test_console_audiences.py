from tests.functional.console.conftest import ACCOUNT, ACTOR, NOW, DataPlane, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.definitions.audiences import get_audience, list_audiences
from coterie.control.jobs import create_export
from coterie.model.views import IdentifierView, MemberView

NEW = "/audiences/-new"
FANS = {"name": "Fans", "slug": "fans", "filter_text": 'FILTER email CONTAINS "@"'}


def test_a_new_audience_is_building(admin: Visitor, deps: ConsoleDependencies) -> None:
    answer = admin.send(NEW, **FANS)

    page = admin.follow(answer).text
    assert "Audience “Fans” is building." in page
    assert "Building 0 %" in page
    assert get_audience(deps.store, ACCOUNT, "fans").filter_text == FANS["filter_text"]


def test_an_audience_may_be_called_new(admin: Visitor) -> None:
    admin.send(NEW, **{**FANS, "slug": "new"})

    page = admin.open("/audiences/new")

    assert page.status_code == 200
    assert "Whom it holds" in page.text


def test_a_wrong_filter_is_shown_with_line_column_and_marker(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    wrong = 'FILTER AND (\n  email CONTAINS "@"\n  country == == "DE"\n)'

    answer = admin.send(NEW, **{**FANS, "filter_text": wrong})

    assert answer.status_code == 400
    assert "Line 3, column 14" in answer.text
    marked = answer.text.split("<pre>", 1)[1].split("</pre>", 1)[0]
    assert "country == ==" in marked
    assert "^" in marked
    assert "country == == &#34;DE&#34;\n)" in answer.text.split("<textarea", 1)[1]
    assert list_audiences(deps.store, ACCOUNT) == []


def test_a_changed_filter_makes_another_version(admin: Visitor, deps: ConsoleDependencies) -> None:
    admin.send(NEW, **FANS)

    admin.send("/audiences/fans/edit", name="Friends", filter_text="FILTER EXISTS phone")

    changed = get_audience(deps.store, ACCOUNT, "fans")
    assert (changed.name, changed.filter_text, changed.version) == (
        "Friends",
        "FILTER EXISTS phone",
        2,
    )


def test_an_audience_shows_who_entered_last(admin: Visitor, data_plane: DataPlane) -> None:
    admin.send(NEW, **FANS)
    identifiers = (IdentifierView(field="user_id", value="u-1"),)
    data_plane.members = (MemberView(profile_id="a" * 32, since=NOW, identifiers=identifiers),)

    page = admin.open("/audiences/fans").text

    assert "u-1" in page


def test_an_audience_names_the_jobs_of_every_kind_that_use_it(
    admin: Visitor, deps: ConsoleDependencies, authorization_id: int
) -> None:
    admin.send(NEW, **FANS)
    admin.send(NEW, **{**FANS, "slug": "others"})
    for label, options in (
        ("Array", {"audiences": ["fans"], "names": {"fans": "Fan club"}}),
        ("Towns", {"kind": "export_profiles", "audiences": ["fans"], "attributes": {"a": "city"}}),
        ("Others", {"audiences": ["others"], "attribute": "b", "suppressed_by": ["fans"]}),
    ):
        create_export(
            deps.store,
            account=ACCOUNT,
            label=label,
            authorization_id=authorization_id,
            config={"identifier_field": "user_id", **options},
            actor=ACTOR,
            clock=deps.clock,
        )

    page = admin.open("/audiences/fans")

    assert page.status_code == 200
    assert "<code>Fan club</code> in Braze" in page.text
    assert ">Export Profiles<" in page.text
    assert ">left out<" in page.text


def test_archiving_asks_first_and_names_the_audience(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    admin.send(NEW, **FANS)

    asked = admin.open("/audiences/fans/archive").text
    answer = admin.send("/audiences/fans/archive")

    assert "Archive “Fans”" in asked
    assert "is archived" in admin.follow(answer).text
    assert list_audiences(deps.store, ACCOUNT) == []


def test_an_audience_that_another_includes_stays(admin: Visitor, deps: ConsoleDependencies) -> None:
    admin.send(NEW, **FANS)
    admin.send(NEW, name="Best", slug="best", filter_text="FILTER INCLUDE fans")

    answer = admin.send("/audiences/fans/archive")

    assert answer.status_code == 400
    assert "best" in answer.text
    assert len(list_audiences(deps.store, ACCOUNT)) == 2


def test_an_empty_account_is_told_what_to_do_next(admin: Visitor) -> None:
    overview = admin.open("/").text

    for step in ("Connect Braze", "Send data", "Describe an audience", "Export it"):
        assert step in overview
    assert "No audiences yet" in admin.open("/audiences").text
    assert "No jobs yet" in admin.open("/data/jobs").text
    assert "Connect Braze first" in admin.open("/data/authorizations").text
    assert "No access tokens yet" in admin.open("/account/tokens").text
    assert "No event has arrived" in admin.open("/data/streams/default").text


def test_everything_wrong_with_a_filter_is_shown_beside_it(admin: Visitor) -> None:
    wrong = 'FILTER AND (\n  email LKE "a*"\n  nosuch(email)\n  INCLUDE nobody\n)'

    page = admin.send(NEW, **{**FANS, "filter_text": wrong}).text

    beside = page.split("</textarea>", 1)[1].split("</form>", 1)[0]
    assert "2 things are wrong" in beside
    assert "Did you mean <code>like</code>?" in beside
    assert "there is no function &#39;nosuch&#39;" in beside
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="problems"' in page


def test_warnings_stay_with_the_audience_that_was_saved(admin: Visitor) -> None:
    doubtful = 'FILTER OR (emial == "a", br_session_count BETWEEN 9 AND 3)'

    saved = admin.follow(admin.send(NEW, **{**FANS, "filter_text": doubtful})).text
    later = admin.open("/audiences/fans").text
    editing = admin.open("/audiences/fans/edit").text

    for page in (saved, later, editing):
        assert "2 warnings" in page
        assert "no profile has a field &#39;emial&#39; yet" in page
        assert "Did you mean <code>br_session_count BETWEEN 3 AND 9</code>?" in page
