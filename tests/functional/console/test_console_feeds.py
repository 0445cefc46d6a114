"""Jobs that send events on are made elsewhere, and looked after in the browser like all others."""

from typing import Any

from tests.functional.console.conftest import ACCOUNT, ACTOR, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.jobs import create_export, get_job


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
    assert f"/data/jobs/{events}/edit" not in shown
    assert "NOK" in other
    assert 'href="/audiences/fans"' in other
    assert "events that still wait are not sent" in asked
    assert admin.open(f"/data/jobs/{purchases}/edit").status_code < 500
    assert killed.status_code == 303
    assert get_job(deps.store, ACCOUNT, events).state == "killed"
