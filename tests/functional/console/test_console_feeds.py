"""Jobs that send events on are made, looked after, changed and ended in the browser."""

from typing import Any

from tests.functional.console.conftest import ACCOUNT, ACTOR, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.jobs import create_export, get_job
from coterie.model.feeds import ExportEventsConfig, ExportPurchasesConfig


def make(deps: ConsoleDependencies, authorization_id: int, **options: Any) -> int:
    return create_export(
        deps.store,
        account=ACCOUNT,
        label=f"Our {options['kind']}",
        authorization_id=authorization_id,
        config={"identifier_field": "user_id", "streams": ["default"], **options},
        actor=ACTOR,
        clock=deps.clock,
    ).id


def test_jobs_of_events_and_purchases_are_shown_and_ended(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    events = make(
        deps, authorization_id, kind="export_events", event_name="Bought", properties={"a": "b.c"}
    )
    purchases = make(
        deps, authorization_id, kind="export_purchases", currency="NOK", audiences=["fans"]
    )

    assert admin.open("/data/deliveries").status_code == 200
    jobs = admin.open("/data/jobs").text
    shown = admin.open(f"/data/jobs/{events}").text
    other = admin.open(f"/data/jobs/{purchases}").text
    asked = admin.open(f"/data/jobs/{events}/kill").text
    killed = admin.send(f"/data/jobs/{events}/kill", page=f"/data/jobs/{events}/kill")

    assert "Our export_events" in jobs
    assert "Our export_purchases" in jobs
    assert "Bought" in shown
    assert "<code>b.c</code>" in shown
    assert "NOK" in other
    assert 'href="/audiences/fans"' in other
    assert "events that still wait are not sent" in asked
    assert killed.status_code == 303
    assert get_job(deps.store, ACCOUNT, events).state == "killed"


def test_a_job_of_purchases_is_made_and_changed_by_its_form(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    new = "/data/jobs/new/export-purchases"
    page = f"{new}?authorization={authorization_id}"
    form = {
        "authorization": authorization_id,
        "label": "Orders",
        "events": "order\nBought, at last",
        "product_key": "item.sku",
        "price_key": "price",
        "properties": "channel\nshop = store.name",
        "identifier_field": "user_id",
        "audiences": ["fans"],
    }

    empty = admin.open(page).text
    refused = admin.send(new, page=page, **form)
    made = admin.send(new, page=page, **form, currency="NOK")
    address = made.headers["location"]
    edit = f"{address}/edit"
    changed = admin.send(
        edit,
        page=edit,
        **(form | {"events": "order", "currency": "SEK", "repeats": "at_least_once"}),
    )
    checked = admin.send(f"{edit}/check", page=edit, **form, currency="SEK").text
    job = get_job(deps.store, ACCOUNT, int(address.rpartition("/")[2]))

    assert "What waits is sent as it was queued" in checked
    assert "Is sent again" in admin.open(address).text
    assert isinstance(job.config, ExportPurchasesConfig)
    assert job.config.repeats == "at_least_once"
    assert 'href="/data/jobs/new/export-purchases"' in admin.open("/data/jobs/new").text
    assert 'value="product_id"' in empty
    assert refused.status_code == 400
    assert "holds the currency" in refused.text
    assert "shop = store.name" in refused.text
    assert "shop=store.name" in admin.open(edit).text
    assert changed.status_code == 303
    config = job.config
    assert isinstance(config, ExportPurchasesConfig)
    assert (config.events, config.currency, config.audiences) == (("order",), "SEK", ("fans",))
    assert config.properties == {"channel": "channel", "shop": "store.name"}


def test_a_job_of_events_is_made_and_changed_by_its_form(
    admin: Visitor, authorization_id: int, deps: ConsoleDependencies
) -> None:
    made = make(deps, authorization_id, kind="export_events", event_name="Bought")
    edit = f"/data/jobs/{made}/edit"
    form = {"label": "Sold", "identifier_field": "user_id", "streams": ["default"]}

    shown = admin.open(edit).text
    wrong = admin.send(edit, page=edit, **form, properties="=b")
    changed = admin.send(edit, page=edit, **form, event_name="Sold")
    job = get_job(deps.store, ACCOUNT, made)

    assert 'value="Bought"' in shown
    assert "says no property" in wrong.text
    assert changed.status_code == 303
    assert isinstance(job.config, ExportEventsConfig)
    assert (job.label, job.config.event_name, job.config.streams) == ("Sold", "Sold", ("default",))


def test_the_check_counts_the_last_days_before_anything_starts(
    admin: Visitor, authorization_id: int
) -> None:
    new = "/data/jobs/new/export-events"
    page = f"{new}?authorization={authorization_id}"
    form = {
        "authorization": authorization_id,
        "label": "Views",
        "events": "view",
        "identifier_field": "user_id",
    }

    checked = admin.send(f"{new}/check", page=page, **form)
    again = admin.send(f"{new}/settings", page=page, **form)
    made = admin.send(new, page=page, **form)

    assert checked.status_code == 200
    assert "in 7 days, of 0 events that came" in checked.text
    assert 'name="events" value="view"' in checked.text
    assert ">view</textarea>" in again.text.replace("\n", "")
    assert made.status_code == 303
