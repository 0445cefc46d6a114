import socket

import pytest

from coterie.connectors.addresses import (
    ForbiddenAddressError,
    PrivateAddressError,
    find_addresses,
    is_public,
    open_public_socket,
)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1",
        "ff02::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    ],
)  # fmt: skip
def test_private_addresses_are_not_public_however_they_are_written(address: str) -> None:
    assert not is_public(address)


def test_no_socket_is_opened_for_a_private_address() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))

    with pytest.raises(PrivateAddressError):
        open_public_socket(info)


async def test_a_name_of_a_private_address_is_refused_with_its_cure() -> None:
    with pytest.raises(ForbiddenAddressError, match="COTERIE_ALLOW_PRIVATE_ADDRESSES"):
        await find_addresses("localhost", 22, allow_private=False)


async def test_a_name_of_a_private_address_passes_if_allowed() -> None:
    assert await find_addresses("127.0.0.1", 22, allow_private=True) == ["127.0.0.1"]
