from datetime import timedelta

import pytest
from tests.functional.console.conftest import PASSWORD, SteppingClock, Visitor


def test_signing_in_leads_to_the_page_that_was_wanted(visitor: Visitor) -> None:
    sent_away = visitor.open("/data/jobs")

    answer = visitor.send(
        "/sign-in",
        page=sent_away.headers["location"],
        email="admin@example.org",
        password=PASSWORD,
        next="/data/jobs",
    )

    assert sent_away.headers["location"] == "/sign-in?next=/data/jobs"
    assert answer.headers["location"] == "/data/jobs"
    assert visitor.open("/data/jobs").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    answer = visitor.sign_in("admin@example.org")

    cookie = next(
        value for value in answer.headers.get_list("set-cookie") if "coterie_session" in value
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_behind_https_the_session_cookie_stays_on_https(visitor: Visitor) -> None:
    visitor.client.headers["x-forwarded-proto"] = "https"

    answer = visitor.sign_in("admin@example.org")

    cookies = answer.headers.get_list("set-cookie")
    assert all("Secure" in cookie for cookie in cookies)


def test_a_wrong_password_shows_the_form_again_with_the_lock_out_rule(visitor: Visitor) -> None:
    answer = visitor.sign_in("admin@example.org", "wrong")

    assert answer.status_code == 400
    assert "is wrong. Try again; after 5 failures" in answer.text
    assert 'value="admin@example.org"' in answer.text
    assert "wrong" not in answer.text.split("password", 1)[0]


def test_an_unknown_address_is_told_apart_from_a_wrong_password_by_nothing(
    visitor: Visitor,
) -> None:
    wrong = visitor.sign_in("admin@example.org", "wrong").text
    unknown = visitor.sign_in("other@example.org", "wrong").text

    assert wrong.replace("admin@", "other@") == unknown


def test_after_five_failures_the_right_password_is_refused_for_a_while(
    visitor: Visitor, clock: SteppingClock
) -> None:
    for _ in range(5):
        visitor.sign_in("admin@example.org", "wrong")

    while_locked = visitor.sign_in("admin@example.org")
    clock.now += timedelta(minutes=16)
    afterwards = visitor.sign_in("admin@example.org")

    assert while_locked.status_code == 400
    assert "locked for 15 minutes" in while_locked.text
    assert afterwards.status_code == 303


def test_a_sign_in_form_from_another_site_is_refused(visitor: Visitor) -> None:
    answer = visitor.post(
        "/sign-in", email="admin@example.org", password=PASSWORD, csrf_token="guessed"
    )

    assert answer.status_code == 400
    assert "no longer valid" in answer.text
    assert visitor.open("/").status_code == 303


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "/\tevil", "evil"]
)
def test_signing_in_never_leads_to_another_site(visitor: Visitor, elsewhere: str) -> None:
    answer = visitor.send("/sign-in", email="admin@example.org", password=PASSWORD, next=elsewhere)

    assert answer.headers["location"] == "/"


def test_signing_out_ends_the_session_at_the_server(admin: Visitor) -> None:
    stolen = dict(admin.client.cookies)

    answer = admin.send("/sign-out", page="/")
    admin.client.cookies.update(stolen)

    assert answer.headers["location"] == "/sign-in"
    assert admin.open("/").headers["location"] == "/sign-in"


def test_an_idle_session_ends(admin: Visitor, clock: SteppingClock) -> None:
    clock.now += timedelta(minutes=121)

    assert admin.open("/").status_code == 303


def test_a_page_that_reloads_itself_does_not_keep_a_session_from_idling_out(
    admin: Visitor, clock: SteppingClock
) -> None:
    for _ in range(2):
        clock.now += timedelta(minutes=50)
        assert admin.reload_itself("/data/streams/default").status_code == 200

    clock.now += timedelta(minutes=21)
    answer = admin.reload_itself("/data/streams/default")

    assert answer.headers["location"] == "/sign-in?next=/data/streams/default"


def test_a_session_ends_after_its_hours_even_if_it_is_used(
    admin: Visitor, clock: SteppingClock
) -> None:
    statuses = []
    for _ in range(13):
        clock.now += timedelta(hours=1)
        statuses.append(admin.open("/").status_code)

    assert statuses == [200] * 11 + [303] * 2
