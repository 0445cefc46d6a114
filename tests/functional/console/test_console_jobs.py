import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.functional.console.conftest import (
    ACCOUNT,
    ACTOR,
    NOW,
    DataPlane,
    Visitor,
)

from coterie.console.dependencies import ConsoleDependencies
from coterie.console.pages.jobs import LOG_LINES
from coterie.control.jobs import get_job, list_jobs
from coterie.control.jobs.read import add_log
from coterie.control.users import create_person
from coterie.model.control import ImportCsvConfig, Job
from coterie.model.delivery import ParkedRow
from coterie.model.exports import ExportAudienceConfig
from coterie.model.views import IdentifierView, JobFigures, OmittedView

NEW_EXPORT = "/data/jobs/new/export-audience"
NEW_IMPORT = "/data/jobs/new/import-csv"


def create_export(visitor: Visitor, authorization_id: int, **values: object) -> Job:
    page = f"{NEW_EXPORT}?authorization={authorization_id}"
    form = {
        "authorization": authorization_id,
        "label": "To Braze",
        "identifier_field": "user_id",
        "audiences": ["fans", "vips"],
        "attribute": "lytics_segments",
        "existing_users": "yes",
    }
    answer = visitor.send(NEW_EXPORT, page=page, **(form | values))
    assert answer.status_code == 303, answer.text
    path = Path(answer.headers["location"])
    deps: ConsoleDependencies = visitor.client.app.state.deps
    return get_job(deps.store, ACCOUNT, int(path.name))


def test_the_wizard_leads_from_type_to_authorization_to_settings(
    admin: Visitor, authorization_id: int
) -> None:
    types = admin.open("/data/jobs/new").text
    authorizations = admin.open(NEW_EXPORT).text
    settings = admin.open(f"{NEW_EXPORT}?authorization={authorization_id}").text

    assert f'href="{NEW_EXPORT}"' in types
    assert f'href="{NEW_EXPORT}?authorization={authorization_id}"' in authorizations
    assert "Existing Users" in settings
    assert 'name="existing_users" type="checkbox" value="yes" checked' in settings
    assert 'value="fans"' in settings
    assert 'value="vips"' in settings


def test_an_export_job_takes_all_that_the_form_says(admin: Visitor, authorization_id: int) -> None:
    names = {"value_prefix": "lytics_", "name:vips": "top", "attribute": "groups"}

    job = create_export(admin, authorization_id, **names)

    assert isinstance(job.config, ExportAudienceConfig)
    assert job.config.audiences == ("fans", "vips")
    assert job.config.existing_users
    assert job.config.attribute == "groups"
    assert job.config.exported_name("fans") == "lytics_fans"
    assert job.config.exported_name("vips") == "lytics_top"


def test_an_unticked_box_leaves_existing_users_out(admin: Visitor, authorization_id: int) -> None:
    job = create_export(admin, authorization_id, existing_users="")

    assert isinstance(job.config, ExportAudienceConfig)
    assert not job.config.existing_users


