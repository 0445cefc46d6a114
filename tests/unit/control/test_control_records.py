from datetime import UTC, datetime

from coterie.model.control import AccessToken, NewToken, Person, Session, SignedIn

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PERSON = Person(id=1, account=2, email="someone@example.org", role="admin", created_at=NOW)


def test_no_record_shows_a_secret_when_it_is_printed() -> None:
    record = AccessToken(
        id=1, account=2, name="n", description="", scopes=(), prefix="p", created_by="cli",
        created_at=NOW,
    )  # fmt: skip
    signed_in = SignedIn(
        session_token="secret-a", csrf_token="secret-b", person=PERSON, expires_at=NOW
    )
    session = Session(person=PERSON, csrf_token="secret-c", created_at=NOW, expires_at=NOW)

    shown = repr([NewToken(token="secret-d", record=record), signed_in, session, PERSON])

    assert "secret" not in shown
    assert "example.org" not in shown
