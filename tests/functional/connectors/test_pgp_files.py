import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from os import urandom
from typing import BinaryIO

import pytest
from tests.gnupg import PASSPHRASE, Gpg, open_gpg

from coterie.connectors.pgp.errors import BadPgpKeyError, PgpFileError
from coterie.connectors.pgp.files import PrivateKey, decrypt, encrypt
from coterie.connectors.pgp.keys import check_pgp_keys, check_public_key

TEXT = b"user_id,email\nu1,kim@shop.example\n" * 2_000
LIMIT = 1_000_000


@pytest.fixture(scope="module")
def gpg() -> Iterator[Gpg]:
    yield from open_gpg()


def on_disk(data: bytes = b"") -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(data)
    file.flush()
    file.seek(0)
    return file


def opened(data: bytes, key: PrivateKey, *, limit: int = LIMIT) -> bytes:
    with on_disk(data) as source, on_disk() as target:
        decrypt(source, target, key, name="users.csv.gpg", limit=limit)
        return target.read()


@pytest.mark.parametrize("armor", [True, False], ids=["armored", "binary"])
@pytest.mark.parametrize("sign", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("name", ["rsa", "ecc"])
def test_what_gpg_encrypted_is_opened(gpg: Gpg, name: str, sign: bool, armor: bool) -> None:
    options = ["--armor"] * armor + ["--local-user", "sender", "--sign"] * sign
    message = gpg.run(*options, "--recipient", name, "--encrypt", given=TEXT)
    passphrase = PASSPHRASE if name == "ecc" else ""
    key = PrivateKey(key=gpg.private_key(name, passphrase=passphrase), passphrase=passphrase)

    assert opened(message, key) == TEXT


def test_a_file_that_is_signed_alone_is_read(gpg: Gpg) -> None:
    message = gpg.run("--local-user", "sender", "--sign", given=TEXT)

    assert opened(message, PrivateKey(key=gpg.private_key("rsa"))) == TEXT


def test_with_a_senders_key_only_their_files_are_opened(gpg: Gpg) -> None:
    plainly = ("--compress-algo", "none", "-r", "rsa", "--encrypt")
    signed = gpg.run("-u", "sender", "--sign", *plainly, given=TEXT)
    unsigned = gpg.run(*plainly, given=TEXT)
    foreign = gpg.run("-u", "rsa", "--sign", *plainly, given=TEXT)
    compressed = gpg.run("-u", "sender", "--sign", "-r", "rsa", "--encrypt", given=TEXT)
    key = PrivateKey(key=gpg.private_key("rsa"), sender=gpg.public_key("sender"))

    assert opened(signed, key) == TEXT
    for message in (unsigned, foreign):
        with pytest.raises(PgpFileError, match=r"no valid signature of the sender|not signed"):
            opened(message, key)
    with pytest.raises(PgpFileError, match="compress-algo none"):
        opened(compressed, key)


def test_each_way_to_fail_says_what_and_the_cure(gpg: Gpg) -> None:
    message = gpg.run("-r", "rsa", "--encrypt", given=TEXT)
    key = PrivateKey(key=gpg.private_key("rsa"))
    other = PrivateKey(key=gpg.private_key("ecc", passphrase=PASSPHRASE), passphrase=PASSPHRASE)

    with pytest.raises(PgpFileError, match="not encrypted for the key"):
        opened(message, other)
    with pytest.raises(PgpFileError, match="cut off or damaged"):
        opened(message[: len(message) // 2], key)
    with pytest.raises(PgpFileError, match="cut off or damaged"):
        opened(message[:-20], key)
    with pytest.raises(PgpFileError, match="no PGP message"):
        opened(TEXT, key)
    with pytest.raises(PgpFileError, match="no PGP message"):
        opened("\ufeffid\n1\n".encode(), key)
    with pytest.raises(PgpFileError, match="signed in clear text"):
        opened(gpg.run("-u", "sender", "--clearsign", given=TEXT), key)
    wrong = PrivateKey(key=other.key, passphrase="wrong")
    with pytest.raises(BadPgpKeyError, match="cannot be opened with this passphrase"):
        opened(message, wrong)


def test_a_message_that_unpacks_to_more_than_the_limit_is_stopped(gpg: Gpg) -> None:
    bomb = gpg.run("-r", "rsa", "--compress-algo", "zlib", "--encrypt", given=bytes(20_000_000))
    assert len(bomb) < 100_000

    with pytest.raises(PgpFileError, match=r"more than 1\.0 MB"):
        opened(bomb, PrivateKey(key=gpg.private_key("rsa")))


def test_an_expired_key_opens_nothing_and_says_since_when(gpg: Gpg) -> None:
    gpg.make_key("old", "rsa2048", at="20200101T000000")
    key = gpg.private_key("old")

    with pytest.raises(BadPgpKeyError, match=r"expired on 2020-12-31.*Extend it"):
        check_pgp_keys({"pgp_private_key": key})
    with pytest.raises(BadPgpKeyError, match="expired on 2020-12-31"):
        check_public_key(gpg.public_key("old"), now=datetime.now(UTC))


def test_a_configuration_says_what_its_keys_are_good_for(gpg: Gpg) -> None:
    ecc = gpg.private_key("ecc", passphrase=PASSPHRASE)

    said = check_pgp_keys(
        {
            "pgp_private_key": ecc,
            "pgp_passphrase": PASSPHRASE,
            "pgp_sender_key": gpg.public_key("sender"),
        }
    )

    assert "opens" in said[0]
    assert "signatures must be of" in said[1]
    with pytest.raises(BadPgpKeyError, match="needs its passphrase"):
        check_pgp_keys({"pgp_private_key": ecc})
    with pytest.raises(BadPgpKeyError, match="is a private key"):
        check_pgp_keys({"pgp_public_key": ecc})
    with pytest.raises(BadPgpKeyError, match=r"cannot be read.*--export-secret-keys"):
        check_pgp_keys({"pgp_private_key": "nonsense"})


@pytest.mark.parametrize("name", ["rsa", "ecc"])
def test_gpg_opens_what_we_encrypt(gpg: Gpg, name: str) -> None:
    with on_disk(TEXT) as source, on_disk() as target:
        encrypt(source, target, gpg.public_key(name), name="audience.csv", limit=LIMIT)
        message = target.read()

    assert gpg.run("--passphrase", PASSPHRASE, "--decrypt", given=message) == TEXT


def test_whoever_watches_hears_how_far_a_file_is_and_may_end_it(gpg: Gpg) -> None:
    plain = urandom(3_000_000)
    heard: list[int] = []
    key = PrivateKey(key=gpg.private_key("rsa"))

    with on_disk(plain) as source, on_disk() as sealed, on_disk() as opened_again:
        encrypt(
            source,
            sealed,
            gpg.public_key("rsa"),
            name="a.csv",
            limit=2 * len(plain),
            watch=heard.append,
        )
        encrypting = list(heard)
        with pytest.raises(InterruptedError):
            decrypt(sealed, opened_again, key, name="a.csv", limit=2 * len(plain), watch=end)
        sealed.seek(0)
        decrypt(sealed, opened_again, key, name="a.csv", limit=2 * len(plain))
        again = opened_again.read()

    assert encrypting == [1 << 20, 2 << 20, len(plain)]
    assert again == plain


def end(_done: int) -> None:
    raise InterruptedError


def test_the_key_is_in_no_error_and_no_repr(gpg: Gpg) -> None:
    key = PrivateKey(key=gpg.private_key("rsa"), passphrase="do not tell")

    with pytest.raises(PgpFileError) as caught:
        decrypt(io.BytesIO(b"plain"), io.BytesIO(), key, name="a.csv", limit=LIMIT)

    assert "do not tell" not in f"{key!r} {caught.value}"
