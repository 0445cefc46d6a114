"""Imports cohorts into Braze as one of its partners."""

from collections.abc import Mapping, Sequence
from typing import Any

from coterie.base.errors import PermanentError
from coterie.connectors.braze.answers import (
    SHOWN_CHARACTERS,
    RawAnswer,
    is_json_object,
    message_of,
    raise_for_status,
)
from coterie.connectors.braze.client import BrazeClient
from coterie.connectors.braze.cohorts import (
    COHORT_USERS,
    COHORTS,
    Assignment,
    CohortAccess,
    cohort_of,
    write_changes,
)
from coterie.connectors.braze.errors import (
    BrazeEndpointError,
    BrazeLockedError,
    BrazePartnerError,
    BrazeRefusedError,
    BrazeUnavailableError,
)
from coterie.connectors.destination import Answer
from coterie.model.exports import CohortName

TAKEN = (200, 201, 202)
LOCKED = 423


class NoCohortAccessError(PermanentError):
    """The authorization lacks what opens the cohorts."""

    code = "braze_cohorts_closed"

    def __init__(self) -> None:
        super().__init__(
            "The authorization has no access to cohorts. Enter the partner name, the partner key "
            "and the data import key (cohort_partner, cohort_partner_key, cohort_import_key)."
        )


class CohortImport:
    """The cohorts of one workspace. A cohort is named before the first user is put into it."""

    def __init__(self, client: BrazeClient, access: CohortAccess | None) -> None:
        self._client = client
        self._access = access
        self._named: dict[str, CohortName] = {}

    async def send(self, made: Sequence[Assignment], *, names: Mapping[str, CohortName]) -> Answer:
        """Make assignments of one cohort: all are taken, or none is.

        Users that Braze does not know are passed over there without a word. Raises the errors of
        `connectors.braze.errors`, `NoCohortAccessError` or `ForbiddenAddressError`.
        """
        cohort = cohort_of(made[0])
        name = names.get(cohort)
        if name is not None and name != self._named.get(cohort):
            await self._name(cohort, name)
        answer = await self._post(COHORT_USERS, write_changes(made))
        return Answer(
            status=answer.status,
            refused={},
            text=answer.text[:SHOWN_CHARACTERS],
            limit=answer.limit,
        )

    async def probe(self) -> None:
        """Raise what keeps users from being imported, without changing anything.

        Braze looks at the keys first, and then refuses a body that names no cohort.
        """
        access = self._require_access()
        answer = await self._client.post(access.path(COHORT_USERS), access.keys)
        _raise_for_status(answer)
        # A page of some other server may answer 400 too; Braze's answers are JSON.
        if not is_json_object(answer.text):
            raise BrazeEndpointError(status=answer.status, url=answer.url)

    def _require_access(self) -> CohortAccess:
        if self._access is None:
            raise NoCohortAccessError
        return self._access

    async def _name(self, cohort: str, name: CohortName) -> None:
        created = name.created_at.isoformat(timespec="seconds")
        body = {"cohort_id": cohort, "name": name.name, "created_at": created}
        try:
            await self._post(COHORTS, body)
        except BrazeUnavailableError as error:
            # The request with the users has not left yet, so nothing of it is in doubt.
            error.may_have_worked = False
            raise
        except BrazeRefusedError as error:
            raise BrazeRefusedError(
                status=error.status or 0, answer=error.answer, is_divisible=False
            ) from error
        self._named[cohort] = name

    async def _post(self, path: str, body: dict[str, Any]) -> RawAnswer:
        access = self._require_access()
        answer = await self._client.post(access.path(path), {**access.keys, **body})
        _raise_for_status(answer)
        if answer.status not in TAKEN:
            raise BrazeRefusedError(status=answer.status, answer=message_of(answer))
        if not is_json_object(answer.text):
            # Something between us and Braze answered in its place, so nothing is known.
            what = f"status {answer.status} without JSON"
            raise BrazeUnavailableError(url=answer.url, what=what)
        return answer


def _raise_for_status(answer: RawAnswer) -> None:
    if answer.status in (401, 403):
        raise BrazePartnerError(status=answer.status, url=answer.url, answer=message_of(answer))
    if answer.status == LOCKED:
        raise BrazeLockedError(retry_after=answer.retry_after)
    if answer.status not in TAKEN:
        raise_for_status(answer)
