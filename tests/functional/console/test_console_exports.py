"""Exports are checked before they start, changed and ended in the browser."""

import re
from pathlib import Path

from tests.functional.console.conftest import ACCOUNT, ACTOR, NOW, Visitor
from tests.functional.console.test_console_jobs import NEW_EXPORT, create_export

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.authorizations import update_authorization
from coterie.control.jobs import get_job, list_jobs
from coterie.model.control import ProbeResult
from coterie.model.exports import (
    Consent,
    ExportAudienceConfig,
    ExportProfilesConfig,
    ExportSubscriptionsConfig,
    QuietWindow,
    SubscriptionRule,
)


def test_the_wizard_ends_with_what_the_job_would_do(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    page = f"{NEW_EXPORT}?authorization={authorization_id}"
    form = {
        "authorization": authorization_id,
        "label": "To Braze",
        "identifier_field": "user_id",
        "email_field": "email",
        "first": "email",
        "audiences": ["fans"],
        "suppressed_by": ["vips"],
        "form": "booleans",
        "value_prefix": "in_",
        "existing_users": "yes",
        "consent_field": "channels",
        "consent_values": "app, web",
        "quiet_start": "22:00",
        "quiet_end": "07:00",
        "quiet_zone": "Europe/Berlin",
        "expires_at": "2031-05-31T12:00",
    }

    checked = admin.send(f"{NEW_EXPORT}/check", page=page, **form)
    jobs_meanwhile = list_jobs(deps.store, ACCOUNT)
    again = admin.send(f"{NEW_EXPORT}/settings", page=page, **form)
    made = admin.send(NEW_EXPORT, page=page, **form)
    job = get_job(deps.store, ACCOUNT, int(Path(made.headers["location"]).name))

    assert (checked.status_code, jobs_meanwhile) == (200, [])
    assert "Nothing has been sent" in checked.text
    assert 'name="consent_values" value="app, web"' in checked.text
    assert 'value="To Braze"' in again.text
    assert isinstance(job.config, ExportAudienceConfig)
    assert [one.kind for one in job.config.identifiers] == ["email", "external_id"]
    assert (job.config.form, job.config.exported_name("fans")) == ("booleans", "in_fans")
    assert job.config.suppressed_by == ("vips",)
    assert job.config.consent == Consent(field="channels", values=("app", "web"))
    assert job.config.quiet == QuietWindow(zone="Europe/Berlin", start="22:00", end="07:00")
    assert str(job.config.expires_at) == "2031-05-31 12:00:00+00:00"


def test_cohorts_can_be_chosen_where_the_authorization_opens_them(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    page = f"{NEW_EXPORT}?authorization={authorization_id}"
    form = {
        "authorization": authorization_id,
        "label": "To cohorts",
        "identifier_field": "user_id",
        "audiences": ["fans"],
        "form": "cohorts",
    }
    closed = admin.open(page)
    refused = admin.send(f"{NEW_EXPORT}/check", page=page, **form)

    update_authorization(
        deps.store,
        deps.ring,
        account=ACCOUNT,
        authorization_id=authorization_id,
        config={
            "cohort_partner": "acme",
            "cohort_partner_key": "partner-key",
            "cohort_import_key": "import-key",
        },
        actor=ACTOR,
        now=NOW,
    )
    opened = admin.open(page)
    made = admin.send(NEW_EXPORT, page=page, **form)
    shown = admin.open(made.headers["location"])
    access = admin.open(f"/data/authorizations/{authorization_id}")

    assert 'value="cohorts"' not in closed.text
    assert "Cohorts can be chosen once" in closed.text
    assert refused.status_code == 400
    assert "no access to cohorts" in refused.text
    assert 'value="cohorts"' in opened.text
    assert "<dt>Cohorts</dt><dd>One for each audience</dd>" in shown.text
    assert "acme" in access.text
    assert "partner-key" not in access.text


def test_a_check_that_fails_keeps_what_was_entered(admin: Visitor, authorization_id: int) -> None:
    page = f"{NEW_EXPORT}?authorization={authorization_id}"

    answer = admin.send(
        f"{NEW_EXPORT}/check", page=page, authorization=authorization_id, label="Half done"
    )

    assert answer.status_code == 400
    assert "Choose at least one audience" in answer.text
    assert 'value="Half done"' in answer.text


def test_an_export_is_changed_after_a_look_at_what_that_does(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    job = create_export(admin, authorization_id)
    page = f"/data/jobs/{job.id}/edit"
    form = {"label": "Fans only", "identifier_field": "user_id", "audiences": ["fans"]}

    shown = admin.open(page).text
    checked = admin.send(f"{page}/check", page=page, **form)
    answer = admin.send(page, page=page, given_up="leave", **form)
    after = get_job(deps.store, ACCOUNT, job.id)

    assert 'value="vips" checked' in shown
    assert "Take them away" in checked.text
    assert "<code>vips</code>" in checked.text
    assert answer.status_code == 303
    assert isinstance(after.config, ExportAudienceConfig)
    assert (after.label, after.config.audiences) == ("Fans only", ("fans",))
    assert after.config.existing_users


def test_a_job_says_whether_who_is_forgotten_is_deleted_at_braze(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    new = admin.open(f"{NEW_EXPORT}?authorization={authorization_id}")
    job = create_export(admin, authorization_id)
    page = f"/data/jobs/{job.id}/edit"
    form = {"label": "Export", "identifier_field": "user_id", "audiences": ["fans"]}

    before = admin.open(f"/data/jobs/{job.id}").text
    admin.send(page, page=page, **form, delete_forgotten="yes")
    after = get_job(deps.store, ACCOUNT, job.id).config
    told = admin.open(f"/data/jobs/{job.id}").text

    assert 'name="delete_forgotten" type="checkbox" value="yes" checked' in new.text
    assert "Stays a user of Braze" in before
    assert isinstance(after, ExportAudienceConfig)
    assert after.delete_forgotten
    assert "Deleted in Braze too" in told


def test_a_key_that_may_not_delete_is_told_of_where_jobs_delete(
    admin: Visitor,
    authorization_id: int,
    probe_answers: dict[str, ProbeResult],
) -> None:
    caution = "The key lacks the permission users.delete."
    probe_answers["braze"] = ProbeResult(ok=True, detail="Fine.", caution=caution)
    job = create_export(admin, authorization_id)
    access = f"/data/authorizations/{authorization_id}"
    form = {"label": "Export", "identifier_field": "user_id", "audiences": ["fans"]}

    admin.send(f"{access}/test", page=access)
    kept = admin.open(f"/data/jobs/{job.id}").text
    admin.send(
        f"/data/jobs/{job.id}/edit",
        page=f"/data/jobs/{job.id}/edit",
        **form,
        delete_forgotten="yes",
    )
    offered = admin.open(f"{NEW_EXPORT}?authorization={authorization_id}").text
    deleting = admin.open(f"/data/jobs/{job.id}").text
    probe_answers["braze"] = ProbeResult(ok=True, detail="Fine.")
    admin.send(f"{access}/test", page=access)
    cured = admin.open(f"/data/jobs/{job.id}").text

    assert caution not in kept
    assert caution in offered
    assert caution in deleting
    assert caution not in cured


def test_a_job_that_cleans_up_says_so(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    job = create_export(admin, authorization_id)

    admin.send(f"/data/jobs/{job.id}/delete", given_up="clean")
    shown = admin.open(f"/data/jobs/{job.id}").text

    assert get_job(deps.store, ACCOUNT, job.id).state == "runnable"
    assert "takes away what it wrote in Braze; then it is deleted" in shown
    assert f"/data/jobs/{job.id}/edit" not in shown


def test_what_is_chosen_comes_first_in_lists(admin: Visitor, authorization_id: int) -> None:
    job = create_export(admin, authorization_id, audiences=["vips"])

    shown = admin.open(f"/data/jobs/{job.id}/edit").text

    assert re.findall(r'name="audiences" value="(\w+)"', shown) == ["vips", "fans"]


def test_fields_are_exported_as_attributes(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    new = "/data/jobs/new/export-profiles"
    page = f"{new}?authorization={authorization_id}"
    form = {
        "authorization": authorization_id,
        "label": "Profiles",
        "identifier_field": "user_id",
        "audiences": ["fans"],
        "existing_users": "yes",
        "fields": ["city", "order_total"],
        "name:city": "home_city",
        "type:order_total": "integer",
        "on_leaving": "delete",
    }

    checked = admin.send(f"{new}/check", page=page, **form)
    made = admin.send(new, page=page, **form)
    job = get_job(deps.store, ACCOUNT, int(Path(made.headers["location"]).name))
    shown = admin.open(f"/data/jobs/{job.id}").text
    edit = admin.open(f"/data/jobs/{job.id}/edit").text

    assert checked.status_code == 200, checked.text
    assert isinstance(job.config, ExportProfilesConfig)
    assert job.config.attributes == {"home_city": "city", "order_total": "order_total"}
    assert job.config.types == {"order_total": "integer"}
    assert "<code>home_city</code>" in shown
    assert 'value="city" checked' in edit
    assert 'name="name:city" value="home_city"' in edit


def test_consents_are_exported_as_subscription_groups(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    new = "/data/jobs/new/export-subscriptions"
    group = "8e6a1c0e-7f5d-4a6e-9b1c-0d2f3a4b5c6d"
    form = {
        "authorization": authorization_id,
        "label": "Consents",
        "identifier_field": "user_id",
        "audiences": ["fans"],
        "group0": group,
        "field0": "city",
        "yes0": "yes, true",
    }

    made = admin.send(new, page=f"{new}?authorization={authorization_id}", **form)
    job = get_job(deps.store, ACCOUNT, int(Path(made.headers["location"]).name))
    edit = admin.open(f"/data/jobs/{job.id}/edit").text

    assert isinstance(job.config, ExportSubscriptionsConfig)
    assert job.config.groups == {group: SubscriptionRule(field="city", yes=("yes", "true"))}
    assert f'value="{group}"' in edit
    # Braze cannot be told to know nothing of a subscription.
    assert "clean_up_at_expiry" not in edit
    assert "given_up" not in admin.open(f"/data/jobs/{job.id}/delete").text