def test_a_refused_job_keeps_what_was_entered(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    page = f"{NEW_EXPORT}?authorization={authorization_id}"

    answer = admin.send(
        NEW_EXPORT,
        page=page,
        authorization=authorization_id,
        label="Half done",
        identifier_field="user_id",
        attribute="lytics_segments",
    )

    assert answer.status_code == 400
    assert "Choose at least one audience" in answer.text
    assert 'value="Half done"' in answer.text
    assert 'name="existing_users" type="checkbox" value="yes">' not in answer.text
    assert list_jobs(deps.store, ACCOUNT) == []


def test_without_an_authorization_the_wizard_says_where_to_make_one(admin: Visitor) -> None:
    page = admin.open(NEW_EXPORT)

    assert "Connect Braze first" in page.text
    assert "/data/authorizations/new/braze/api_key" in page.text


def test_an_import_job_reads_a_local_folder(admin: Visitor, deps: ConsoleDependencies) -> None:
    answer = admin.send(
        NEW_IMPORT,
        page=f"{NEW_IMPORT}?authorization=local",
        authorization="local",
        label="Users",
        stream="braze_csv",
        folder="/srv/files",
        which="prefix",
        file="users_",
        continuous_update="yes",
        delimiter="t",
        fields="email, country",
        timestamps="changed",
    )

    assert answer.status_code == 303, answer.text
    (job,) = list_jobs(deps.store, ACCOUNT)
    assert job.config == ImportCsvConfig(
        stream="braze_csv",
        folder="/srv/files",
        prefix="users_",
        continuous_update=True,
        delimiter="\t",
        fields=("email", "country"),
        timestamps=("changed",),
    )
    assert "users_" in admin.follow(answer).text


def test_a_job_shows_its_state_figures_and_log(
    admin: Visitor, authorization_id: int, data_plane: DataPlane
) -> None:
    data_plane.figures = JobFigures(
        added=1234, removed=56, omitted=7, refused=8_765, parked=43, pending=9
    )

    job = create_export(admin, authorization_id)

    page = admin.open(f"/data/jobs/{job.id}").text
    assert "Runnable" in page
    for figure in ("1,234", "56", "lytics_segments", "Made by admin@example.org."):
        assert figure in page
    assert ">43<" in page
    assert "by Braze now, 8,765 in all" in page


def test_a_job_says_what_is_held_back_and_until_when(
    admin: Visitor, authorization_id: int, data_plane: DataPlane
) -> None:
    job = create_export(
        admin, authorization_id, quiet_start="22:00", quiet_end="07:00", quiet_zone="Europe/Oslo"
    )
    until = datetime(2026, 3, 1, 6, tzinfo=UTC)
    data_plane.figures = JobFigures(pending=1_234, held=1_230, held_until=until)
    quiet = admin.open(f"/data/jobs/{job.id}").text
    data_plane.figures = JobFigures(held_until=until)
    calm = admin.open(f"/data/jobs/{job.id}").text
    data_plane.figures = JobFigures(pending=5, held=5)
    paused = admin.open(f"/data/jobs/{job.id}").text

    assert "1,230 held back until 07:00, Europe/Oslo" in quiet
    assert ">quiet until 07:00, Europe/Oslo<" in calm
    assert "all held back while the job is paused" in paused


def test_a_job_shows_what_its_delivery_costs_and_its_last_error_with_the_cure(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    job = create_export(admin, authorization_id)
    with deps.store.transaction() as conn:
        conn.execute(
            "UPDATE destination SET data_points = 1234, data_points_saved = 56,"
            " last_error = 'Braze refuses the key. Make a new one.', last_error_at = now()"
            " WHERE id = %s",
            (job.destination_id,),
        )

    page = admin.open(f"/data/jobs/{job.id}").text

    assert "1,234" in page
    assert "56 saved" in page
    assert "Make a new one." in page
    assert f'href="/data/deliveries/{job.destination_id}"' in page


def test_older_lines_of_a_log_are_a_page_away(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    job = create_export(admin, authorization_id)
    with deps.store.transaction() as conn:
        for number in range(LOG_LINES):
            add_log(conn, job.id, "synced", f"Line {number}.", now=NOW)

    newest = admin.open(f"/data/jobs/{job.id}").text
    [older] = re.findall(r"\?before=\d+", newest)
    oldest = admin.open(f"/data/jobs/{job.id}{older}").text

    assert "Line 19." in newest
    assert "Made by admin@example.org." not in newest
    assert "Line 19." not in oldest
    assert "Made by admin@example.org." in oldest


def test_refused_users_are_shown_with_the_reason_and_sent_again(
    admin: Visitor, authorization_id: int, data_plane: DataPlane
) -> None:
    job = create_export(admin, authorization_id)
    page = f"/data/jobs/{job.id}"
    row = ParkedRow(recipient="u-7", reason="The value is too long.", record="{}", at=NOW)
    data_plane.refused = (row,)

    shown = admin.open(page).text
    answer = admin.send(f"{page}/replay", page=page)

    assert "u-7" in shown
    assert "The value is too long." in shown
    assert "1 user will be sent again." in admin.follow(answer).text
    assert data_plane.replayed == [(ACCOUNT, job.id, "person:1")]


def test_omitted_users_are_listed_with_the_reason(
    admin: Visitor, authorization_id: int, data_plane: DataPlane
) -> None:
    job = create_export(admin, authorization_id)
    cookie = IdentifierView(field="_uids", value="cookie-7")
    row = OmittedView(
        profile_id="0" * 32,
        since=NOW,
        reason="no value in field 'user_id'",
        identifiers=(cookie,),
    )
    data_plane.omitted = (row,)

    shown = admin.open(f"/data/jobs/{job.id}").text

    assert "Omitted users" in shown
    assert "cookie-7" in shown
    assert "no value in field" in shown


def test_a_job_is_paused_and_resumed(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    job = create_export(admin, authorization_id)
    page = f"/data/jobs/{job.id}"

    admin.send(f"{page}/pause", page=page)
    paused = get_job(deps.store, ACCOUNT, job.id).state
    shown = admin.open(page).text
    admin.send(f"{page}/resume", page=page)

    assert paused == "paused"
    assert "Paused" in shown
    assert f"{page}/pause" not in shown
    assert get_job(deps.store, ACCOUNT, job.id).state == "runnable"


@pytest.mark.parametrize(("step", "after"), [("kill", "killed"), ("delete", "deleted")])
def test_ending_a_job_asks_first_and_names_what_is_withdrawn(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies, step: str, after: str
) -> None:
    job = create_export(admin, authorization_id, value_prefix="lytics_")
    path = f"/data/jobs/{job.id}/{step}"

    asked = admin.open(path).text
    state_meanwhile = get_job(deps.store, ACCOUNT, job.id).state
    admin.send(path)

    assert f"{step.capitalize()} “To Braze”" in asked
    assert "lytics_fans" in asked
    assert "unless another job wants it there" in asked
    assert state_meanwhile == "runnable"
    assert get_job(deps.store, ACCOUNT, job.id).state == after


def test_a_step_that_the_state_does_not_allow_is_explained(
    admin: Visitor, authorization_id: int
) -> None:
    job = create_export(admin, authorization_id)
    page = f"/data/jobs/{job.id}"
    token_page = admin.open(page)
    admin.send(f"{page}/kill")

    answer = admin.send(f"{page}/pause", page="/")

    assert token_page.status_code == 200
    assert answer.status_code == 400
    assert "is killed and cannot become paused" in answer.text


def test_a_new_observer_sees_jobs_without_buttons(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    job = create_export(admin, authorization_id)
    create_person(
        deps.store,
        account=ACCOUNT,
        email="watcher@example.org",
        password="Another-Horse-8-Battery",
        role="observer",
        actor=ACTOR,
        now=NOW,
    )
    admin.send("/sign-out", page="/")
    admin.sign_in("watcher@example.org", "Another-Horse-8-Battery")

    page = admin.open(f"/data/jobs/{job.id}")

    assert page.status_code == 200
    assert "Kill" not in page.text
