"""The users of one workspace, found by any of their identifiers."""

import hashlib
from collections.abc import Iterator
from itertools import islice

import msgspec

from braze_sandbox.model.profile import Alias, Profile

_BUCKETS = 10_000


class Profiles:
    """All profiles of a workspace with an index for each kind of identifier."""

    def __init__(self, workspace: str) -> None:
        self._workspace = workspace
        self._by_id: dict[str, Profile] = {}
        self._by_external_id: dict[str, str] = {}
        self._by_alias: dict[Alias, str] = {}
        self._by_email: dict[str, dict[str, None]] = {}
        self._by_phone: dict[str, dict[str, None]] = {}
        self._highest = 0

    def __len__(self) -> int:
        """Return the number of profiles."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[Profile]:
        """Yield the profiles in order of creation."""
        return iter(self._by_id.values())

    def find(self, braze_id: str) -> Profile | None:
        """Return the profile with this braze_id."""
        return self._by_id.get(braze_id)

    def find_external(self, external_id: str) -> Profile | None:
        """Return the profile with this external_id, also one that was renamed (deprecated)."""
        braze_id = self._by_external_id.get(external_id)
        return None if braze_id is None else self._by_id[braze_id]

    def find_alias(self, alias: Alias) -> Profile | None:
        """Return the profile with this alias; name and label are case-sensitive."""
        braze_id = self._by_alias.get(alias)
        return None if braze_id is None else self._by_id[braze_id]

    def with_email(self, email: str) -> list[Profile]:
        """Return the profiles with this e-mail address, whatever its case."""
        return [self._by_id[i] for i in self._by_email.get(email.casefold(), ())]

    def with_phone(self, phone: str) -> list[Profile]:
        """Return the profiles with this phone number, as it was written."""
        return [self._by_id[i] for i in self._by_phone.get(phone.casefold(), ())]

    def page(self, *, after: int, limit: int) -> list[Profile]:
        """Return up to `limit` profiles whose number is above `after`, in order of creation."""
        return list(islice((p for p in self._by_id.values() if p.number > after), limit))

    def next_number(self) -> int:
        """Return the number that the next new profile gets."""
        return self._highest + 1

    def new_braze_id(self, origin: str) -> tuple[str, int]:
        """Return a fresh braze_id (24 hex digits) with its random bucket (0 to 9999).

        Both derive from the workspace and `origin`, the identifier that created the profile, so
        that two sandboxes fed with the same users give them the same ids.
        """
        turn = 0
        while True:
            digest = hashlib.sha256(f"{self._workspace}\n{origin}\n{turn}".encode()).hexdigest()
            if digest[:24] not in self._by_id:
                return digest[:24], int(digest[24:], 16) % _BUCKETS
            turn += 1

    def put(self, profile: Profile) -> None:
        """Add `profile`, or replace the one with its braze_id."""
        before = self._by_id.get(profile.braze_id)
        self._by_id[profile.braze_id] = profile
        self._highest = max(self._highest, profile.number)
        if before is None or before.external_ids() != profile.external_ids():
            self._index_external_ids(before, profile)
        if before is None or before.aliases is not profile.aliases:
            self._index_aliases(before, profile)
        if before is None or before.fields is not profile.fields:
            self._index_field(self._by_email, "email", before, profile)
            self._index_field(self._by_phone, "phone", before, profile)

    def remove(self, profile: Profile) -> None:
        """Take a profile out."""
        del self._by_id[profile.braze_id]
        blank = msgspec.structs.replace(
            profile, external_id=None, deprecated_ids=(), aliases=(), fields={}
        )
        self._index_external_ids(profile, blank)
        self._index_aliases(profile, blank)
        self._index_field(self._by_email, "email", profile, blank)
        self._index_field(self._by_phone, "phone", profile, blank)

    def clear(self) -> None:
        """Forget all profiles."""
        self._by_id.clear()
        self._by_external_id.clear()
        self._by_alias.clear()
        self._by_email.clear()
        self._by_phone.clear()
        self._highest = 0

    def _index_external_ids(self, before: Profile | None, profile: Profile) -> None:
        for external_id in before.external_ids() if before else ():
            self._by_external_id.pop(external_id, None)
        for external_id in profile.external_ids():
            self._by_external_id[external_id] = profile.braze_id

    def _index_aliases(self, before: Profile | None, profile: Profile) -> None:
        for alias in before.aliases if before else ():
            self._by_alias.pop(alias, None)
        for alias in profile.aliases:
            self._by_alias[alias] = profile.braze_id

    @staticmethod
    def _index_field(
        index: dict[str, dict[str, None]], field: str, before: Profile | None, profile: Profile
    ) -> None:
        old = before.fields.get(field) if before else None
        new = profile.fields.get(field)
        if old == new:
            return
        if old is not None:
            holders = index[old.casefold()]
            del holders[profile.braze_id]
            if not holders:
                del index[old.casefold()]
        if new is not None:
            index.setdefault(new.casefold(), {})[profile.braze_id] = None
