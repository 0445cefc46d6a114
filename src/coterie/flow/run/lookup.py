"""What people ask of the data plane: profiles, members, events, figures."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from coterie.base.clock import from_us, to_us
from coterie.flow.audiences.membership import sample_members
from coterie.flow.identity.maintenance import Backlog, count_unsettled
from coterie.flow.identity.owners import find_owners
from coterie.flow.identity.rules import identity_rules
from coterie.flow.profiles.storage import get_profile
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.figures import job_figures
from coterie.flow.run.generations import enter_live_generation
from coterie.lang.identifiers import normalise
from coterie.model.identifier_names import IdentifierNames
from coterie.model.mapped import can_identify
from coterie.model.profile import Fragment, Standing, StoredProfile
from coterie.model.schema import Schema
from coterie.model.views import (
    DeliveryTotals,
    EventView,
    FieldView,
    HourCount,
    IdentifierView,
    JobFigures,
    MembershipView,
    MemberView,
    OmittedView,
    Overview,
    ProfileView,
    RejectedView,
)
from coterie.store import Connection, Store, load_queries

SQL = load_queries("lookup")

HOURS = 24
# Characters of an event, bytes of a rejected one.
BODY_SHOWN = 20_000
MEMBER_IDENTIFIERS = 3


class Lookup:
    """Answers questions about one store; every answer is of one transaction."""

    def __init__(self, store: Store, config_at: ConfigAt) -> None:
        self._store = store
        self._config_at = config_at

    def overview(self, account: int, now: datetime) -> Overview:
        """Return the account's figures; the hours are the last 24."""
        first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
        asked = {"account": account}
        with self._read() as conn:
            counted: dict[datetime, int] = dict(
                conn.execute(SQL.hours, {**asked, "since": first}).fetchall()
            )
            totals = conn.execute(SQL.delivery_totals, asked).fetchone() or ()
            return Overview(
                events=_count(conn, SQL.count_events, asked),
                rejected=_count(conn, SQL.count_rejected, asked),
                waiting=count_waiting(conn),
                profiles=_count(conn, SQL.count_profiles, asked),
                identifiers=_count(conn, SQL.count_identifiers, asked),
                hours=tuple(
                    HourCount(hour=hour, events=counted.get(hour, 0))
                    for hour in (first + timedelta(hours=step) for step in range(HOURS))
                ),
                deliveries=msgspec.convert(
                    dict(zip(DeliveryTotals.__struct_fields__, map(int, totals), strict=True)),
                    DeliveryTotals,
                ),
            )

    def find_profile(
        self, account: int, field: str, value: str, now: datetime
    ) -> ProfileView | None:
        """Return the profile that holds an identifier, None if there is none."""
        with self._read() as conn:
            schema = self._schema(conn, account)
            profile = find_stored(conn, account, schema, (field, value))
            if profile is None:
                return None
            names = {
                audience_id: (slug, name)
                for audience_id, slug, name in conn.execute(
                    SQL.audience_names, {"account": account}
                )
            }
            return _profile_view(profile, schema, names, now)

    def latest_events(self, account: int, stream: str, limit: int) -> tuple[EventView, ...]:
        """Return the newest events of a stream with what became of them."""
        asked = {"account": account, "stream": stream, "limit": limit, "most": BODY_SHOWN}
        with self._read() as conn:
            rows = conn.execute(SQL.latest_events, asked).fetchall()
        names = EventView.__struct_fields__
        return tuple(EventView(**dict(zip(names, row, strict=True))) for row in rows)

    def rejected_events(self, account: int, stream: str, limit: int) -> tuple[RejectedView, ...]:
        """Return what doors refused of a stream, newest first."""
        asked = {"account": account, "stream": stream, "limit": limit, "most": BODY_SHOWN}
        with self._read() as conn:
            rows = conn.execute(SQL.rejected_events, asked).fetchall()
        names = RejectedView.__struct_fields__
        return tuple(
            RejectedView(
                **dict(zip(names, (*rest, body.decode(errors="replace"), cut), strict=True))
            )
            for *rest, body, cut in rows
        )

    def failed_events(self, account: int, stream: str, limit: int) -> tuple[EventView, ...]:
        """Return logged events that made no difference and wait for a repair, newest first."""
        asked = {"account": account, "stream": stream, "limit": limit, "most": BODY_SHOWN}
        with self._read() as conn:
            rows = conn.execute(SQL.failed_events, asked).fetchall()
        names = EventView.__struct_fields__
        return tuple(EventView(**dict(zip(names, row, strict=True))) for row in rows)

    def audience_members(
        self, account: int, audience_id: int, limit: int
    ) -> tuple[MemberView, ...]:
        """Return who entered an audience last."""
        with self._read() as conn:
            schema = self._schema(conn, account)
            found = sample_members(conn, account, audience_id, limit=limit)
            profiles = [
                (profile, since)
                for profile_id, since in found
                if (profile := get_profile(conn, account, profile_id)) is not None
            ]
        return tuple(
            MemberView(
                profile_id=profile.profile_id,
                since=since,
                identifiers=identifiers_of(profile, schema)[:MEMBER_IDENTIFIERS],
            )
            for profile, since in profiles
        )

    def omitted_users(self, account: int, job_id: int, limit: int) -> tuple[OmittedView, ...]:
        """Return profiles that an export cannot send, those omitted last first."""
        asked = {"account": account, "job_id": job_id, "limit": limit}
        with self._read() as conn:
            schema = self._schema(conn, account)
            rows = conn.execute(SQL.omitted_profiles, asked).fetchall()
            return tuple(
                OmittedView(
                    profile_id=profile_id,
                    since=since,
                    reason=reason,
                    identifiers=identifiers_of(profile, schema)[:MEMBER_IDENTIFIERS],
                )
                for profile_id, reason, since in rows
                if (profile := get_profile(conn, account, profile_id)) is not None
            )

    def job_figures(self, account: int, job_id: int, now: datetime) -> JobFigures:
        """Return what became of a job's work; zeros for a job that does not exist."""
        with self._read() as conn:
            return job_figures(conn, self._config_at(conn).accounts[account], job_id, now=now)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            yield conn

    def _schema(self, conn: Connection, account: int) -> Schema:
        return self._config_at(conn).accounts[account].schemas[-1]


