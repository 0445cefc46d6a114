import pytest

from coterie.api.reads import Reading, find_reading


@pytest.mark.parametrize(
    ("path", "reading"),
    [
        (
            b"/api/entity/user/email/ann%40x.org",
            Reading("/api/entity", "user", "email", "ann@x.org"),
        ),
        (b"/api/entity/user/_uids/a%2Fb%2F", Reading("/api/entity", "user", "_uids", "a/b/")),
        (b"/api/entity/user/_uids/a%252Fb", Reading("/api/entity", "user", "_uids", "a%2Fb")),
        (b"/api/entity/user/email/ann+x/", Reading("/api/entity", "user", "email", "ann+x")),
        ("/api/me/3012/name/ø".encode(), Reading("/api/me", "3012", "name", "ø")),
        (b"/api/me/3012/name/%C3%B8", Reading("/api/me", "3012", "name", "ø")),
    ],
)
def test_an_address_is_split_before_it_is_decoded(path: bytes, reading: Reading) -> None:
    assert find_reading(path) == reading


@pytest.mark.parametrize(
    "path",
    [
        b"/api/entity/user/email",
        b"/api/entity/user/email/",
        b"/api/entity/user//ann",
        b"/api/entity/user/email/a/b",
        b"/api/me/x/user_id/u1",
        b"/api/me/-1/user_id/u1",
        b"/api/me/" + b"9" * 5_000 + b"/user_id/u1",
        b"/api/me/%33/user_id/u1",
    ],
    ids=range(8),
)
def test_an_address_of_another_form_is_none(path: bytes) -> None:
    assert find_reading(path) is None
