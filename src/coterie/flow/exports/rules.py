"""What one export job wants for one profile, and why it wants nothing."""

from collections.abc import Mapping
from typing import Any

import msgspec

from coterie.base.clock import from_us, to_us
from coterie.flow.exports.attributes import as_json, attributes_of
from coterie.model.config import ExportSpec
from coterie.model.delivery import Items
from coterie.model.mapped import can_identify
from coterie.model.profile import ProfileId
from coterie.model.recipients import write_recipient
from coterie.model.webhooks import AUDIENCE, FIELD


class Snapshot(msgspec.Struct, frozen=True):
    """A profile as the exports see it: `since_us` gives the audiences that hold it."""

    profile_id: ProfileId
    first_us: int
    since_us: Mapping[int, int]
    view: Mapping[str, Any]


class Rule:
    """One job's wishes: pure, and asked for every profile that changes."""

    def __init__(self, spec: ExportSpec) -> None:
        self.spec = spec
        self._started = to_us(spec.started_at)
        self._joined = {item: to_us(at) for item, at in spec.joined.items()}
        self._dropping = spec.quiet if spec.quiet is not None and spec.quiet.drop else None
        writes_names = not spec.attributes and not spec.groups and spec.webhook is None
        self.tells_exits = writes_names and (
            spec.events == "exits" or (spec.events == "both" and not spec.existing)
        )
        """Whether exits are told of people whose presence was never told."""

    @property
    def reads(self) -> frozenset[str]:
        """The fields that the job looks at."""
        consent = self.spec.consent
        fields = {item.field for item in self.spec.identifiers}
        fields |= {item.field for item in self.spec.attributes}
        fields |= {item.field for item in self.spec.groups.values()}
        if self.spec.webhook is not None:
            hook = self.spec.webhook
            fields |= {hook.source(name) for name in (*hook.fields, *hook.changes)}
        return frozenset(fields if consent is None else {*fields, consent.field})

    @property
    def audiences(self) -> frozenset[int]:
        """The audiences that matter to the job."""
        return frozenset(self.spec.names.keys() | self.spec.suppressed_by.keys())

    def wanted(self, profile: Snapshot) -> Items:
        """Return what the job asks for a profile, whatever holds it back."""
        if self.spec.events == "exits":
            return {}
        names = {
            name: True
            for audience_id, name in self.spec.names.items()
            if (since := profile.since_us.get(audience_id)) is not None
            and self._counts(audience_id, since)
        }
        if not names:
            return {}
        if self.spec.webhook is not None:
            return self._told_of(profile) | self._fields(profile)
        if self.spec.attributes:
            return attributes_of(profile.view, self.spec.attributes)
        if self.spec.groups:
            states = {
                group: rule.state(profile.view.get(rule.field))
                for group, rule in self.spec.groups.items()
            }
            return {group: state for group, state in states.items() if state is not None}
        return names

    def kept(self, was: Items, after: Snapshot | None) -> Items:
        """Return what who left keeps of a standing claim; None for who is not looked at now."""
        keys = self.spec.values
        if self.spec.webhook is not None:
            if after is not None:
                return self._fields(after)
            keys = frozenset(key for key in keys if key.startswith(FIELD))
        return {key: was[key] for key in sorted(keys) if key in was}

    def _told_of(self, profile: Snapshot) -> Items:
        return {
            AUDIENCE + slug: since // 1_000
            for audience_id, slug in self.spec.names.items()
            if (since := profile.since_us.get(audience_id)) is not None
            and self._counts(audience_id, since)
        }

    def _fields(self, profile: Snapshot) -> Items:
        """Return values of fields, each in a list, so that none is told from not known."""
        hook = self.spec.webhook
        if hook is None:
            return {}
        found: Items = {}
        for name in (*hook.fields, *hook.changes):
            value = as_json(profile.view.get(hook.source(name)))
            found[FIELD + name] = [] if value is None else [value]
        return found

    def is_member(self, profile: Snapshot) -> bool:
        """Say whether one of the job's audiences holds a profile."""
        return any(audience_id in profile.since_us for audience_id in self.spec.names)

    def left(self, held: Mapping[int, int], after: Snapshot, at_us: int | None) -> frozenset[str]:
        """Return values to take away that the job never told of."""
        if not self.tells_exits or self.drops(at_us):
            return frozenset()
        return self.exits(held, after)

    def exits(self, held: Mapping[int, int], after: Snapshot) -> frozenset[str]:
        """Return the values of audiences that held any part of a profile and hold it no more."""
        return frozenset(
            name
            for audience_id, name in self.spec.names.items()
            if audience_id in held and audience_id not in after.since_us
        )

    @property
    def may_drop(self) -> bool:
        """Whether there are hours in which the job drops what changes."""
        return self._dropping is not None

    def drops(self, at_us: int | None) -> bool:
        """Say whether what changes at an instant is never sent."""
        if self._dropping is None or at_us is None:
            return False
        return self._dropping.is_quiet(from_us(at_us))

    def dropped(self, profile: Snapshot) -> str | None:
        """Return a value that is never sent, because its audience was entered in quiet hours."""
        if self._dropping is None or self.spec.events == "exits":
            return None
        for audience_id, name in self.spec.names.items():
            since = profile.since_us.get(audience_id)
            start = self._joined.get(audience_id, self._started)
            if since is not None and since >= start and self.drops(since):
                return name
        return None

    def suppressor(self, profile: Snapshot) -> str | None:
        """Return the slug of an audience that keeps the profile from being exported."""
        for audience_id, slug in self.spec.suppressed_by.items():
            if audience_id in profile.since_us:
                return slug
        return None

    def recipient(self, view: Mapping[str, Any]) -> str | None:
        """Return the user's name at the destination by the first identifier that has a value."""
        for identifier in self.spec.identifiers:
            value = identifying_value(view.get(identifier.field))
            if value is not None:
                return write_recipient(identifier, value)
        return None

    def lack(self) -> str:
        """Return why a profile without recipient is omitted."""
        fields = [repr(item.field) for item in self.spec.identifiers]
        if len(fields) == 1:
            return f"no value in field {fields[0]}"
        return f"no value in any of the fields {', '.join(fields)}"

    def _counts(self, audience_id: int, since: int) -> bool:
        start = self._joined.get(audience_id, self._started)
        if since < start:
            return self.spec.existing
        return self._dropping is None or not self._dropping.is_quiet(from_us(since))


def identifying_value(value: Any) -> str | None:
    """Return a value as it names a user: a set's newest one, else the value as text."""
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or isinstance(value, dict):
        return None
    text = str(value)
    return text if text and can_identify(text) else None
