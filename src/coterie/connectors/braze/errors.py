"""What can go wrong with a request to Braze, told apart by what to do next."""

from coterie.base.errors import PermanentError
from coterie.connectors.destination import BusyError, RefusedError, UnavailableError


class BrazeKeyError(PermanentError):
    """Braze does not accept the REST API key, or the key lacks a permission."""

    code = "braze_key_refused"

    def __init__(self, *, status: int, url: str, answer: str) -> None:
        cure = (
            "Check that the key belongs to this instance and was not deleted, then save it again."
            if status == 401
            else "Create a key with the permission users.track under Settings > APIs and "
            "Identifiers in Braze, then save it here."
        )
        super().__init__(f"Braze at {url} refused the API key ({status}: {answer}). {cure}")
        self.status = status


class BrazePartnerError(PermanentError):
    """Braze does not let the partner import cohorts."""

    code = "braze_partner_refused"

    def __init__(self, *, status: int, url: str, answer: str) -> None:
        super().__init__(
            f"Braze at {url} refused the cohorts ({status}: {answer}). Check the partner name and "
            "key, and the data import key that Braze shows under Partner Integrations > Technology "
            "Partners, then save them again."
        )
        self.status = status


class BrazeEndpointError(PermanentError):
    """What answers at the endpoint URL is not Braze's REST API."""

    code = "braze_endpoint_wrong"

    def __init__(self, *, status: int, url: str) -> None:
        super().__init__(
            f"{url} does not answer like Braze's REST API (status {status}). Correct the "
            "instance or endpoint URL of the authorization; redirects are not followed."
        )
        self.status = status


class BrazeRefusedError(RefusedError):
    """Braze refused a whole request without saying which objects are wrong."""

    code = "braze_request_refused"

    def __init__(self, *, status: int, answer: str, is_divisible: bool = True) -> None:
        super().__init__(
            f"Braze refused the request ({status}: {answer}). Correct the data and replay it.",
            status=status,
            answer=answer,
            is_divisible=is_divisible,
        )


class BrazeBusyError(BusyError):
    """Braze says that too many requests came."""

    code = "braze_rate_limited"

    def __init__(self, *, retry_after: float | None) -> None:
        super().__init__(
            "Braze says that its rate limit is reached. Sending goes on by itself when the limit "
            "allows; ask Braze for a higher limit if this happens often.",
            retry_after=retry_after,
        )
        self.trial = "Braze says that its rate limit is reached. Try again in a minute."


class BrazeLockedError(BusyError):
    """Braze is at work on the cohort."""

    code = "braze_cohort_locked"

    def __init__(self, *, retry_after: float | None) -> None:
        super().__init__(
            "Braze is at work on the cohort and takes no changes of it now. Sending goes on by "
            "itself, with fewer requests at the same time.",
            retry_after=retry_after,
        )


class BrazeUnavailableError(UnavailableError):
    """Braze did not answer, or answered that it cannot work now.

    `may_have_worked`: the request reached something, so that its work may be done all the same.
    """

    code = "braze_unavailable"

    def __init__(
        self,
        *,
        url: str,
        what: str,
        retry_after: float | None = None,
        may_have_worked: bool = True,
        status: int | None = None,
    ) -> None:
        super().__init__(
            f"Braze at {url} is not available ({what}). Sending is tried again by itself; "
            "if this lasts, check the network and Braze's status page.",
            retry_after=retry_after,
            may_have_worked=may_have_worked,
            status=status,
        )
        self.trial = (
            f"Braze at {url} is not available ({what}). Compare the instance or endpoint URL with "
            "the one that Braze shows under Settings > APIs and Identifiers, and see whether this "
            "machine may connect to it; then try again."
        )
