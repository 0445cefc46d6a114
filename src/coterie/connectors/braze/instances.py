"""Where the REST API of each Braze instance answers."""

from coterie.base.errors import UserError

# The table of braze.com/docs/api/basics, "API endpoints"; US-09 is not in it.
REST_URLS = {
    "US-01": "https://rest.iad-01.braze.com",
    "US-02": "https://rest.iad-02.braze.com",
    "US-03": "https://rest.iad-03.braze.com",
    "US-04": "https://rest.iad-04.braze.com",
    "US-05": "https://rest.iad-05.braze.com",
    "US-06": "https://rest.iad-06.braze.com",
    "US-07": "https://rest.iad-07.braze.com",
    "US-08": "https://rest.iad-08.braze.com",
    "US-10": "https://rest.us-10.braze.com",
    "EU-01": "https://rest.fra-01.braze.eu",
    "EU-02": "https://rest.fra-02.braze.eu",
    "AU-01": "https://rest.au-01.braze.com",
    "ID-01": "https://rest.id-01.braze.com",
    "JP-01": "https://rest.jp-01.braze.com",
    "KR-01": "https://rest.kr-01.braze.com",
}


class UnknownInstanceError(UserError):
    """There is no Braze instance of that name."""

    code = "unknown_braze_instance"

    def __init__(self, *, instance: str) -> None:
        super().__init__(
            f"There is no Braze instance {instance!r}. Choose one of "
            f"{', '.join(REST_URLS)}, or give the REST endpoint URL instead. "
            "The instance is shown in the address of the Braze dashboard."
        )


def rest_url(instance: str) -> str:
    """Return the REST URL of an instance such as "US-01", without a slash at the end.

    Raises `UnknownInstanceError`.
    """
    url = REST_URLS.get(instance.strip().upper())
    if url is None:
        raise UnknownInstanceError(instance=instance)
    return url
