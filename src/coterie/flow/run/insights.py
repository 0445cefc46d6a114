"""Answers what people want to know of audiences: sizes to be, overlaps, the values of members."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from coterie.base.clock import to_us
from coterie.flow.audiences.membership import (
    count_members,
    count_overlaps,
    draw_overlaps,
)
from coterie.flow.profiles.counting import Total, estimate_profiles
from coterie.flow.profiles.storage import read_after, read_members_after
from coterie.flow.run.context import AccountContext, ConfigAt
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.names import Names
from coterie.flow.run.tally import Tally
from coterie.flow.run.trial import Trial, portion
from coterie.lang.behaviour import Bounds
from coterie.model.control import Audience
from coterie.model.insights import Estimate, FieldReport, Overlap
from coterie.model.profile import ProfileId, StoredProfile
from coterie.store import Connection, Store

FIRST: ProfileId = "0" * 32
# About half of the second that a person waits gladly; the rest is for counting and the way.
LOOK_SECONDS = 0.45
MOST_ASKED = 20_000
# Comparing as many memberships takes half a second, and so does asking as often whether somebody is
# in an audience.
MOST_COMPARED = 1_000_000
MOST_LOOKED_UP = 400_000
# The quantile of the normal distribution for 19 of 20.
Z = 1.959964


class InsightSettings(msgspec.Struct, frozen=True):
    """How long a sampled answer may look, how many it asks at most, and how histories are kept.

    Overlaps of audiences with at most `most_compared` members together are counted; of larger ones
    a draw is looked up, `most_looked_up` times.
    """

    hash_key: bytes
    bounds: Bounds = Bounds()
    look_seconds: float = LOOK_SECONDS
    most_asked: int = MOST_ASKED
    most_compared: int = MOST_COMPARED
    most_looked_up: int = MOST_LOOKED_UP


class Insights:
    """Answers from one store. `ticks` returns seconds that pass; `draw` a random profile id."""

    def __init__(
        self,
        store: Store,
        config_at: ConfigAt,
        settings: InsightSettings,
        ticks: Callable[[], float],
        draw: Callable[[], ProfileId],
    ) -> None:
        self._store = store
        self._config_at = config_at
        self._settings = settings
        self._ticks = ticks
        self._draw = draw

    def preview(self, account: int, filter_text: str, now: datetime) -> Estimate:
        """Estimate whom a filter would hold at `now`, from a fair draw of profiles.

        The text is a filter that may be saved.
        """
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            config = self._config_at(conn).accounts[account]
            names = Names(self._settings.hash_key)
            trial = Trial(conn, config, filter_text, names, self._settings.bounds)
            asked = matched = 0
            for profiles in self._sample(conn, trial.context, None):
                matched += len(trial.matching(profiles, now))
                asked += len(profiles)
            total = estimate_profiles(conn, account)
        return estimate(matched, asked, total)

    def total(self, account: int) -> int:
        """Return how many profiles an account has: of more than 200,000 about how many."""
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            return estimate_profiles(conn, account).profiles

    def overlaps(
        self, account: int, audience: Audience, others: Sequence[Audience]
    ) -> tuple[Overlap, ...]:
        """Return how many members an audience shares with each of the others, most first.

        Of very large audiences about how many, by a fair draw of its members.
        """
        ids, asked = [other.id for other in others], audience.size
        members = audience.size + sum(other.size for other in others)
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            if members <= self._settings.most_compared:
                both = count_overlaps(conn, account, audience.id, ids)
            else:
                most = max(1, self._settings.most_looked_up // max(1, len(ids)))
                asked, both = draw_overlaps(conn, account, audience.id, ids, most=most)
        found = [_overlap(audience, other, both.get(other.id, 0), asked) for other in others]
        return tuple(sorted(found, key=lambda one: (-one.both, one.slug)))

    def field_report(
        self,
        account: int,
        audience_id: int | None,
        fields: Iterable[str] | None,
        *,
        limit: int,
        hides_personal: bool,
        now: datetime,
    ) -> FieldReport:
        """Return the values of `fields` (None: all) among members, or all profiles (None).

        `limit` is how many values of a field are listed.
        """
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            config = self._config_at(conn).accounts[account]
            bare = msgspec.structs.replace(config, audiences=(), exports=(), trackers=())
            context = AccountContext(bare, Names(self._settings.hash_key), self._settings.bounds)
            wanted = None if fields is None else frozenset(fields)
            tallies = {
                field.name: Tally(field, is_redacted=field.is_pii and hides_personal)
                for field in context.schema.fields
                if wanted is None or field.name in wanted
            }
            asked, at_us = 0, to_us(now)
            for profiles in self._sample(conn, context, audience_id):
                for profile in profiles:
                    view = context.viewer.view(profile.body.fragments, at_us, frozenset(tallies))
                    for name, value in view.items():
                        tallies[name].add(value)
                asked += len(profiles)
            if audience_id is None:
                size = estimate_profiles(conn, account).profiles
            else:
                size = count_members(conn, account, [audience_id])
        return FieldReport(
            size=max(size, asked),
            asked=asked,
            is_exact=asked >= size,
            fields=tuple(tallies[name].report(asked, limit) for name in sorted(tallies)),
        )

    def _sample(
        self, conn: Connection, context: AccountContext, audience_id: int | None
    ) -> Iterator[list[StoredProfile]]:
        """Yield a fair draw of profiles in portions until the time is over, each profile once."""
        at_once = portion(context)
        ends_at = self._ticks() + self._settings.look_seconds
        first = self._draw()
        after, turned, asked = first, False, 0
        while asked < self._settings.most_asked:
            if audience_id is None:
                found = read_after(conn, context.number, after, limit=at_once)
            else:
                found = read_members_after(conn, context.number, audience_id, after, limit=at_once)
            if turned:
                found = [profile for profile in found if profile.profile_id <= first]
            if found:
                yield found
                asked += len(found)
                after = found[-1].profile_id
            if len(found) < at_once:
                if turned:
                    return
                # The end of the ids: go on at their beginning, up to where the draw began.
                after, turned = FIRST, True
            if self._ticks() >= ends_at and asked:
                return


def estimate(matched: int, asked: int, among: Total) -> Estimate:
    """Return the size that a draw speaks for, with Wilson's interval for 19 of 20 cases.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927. It
    holds for shares near 0 and 1 too, where the usual one pretends to be certain. It is widened by
    the doubt about how many there are to draw from.
    """
    total = max(among.profiles, asked)
    if asked >= total:
        return Estimate(
            size=matched,
            low=matched,
            high=matched,
            profiles=total,
            asked=asked,
            matched=matched,
            is_exact=True,
        )
    share = matched / asked
    middle = (share + Z * Z / (2 * asked)) / (1 + Z * Z / asked)
    spread = (
        Z
        * math.sqrt(share * (1 - share) / asked + Z * Z / (4 * asked * asked))
        / (1 + Z * Z / asked)
    )
    return Estimate(
        size=round(share * total),
        # Whoever was asked is known for sure.
        low=max(matched, math.floor((middle - spread) * total * (1 - among.doubt))),
        high=min(
            total - (asked - matched), math.ceil((middle + spread) * total * (1 + among.doubt))
        ),
        profiles=total,
        asked=asked,
        matched=matched,
        is_exact=False,
    )


def _overlap(audience: Audience, other: Audience, matched: int, asked: int) -> Overlap:
    found = estimate(matched, max(asked, 1), Total(audience.size))
    most = max(other.size, matched)
    both = min(found.size, most)
    return Overlap(
        slug=other.slug,
        name=other.name,
        size=other.size,
        both=both,
        low=min(found.low, most),
        high=min(found.high, most),
        is_exact=found.is_exact,
        of_this=_share(both, audience.size),
        of_other=_share(both, other.size),
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
