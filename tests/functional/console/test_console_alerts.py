"""Alerts in the console."""

import pytest
from tests.functional.console.conftest import ACCOUNT, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.alerts import list_alerts

HOME = "/account/alerts"


def test_an_alert_is_made_listed_and_deleted(admin: Visitor, deps: ConsoleDependencies) -> None:
    made = admin.send(
        HOME,
        label="Night watch",
        kinds=["failure", "threshold"],
        metric="refused",
        above="100",
        channel="webhook",
        target="https://hooks.example.org/s3cret",
        stall_minutes="30",
    )
    page = admin.follow(made)
    [rule] = list_alerts(deps.store, ACCOUNT)

    assert "hooks.example.org will be told" in page.text
    assert "refused above 100" in page.text
    assert "s3cret" not in page.text
    admin.send(f"{HOME}/{rule.id}/delete", page=HOME)
    assert list_alerts(deps.store, ACCOUNT) == []


@pytest.mark.usefixtures("authorization_id")
def test_an_alert_on_the_size_of_an_audience_names_it(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    offered = admin.open(HOME).text
    page = admin.follow(
        admin.send(
            HOME,
            label="Shrinking",
            kinds=["threshold"],
            metric="size",
            audience="vips",
            below="1000",
            channel="email",
            target="ops@example.org",
        )
    ).text
    [rule] = list_alerts(deps.store, ACCOUNT)

    assert '<option value="vips">VIPs</option>' in offered
    assert (rule.audience, rule.below, rule.above) == ("vips", 1000, None)
    assert "Threshold: members below 1,000" in page
    assert ">VIPs</a>" in page


def test_what_is_wrong_with_an_alert_is_said_and_what_was_typed_stays(admin: Visitor) -> None:
    page = admin.send(HOME, label="Mine", kinds=["failure"], channel="email", target="nobody")

    assert page.status_code == 400
    assert "Give one e-mail address" in page.text
    assert 'value="Mine"' in page.text
