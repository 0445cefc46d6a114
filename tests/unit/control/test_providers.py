from typing import Any

import pytest

from coterie.connectors.braze.instances import REST_URLS, UnknownInstanceError, rest_url
from coterie.control.providers import (
    PROVIDERS,
    BadConfigError,
    UnknownProviderError,
    check_config,
)

SFTP = {"host": "files.example.org", "username": "crm"}


def braze(**config: Any) -> dict[str, Any]:
    return check_config("braze", "api_key", {"apikey": "k", **config}).merged()


def test_an_instance_names_its_endpoint_url() -> None:
    assert braze(instance="eu-01") == {
        "apikey": "k",
        "instance": "EU-01",
        "endpoint_url": "https://rest.fra-01.braze.eu",
        "objects_per_request": 75,
        "request_life_seconds": 90,
        "array_limit": 500,
        "requests_per_minute": 60_000,
    }


def test_an_endpoint_url_is_kept_without_its_last_slash() -> None:
    assert braze(endpoint_url="http://127.0.0.1:9000/")["endpoint_url"] == "http://127.0.0.1:9000"


def test_the_key_is_the_only_secret_of_braze() -> None:
    config = check_config("braze", "api_key", {"apikey": "k", "instance": "US-01"})

    assert config.secret == {"apikey": "k"}
    assert "apikey" not in config.public


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"instance": ""}, "Give the Braze instance"),
        ({"apikey": " ", "instance": "US-01"}, "REST API key is missing"),
        ({"instance": "US-01", "objects_per_request": 76}, "from 1 to 75"),
        ({"instance": "US-01", "objects_per_request": "many"}, "from 1 to 75"),
        ({"instance": "US-01", "endpoint_url": "https://rest.fra-01.braze.eu"}, "one of the two"),
        ({"endpoint_url": "ftp://rest.example.org"}, "not a REST endpoint"),
        ({"endpoint_url": "https://user:pass@rest.example.org"}, "not a REST endpoint"),
        ({"endpoint_url": "https://rest.example.org:port"}, "not a URL"),
        ({"instance": "US-01", "api_key": "k"}, "no option 'api_key'"),
        ({"instance": "US-01", "apikey": "one\nother"}, "holds a line end"),
        ({"instance": "US-01", "apikey": "k\x00k"}, "holds a line end"),
        ({"instance": "US-01", "apikey": "k\ud800"}, "holds a line end"),
        ({"endpoint_url": "https://rest.example.org\tx"}, "holds a line end"),
        ({"endpoint_url": "https://a..b"}, "name of a host"),
        ({"endpoint_url": f"https://{'a' * 64}.example.org"}, "name of a host"),
        ({"endpoint_url": "https://a b.example.org"}, "name of a host"),
        ({"endpoint_url": "https://rest.example.org?a=b"}, "not a REST endpoint"),
        ({"endpoint_url": "https://rest.example.org#a"}, "not a REST endpoint"),
        ({"endpoint_url": "http://rest.example.org"}, "in the open"),
        ({"endpoint_url": "http://8.8.8.8"}, "in the open"),
        ({"endpoint_url": "http://134744072"}, "in the open"),
        ({"endpoint_url": "http://[2606:4700::1111]"}, "in the open"),
    ],
)
def test_a_wrong_braze_config_is_refused_with_the_cure(
    config: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadConfigError, match=message):
        braze(**config)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8090", "http://10.1.2.3", "http://[::1]:80", "http://sandbox:8090",
     "http://braze.internal", "https://rest.example.org", "https://8.8.8.8"],
)  # fmt: skip
def test_a_key_goes_to_private_hosts_and_over_https(url: str) -> None:
    assert braze(endpoint_url=url)["endpoint_url"] == url


def test_a_password_in_an_endpoint_url_is_not_repeated() -> None:
    with pytest.raises(BadConfigError) as caught:
        braze(endpoint_url="https://user:secret-word@rest.example.org:port")

    assert "secret-word" not in caught.value.message


def test_a_private_key_keeps_its_lines_and_other_secrets_have_one() -> None:
    config = check_config("sftp", "client_sftp", {**SFTP, "private_key": "BEGIN\r\nEND"})

    assert config.secret["private_key"] == "BEGIN\r\nEND"
    with pytest.raises(BadConfigError, match="holds a line end"):
        check_config("sftp", "client_sftp", {**SFTP, "password": "a\nb"})


def test_an_sftp_host_that_is_no_name_is_refused() -> None:
    with pytest.raises(BadConfigError, match="name of a host"):
        check_config("sftp", "client_sftp", {**SFTP, "host": "a..b", "password": "a"})


def test_an_unknown_instance_is_refused_with_the_choice() -> None:
    with pytest.raises(UnknownInstanceError, match=r"Choose one of US-01, .* EU-02"):
        braze(instance="EU-03")


def test_the_fifteen_documented_instances_are_known() -> None:
    assert len(REST_URLS) == 15
    assert rest_url(" us-10 ") == "https://rest.us-10.braze.com"
    assert rest_url("EU-02") == "https://rest.fra-02.braze.eu"


def test_an_sftp_server_gets_the_usual_port_and_hides_its_password() -> None:
    config = check_config("sftp", "client_sftp", {**SFTP, "password": "secret-word"})

    assert config.public == {**SFTP, "port": 22}
    assert config.secret == {"password": "secret-word"}


@pytest.mark.parametrize("secrets", [{}, {"password": "a", "private_key": "b"}])
def test_an_sftp_server_needs_exactly_one_proof(secrets: dict[str, str]) -> None:
    with pytest.raises(BadConfigError, match="either a password or a private key"):
        check_config("sftp", "client_sftp", {**SFTP, **secrets})


@pytest.mark.parametrize(("provider", "method"), [("mailchimp", "api_key"), ("braze", "oauth")])
def test_an_unknown_provider_or_method_is_refused_with_the_choice(
    provider: str, method: str
) -> None:
    with pytest.raises(UnknownProviderError, match="Choose from"):
        check_config(provider, method, {})


def test_every_option_of_every_provider_has_a_label() -> None:
    fields = [
        field
        for provider in PROVIDERS.values()
        for method in provider.methods
        for field in method.fields
    ]

    assert all(field.label for field in fields)
