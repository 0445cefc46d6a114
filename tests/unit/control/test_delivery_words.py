"""Logs of jobs say what was really done."""

import pytest

from coterie.control.delivery_words import say_delivered
from coterie.model.delivery import DeliveryCount, Form
from coterie.model.ledger import name_delivery

CASES: list[tuple[Form, DeliveryCount, str]] = [
    (
        "array",
        DeliveryCount(added=1_204, removed=1, taken=900, requests=12),
        "1,204 memberships added, 1 taken away by 900 updates of users in 12 requests.",
    ),
    (
        "attributes",
        DeliveryCount(added=1, taken=1, requests=1),
        "1 attribute written, 0 deleted by 1 update of a user in 1 request.",
    ),
    (
        "subscription_groups",
        DeliveryCount(added=2, taken=1, requests=1),
        "2 subscriptions set by 1 update of a user in 1 request.",
    ),
    ("deletion", DeliveryCount(added=2, taken=2, requests=1), "2 users deleted in 1 request."),
    (
        "events",
        DeliveryCount(added=3, taken=3, requests=1, refused=1),
        "3 events sent in 1 request. 1 event was refused: see and replay under Deliveries.",
    ),
    (
        "purchases",
        DeliveryCount(requests=1, doubtful=2),
        "0 purchases sent in 1 request. 2 purchases had no answer: see under Deliveries.",
    ),
    (
        "webhook",
        DeliveryCount(added=2, removed=1, taken=2, requests=2, told_again=1),
        "2 messages sent (2 entries and changes, 1 exit) in 2 requests. 1 user was told again "
        "after doubt.",
    ),
]


@pytest.mark.parametrize(("form", "count", "said"), CASES, ids=[case[0] for case in CASES])
def test_each_form_is_reported_in_its_own_words(
    form: Form, count: DeliveryCount, said: str
) -> None:
    assert say_delivered(form, count) == said


def test_a_code_of_ours_is_no_name_of_a_delivery() -> None:
    assert name_delivery("events", "0b9c77af", destination=7) == "Events number 7"
    assert name_delivery("array", "lytics_segments", destination=7) == (
        "Array attribute lytics_segments"
    )
