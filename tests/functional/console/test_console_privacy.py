"""A data protection officer hands out and forgets what is known of a person."""

from collections.abc import Callable

from tests.functional.console.conftest import DataPlane, Visitor, sample_profile
from tests.functional.console.test_console_jobs import create_export

ADA = {"field": "email", "value": "ada@example.org"}


def test_who_is_asked_to_forget_is_told_what_braze_deletes(
    admin: Visitor, authorization_id: int
) -> None:
    before = admin.send("/profiles/forget", page="/profiles", **ADA).text
    create_export(admin, authorization_id, label="Fans to Braze", delete_forgotten="yes")
    after = admin.send("/profiles/forget", page="/profiles", **ADA).text

    assert "deleted in Braze too" not in before
    assert "deleted in Braze too" in after
    assert "<strong>Fans to Braze</strong>" in after


def test_a_person_is_forgotten_after_a_question_that_says_what_it_means(
    admin: Visitor, data_plane: DataPlane
) -> None:
    data_plane.profiles["email", "ada@example.org"] = sample_profile()
    asked = admin.send("/profiles/forget", page="/profiles", **ADA).text
    before = list(data_plane.forgotten)

    answer = admin.send("/profiles/forget/now", page="/profiles", **ADA, block="yes")

    assert "Forget ada@example.org" in asked
    assert "cannot be undone" in asked
    assert before == []
    assert data_plane.forgotten[0][:2] == (("email", "ada@example.org"), True)
    assert "The profile is gone" in admin.follow(answer).text


def test_all_that_is_held_about_a_person_is_a_file(admin: Visitor, data_plane: DataPlane) -> None:
    data_plane.profiles["email", "ada@example.org"] = sample_profile()

    answer = admin.send("/profiles/export", page="/profiles", **ADA)

    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.json()["profile"]["fields"][0]["value"] == "ada@example.org"


def test_who_only_looks_neither_forgets_nor_downloads(
    make_visitor: Callable[[str], Visitor], data_plane: DataPlane
) -> None:
    visitor = make_visitor("observer@example.org")

    for path in ("/profiles/forget", "/profiles/forget/now", "/profiles/export"):
        assert visitor.send(path, page="/profiles", **ADA).status_code == 403

    assert data_plane.forgotten == []
