"""Braze: what its authorizations need to be told."""

import re
from urllib.parse import urlsplit

from coterie.connectors.addresses import is_public
from coterie.connectors.braze.instances import REST_URLS, rest_url
from coterie.control.provider_forms import (
    BadConfigError,
    Config,
    ConfigField,
    Method,
    Provider,
    check_host,
)

# Names that no public server can have (RFC 6761, RFC 6762, RFC 8375, and ICANN's .internal).
PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".home.arpa", ".test")

COHORT_OPTIONS = ("cohort_partner", "cohort_partner_key", "cohort_import_key")
PARTNER_FORM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")

BRAZE = Provider(
    slug="braze",
    label="Braze",
    description="Customer engagement: audiences go out, people and their data come in.",
    methods=(
        Method(
            slug="api_key",
            label="REST API key",
            fields=(
                ConfigField(
                    name="apikey",
                    label="REST API key",
                    kind="secret",
                    required=True,
                    help="Made in Braze under Settings > APIs and Identifiers > API Keys, with the "
                    "permission users.track; users.export.ids lets the test look deeper.",
                ),
                ConfigField(
                    name="instance",
                    label="Braze instance",
                    kind="choice",
                    choices=tuple(REST_URLS),
                    help="Stands in the address of your Braze dashboard.",
                ),
                ConfigField(
                    name="endpoint_url",
                    label="REST endpoint URL",
                    help="In place of the instance, such as https://rest.iad-01.braze.com.",
                ),
                ConfigField(
                    name="objects_per_request",
                    label="Objects a request",
                    kind="number",
                    default=75,
                    lowest=1,
                    highest=75,
                    help="Braze takes 75 users a request; some contracts allow 50.",
                ),
                ConfigField(
                    name="flush_seconds",
                    label="Seconds to gather changes",
                    kind="number",
                    lowest=0,
                    highest=3_600,
                    help="Requests that are not full leave at least so far apart; what changes of "
                    "a user meanwhile becomes one. Left empty: as COTERIE_FLUSH_SECONDS says.",
                ),
                ConfigField(
                    name="request_life_seconds",
                    label="Seconds an unanswered request may live",
                    kind="number",
                    default=90,
                    lowest=1,
                    highest=86_400,
                    help="Braze, or something before it, may work a request long after it timed "
                    "out. After so many seconds everyone who was in one is told once more.",
                ),
                ConfigField(
                    name="array_limit",
                    label="Values an array holds",
                    kind="number",
                    default=500,
                    lowest=1,
                    highest=100_000,
                    help="Braze keeps 500 values in an array attribute, 25 under older contracts, "
                    "and silently drops the oldest above that.",
                ),
                ConfigField(
                    name="requests_per_minute",
                    label="Requests a minute",
                    kind="number",
                    default=60_000,
                    lowest=1,
                    highest=1_000_000,
                    help="What your contract allows of users/track, for estimates. Usual contracts "
                    "allow 3,000 requests in 3 seconds.",
                ),
                ConfigField(
                    name="cohort_partner",
                    label="Cohorts: partner name",
                    help="Only for jobs that tell Braze of cohorts: the name under which Braze "
                    "lists you as a technology partner, or the partner that lets you use its name.",
                ),
                ConfigField(
                    name="cohort_partner_key",
                    label="Cohorts: partner API key",
                    kind="secret",
                    help="Braze gives it to its partners.",
                ),
                ConfigField(
                    name="cohort_import_key",
                    label="Cohorts: data import key",
                    kind="secret",
                    help="Made in Braze under Partner Integrations > Technology Partners, on the "
                    "partner's page.",
                ),
            ),
        ),
    ),
)


def check_braze(config: Config) -> None:
    """Fill in the REST endpoint URL. Raises BadConfigError, UnknownInstanceError."""
    _check_cohorts(config)
    instance = config.public.get("instance")
    url = config.public.get("endpoint_url")
    if instance is not None:
        instance = instance.upper()
        if url is not None and url.rstrip("/") != rest_url(instance):
            raise BadConfigError(
                message=f"The endpoint URL is not that of instance {instance}. Give one of the two."
            )
        config.public["instance"] = instance
        config.public["endpoint_url"] = rest_url(instance)
        return
    if url is None:
        raise BadConfigError(
            "Give the Braze instance (instance) or the REST endpoint URL (endpoint_url)."
        )
    config.public["endpoint_url"] = _check_url(url)


def _check_cohorts(config: Config) -> None:
    given = [name for name in COHORT_OPTIONS if config.merged().get(name)]
    if not given:
        return
    missing = [name for name in COHORT_OPTIONS if name not in given]
    if missing:
        raise BadConfigError(
            message=f"Cohorts need all of {', '.join(COHORT_OPTIONS)}; {missing[0]} is missing."
        )
    if PARTNER_FORM.fullmatch(config.public["cohort_partner"]) is None:
        raise BadConfigError(
            "The partner name stands in an address: letters, digits, hyphens, dots and underlines."
        )


def _check_url(url: str) -> str:
    if any(sign in url for sign in "@?#"):
        # Not repeated, since it may hold a password.
        raise BadConfigError(
            "What holds a user name, a query or a fragment is not a REST endpoint URL. Write "
            "https://host."
        )
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError as error:
        raise BadConfigError(message=f"{url!r} is not a URL. Write https://host.") from error
    if parts.scheme not in ("https", "http") or not parts.hostname or not has_port:
        raise BadConfigError(message=f"{url!r} is not a REST endpoint URL. Write https://host.")
    check_host(parts.hostname)
    if parts.scheme == "http" and not is_private(parts.hostname):
        raise BadConfigError(
            message=f"{url!r} would carry the API key in the open. Write https:// for a host that "
            "is not private."
        )
    return url.rstrip("/")


def is_private(host: str) -> bool:
    """Say whether a host can be known to a local network alone."""
    try:
        return not is_public(host)
    except ValueError:
        # A name without a dot is known to the local network alone; one of digits is an address.
        return host.endswith(PRIVATE_ENDINGS) or ("." not in host and host[0].isalpha())