def find_stored(
    conn: Connection, account: int, schema: Schema, identifier: tuple[str, str]
) -> StoredProfile | None:
    """Return the profile that holds an identifier (field, value as written), None if none does."""
    normal = normal_form(schema, identifier)
    if normal is None:
        return None
    owner = find_owners(conn, account, [normal]).get(normal)
    return get_profile(conn, account, owner) if owner else None


def normal_form(schema: Schema, identifier: tuple[str, str]) -> tuple[str, str] | None:
    """Return an identifier as profiles hold it, None if it can be nobody's."""
    field, value = identifier
    known = next((item for item in schema.fields if item.name == field), None)
    if known is None or known.identifier is None:
        return None
    if not is_unicode(value) or not can_identify(value):
        return None
    return known.stored_name, normalise(known.identifier, value)


def is_unicode(text: str) -> bool:
    """Say whether a text can be asked about."""
    # Half of a surrogate pair, which an address can smuggle in, has no form in UTF-8.
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def count_waiting(conn: Connection) -> int:
    """Return how many events of all accounts no worker has taken yet."""
    return _count(conn, SQL.count_waiting, {})


def identity_backlog(conn: Connection) -> Backlog:
    """Return how many identifiers of all accounts wait for maintenance."""
    enter_live_generation(conn)
    return count_unsettled(conn)


def _profile_view(
    profile: StoredProfile,
    schema: Schema,
    audiences: Mapping[int, tuple[str, str]],
    now: datetime,
) -> ProfileView:
    fields = {field.name: field for field in schema.fields}
    values = Viewer(schema).view(profile.body.fragments, to_us(now))
    return ProfileView(
        profile_id=profile.profile_id,
        first_seen=from_us(min(part.first_us for part in profile.body.fragments)),
        updated_at=profile.updated_at,
        fields=tuple(
            FieldView(name=name, kind=fields[name].kind, value=value, is_pii=fields[name].is_pii)
            for name, value in sorted(values.items())
        ),
        identifiers=identifiers_of(profile, schema),
        audiences=tuple(
            MembershipView(
                audience_id=audience_id,
                slug=audiences[audience_id][0],
                name=audiences[audience_id][1],
                since=from_us(since),
            )
            for audience_id, since in zip(profile.audiences, profile.body.since_us, strict=True)
            if audience_id in audiences
        ),
        flags=tuple(_flags(profile.body.standing)),
    )


def _flags(standing: Standing | None) -> Iterator[str]:
    if standing is not None:
        if standing.hubs:
            yield "hub"
        if standing.carriers:
            yield "passengers"
        if standing.is_unsettled:
            yield "unsettled"


def identifiers_of(profile: StoredProfile, schema: Schema) -> tuple[IdentifierView, ...]:
    """Return the identifiers of a profile as people name them, strongest first."""
    rules, names = identity_rules(schema), IdentifierNames(schema.fields)
    ordered: list[Fragment] = sorted(
        profile.body.fragments, key=lambda part: rules.strength(part.identifier)
    )
    return tuple(
        IdentifierView(
            field=names.shown(part.identifier)[0],
            value=part.value,
            first_seen=from_us(part.first_us),
            last_seen=from_us(part.last_us),
        )
        for part in ordered
    )


def _count(conn: Connection, query: str, asked: Mapping[str, object]) -> int:
    row = conn.execute(query.encode(), asked).fetchone()
    return int(row[0]) if row else 0
