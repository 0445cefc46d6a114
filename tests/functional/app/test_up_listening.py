"""Where the product listens, and what a first run tells before anything can fail."""

import socket
from pathlib import Path

import pytest

from coterie.app.up import (
    CannotListenError,
    FirstSignIn,
    ForeignAddressError,
    PortInUseError,
    free_port,
    listening_host,
    running_product,
)
from coterie.base.settings import load_settings


def test_a_port_that_is_taken_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(PortInUseError, match=f"already listens on 127.0.0.1:{port}"):
            free_port("127.0.0.1", wanted=port)


def test_an_address_of_another_machine_is_told_apart() -> None:
    with pytest.raises(ForeignAddressError, match=r"no address '203\.0\.113\.7'.*COTERIE_HOST"):
        free_port("203.0.113.7")


def test_any_other_refusal_comes_with_its_reason() -> None:
    # An address of one link alone, without the name of the link.
    with pytest.raises(CannotListenError, match="Cannot listen on fe80::1, port 0: "):
        free_port("fe80::1")


def test_localhost_is_an_address() -> None:
    assert listening_host("localhost") == "127.0.0.1"
    assert listening_host("0.0.0.0") == "0.0.0.0"  # noqa: S104 - nothing is bound
    assert listening_host("::1") == "::1"


def test_other_names_are_refused_before_anything_starts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    env = {"COTERIE_HOST": "shop.example", "COTERIE_DATA_DIR": str(data)}

    with pytest.raises(ForeignAddressError), running_product(load_settings(env), env):
        pytest.fail("it started")

    assert not data.exists()


def test_the_first_password_is_shown_even_if_nothing_starts_after_it(
    empty_database_url: str, tmp_path: Path
) -> None:
    env = {
        "COTERIE_DATABASE_URL": empty_database_url,
        "COTERIE_DATA_DIR": str(tmp_path),
        "COTERIE_PORT": "0",
    }
    shown: list[FirstSignIn] = []
    # No process can be started with such a variable.
    broken = {**env, "BROKEN": "\0"}

    with (
        pytest.raises(ValueError, match="null byte"),
        running_product(load_settings(env), broken, show_first=shown.append),
    ):
        pytest.fail("it started")

    assert [len(first.password) for first in shown] == [24]
