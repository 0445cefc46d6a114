"""How fast an account, and a token of it, may send events."""

import msgspec

from coterie.api.allowance import Allowance
from coterie.base.clock import Clock, to_us
from coterie.base.errors import TransientError


class CollectRates(msgspec.Struct, frozen=True):
    """Events a second that are taken of an account and by a token; 0 is no limit."""

    account: int = 0
    token: int = 0


class SentTooFastError(TransientError):
    """An account or a token sends more events a second than its setting allows."""

    code = "sent_too_fast"

    def __init__(self, *, who: str, limit: int, setting: str, seconds: float) -> None:
        super().__init__(
            f"{who} sends more than {limit} events a second. Nothing of this request was taken: "
            "send it again, with the same ids, after the seconds that Retry-After says. "
            f"{setting} is the limit.",
            retry_after=seconds,
        )


class Pace:
    """Holds senders to their rates; belongs to the event loop of one web process.

    A request counts as one event before it is read and as all of its events once they are known,
    so that a batch is taken as a whole and paid off by the wait that follows.
    """

    def __init__(self, rates: CollectRates, *, clock: Clock) -> None:
        self._accounts = Allowance(per_second=rates.account)
        self._tokens = Allowance(per_second=rates.token)
        self._is_off = not rates.account and not rates.token
        self._clock = clock

    def admit(self, account: int, token_id: int | None) -> None:
        """Count one request of a sender who has proved to be one. Raises SentTooFastError."""
        if self._is_off:
            return
        now_us = to_us(self._clock())
        if token_id is not None and (wait := self._tokens.wait_seconds(token_id, now_us=now_us)):
            raise SentTooFastError(
                who="This access token",
                limit=self._tokens.per_second,
                setting="COTERIE_COLLECT_TOKEN_EVENTS_PER_SECOND",
                seconds=wait,
            )
        if wait := self._accounts.wait_seconds(account, now_us=now_us):
            raise SentTooFastError(
                who=f"Account {account}",
                limit=self._accounts.per_second,
                setting="COTERIE_COLLECT_ACCOUNT_EVENTS_PER_SECOND",
                seconds=wait,
            )
        self._charge(account, token_id, 1, now_us)

    def count(self, account: int, token_id: int | None, *, events: int) -> None:
        """Count the events of a request that was admitted, of which one is counted already."""
        if not self._is_off and events > 1:
            self._charge(account, token_id, events - 1, to_us(self._clock()))

    def _charge(self, account: int, token_id: int | None, amount: int, now_us: int) -> None:
        self._accounts.charge(account, amount, now_us=now_us)
        if token_id is not None:
            self._tokens.charge(token_id, amount, now_us=now_us)
