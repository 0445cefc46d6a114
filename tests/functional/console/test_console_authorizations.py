import pytest
from pysequoia import Tsk
from tests.functional.console.conftest import ACCOUNT, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.authorizations import list_authorizations, open_config
from coterie.model.control import ProbeResult

NEW_BRAZE = "/data/authorizations/new/braze/api_key"
BRAZE = {
    "label": "Braze",
    "config:apikey": "the-secret-key",
    "config:instance": "EU-01",
    "config:objects_per_request": "50",
}


def test_an_authorization_is_tried_and_saved_without_showing_its_key(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    saved = admin.send(NEW_BRAZE, **BRAZE)

    page = admin.follow(saved)
    assert "“Braze” was tried and works." in page.text
    assert "https://rest.fra-01.braze.eu" in page.text
    assert "the-secret-key" not in page.text
    (made,) = list_authorizations(deps.store, ACCOUNT)
    assert open_config(deps.store, deps.ring, made.id)["apikey"] == "the-secret-key"
    assert made.public_config["objects_per_request"] == 50


def test_a_long_key_is_folded_away_and_what_may_not_be_there_is_not_called_sealed(
    admin: Visitor,
) -> None:
    key = str(Tsk.generate("Print house").extract_certificate())

    page = admin.follow(
        admin.send(
            "/data/authorizations/new/sftp/client_sftp_pgp_public",
            **{
                "label": "Print house",
                "config:host": "sftp.partner.example",
                "config:port": "22",
                "config:username": "shop",
                "config:password": "Sesame-42",
                "config:pgp_public_key": key,
            },
        )
    )

    folded = page.text.split("<summary>Show</summary>")
    assert len(folded) == 2
    assert "BEGIN PGP PUBLIC KEY" in folded[1]
    assert page.text.count("Sealed, if there is one") == 3


def test_a_notice_is_shown_once(admin: Visitor) -> None:
    page = admin.follow(admin.send(NEW_BRAZE, **BRAZE))

    again = admin.open(page.url.path)

    assert "was tried and works" in page.text
    assert "was tried and works" not in again.text


def test_what_is_refused_is_not_saved_and_the_answer_is_shown(
    admin: Visitor, deps: ConsoleDependencies, probe_answers: dict[str, ProbeResult]
) -> None:
    probe_answers["braze"] = ProbeResult(ok=False, detail="Braze says: Invalid API key.")

    answer = admin.send(NEW_BRAZE, **BRAZE)

    assert answer.status_code == 400
    assert "Braze says: Invalid API key." in answer.text
    assert 'value="Braze"' in answer.text
    assert "the-secret-key" not in answer.text
    assert list_authorizations(deps.store, ACCOUNT) == []


def test_editing_keeps_the_key_unless_another_is_entered(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    admin.send(NEW_BRAZE, **BRAZE)
    (made,) = list_authorizations(deps.store, ACCOUNT)
    edit = f"/data/authorizations/{made.id}/edit"

    answer = admin.send(edit, **{**BRAZE, "label": "Braze EU", "config:apikey": ""})

    assert admin.follow(answer).status_code == 200
    assert "Braze EU" in admin.open("/data/authorizations").text
    assert open_config(deps.store, deps.ring, made.id)["apikey"] == "the-secret-key"


def test_the_instance_can_be_replaced_by_an_address(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    admin.send(NEW_BRAZE, **BRAZE)
    (made,) = list_authorizations(deps.store, ACCOUNT)
    edit = f"/data/authorizations/{made.id}/edit"
    address = {"config:instance": "", "config:endpoint_url": "https://braze.example.org"}

    refused = admin.send(edit, **{**BRAZE, "config:apikey": "", **address})
    admin.send(edit, **{**BRAZE, **address})

    assert "enter the key again" in refused.text
    config = open_config(deps.store, deps.ring, made.id)
    assert config["endpoint_url"] == "https://braze.example.org"
    assert "instance" not in config


def test_a_failed_test_shows_the_cure(
    admin: Visitor, deps: ConsoleDependencies, probe_answers: dict[str, ProbeResult]
) -> None:
    admin.send(NEW_BRAZE, **BRAZE)
    (made,) = list_authorizations(deps.store, ACCOUNT)
    page = f"/data/authorizations/{made.id}"
    probe_answers["braze"] = ProbeResult(ok=False, detail="Give the key users.track.")

    answer = admin.send(f"{page}/test", page=page)

    tested = admin.follow(answer).text
    assert "Unhealthy" in tested
    assert "Give the key users.track." in tested


def test_deleting_asks_first_and_names_what_goes(admin: Visitor, deps: ConsoleDependencies) -> None:
    admin.send(NEW_BRAZE, **BRAZE)
    (made,) = list_authorizations(deps.store, ACCOUNT)
    delete = f"/data/authorizations/{made.id}/delete"

    asked = admin.open(delete)
    answer = admin.send(delete)

    assert "Delete “Braze”" in asked.text
    assert "is deleted" in admin.follow(answer).text
    assert list_authorizations(deps.store, ACCOUNT) == []


@pytest.mark.parametrize("path", ["/data/authorizations/new/nobody/x", "/data/authorizations/9"])
def test_what_does_not_exist_is_not_found(admin: Visitor, path: str) -> None:
    assert admin.open(path).status_code == 404


def test_a_replaced_signing_secret_stays_until_it_is_taken_away(
    admin: Visitor, deps: ConsoleDependencies, probe_answers: dict[str, ProbeResult]
) -> None:
    probe_answers["webhook"] = ProbeResult(ok=True, detail="It took a test message.")
    form = {
        "label": "CRM",
        "config:url": "https://crm.example.com/hooks",
        "config:secret": "the first of two secrets",
        "config:headers": "X-Team: crm",
    }
    admin.send("/data/authorizations/new/webhook/signed", **form)
    (made,) = list_authorizations(deps.store, ACCOUNT)
    page = f"/data/authorizations/{made.id}"
    new = {"config:secret": "the second of two secrets", "config:headers": ""}

    admin.send(f"{page}/edit", **form | new, without=["headers"])
    both, stored = admin.open(page).text, open_config(deps.store, deps.ring, made.id)
    answer = admin.send(f"{page}/take-old-secret-away", page=page)

    assert "Two signing secrets are in force" in both
    assert stored["old_secret"] == "the first of two secrets"
    assert "headers" not in stored
    assert "The old signing secret is gone" in admin.follow(answer).text
    assert "Two signing secrets are in force" not in admin.open(page).text
    assert open_config(deps.store, deps.ring, made.id)["secret"] == "the second of two secrets"
