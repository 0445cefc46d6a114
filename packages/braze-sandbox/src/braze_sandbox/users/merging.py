"""The union of two users into one."""

from datetime import datetime

import msgspec

from braze_sandbox.model.profile import Alias, Profile, Tally

# braze-docs, /users/merge: these are filled where the kept user has no value.
_FILLED = (
    "first_name",
    "last_name",
    "email",
    "gender",
    "dob",
    "phone",
    "time_zone",
    "home_city",
    "country",
    "language",
    "date_of_first_session",
    "date_of_last_session",
    "current_location",
    "push_tokens",
)


def merge_profiles(keep: Profile, gone: Profile, *, now: datetime) -> Profile:
    """Return `keep` with what `gone` adds: missing fields filled, counts summed, times widened."""
    filled = {n: v for n, v in gone.fields.items() if n in _FILLED and n not in keep.fields}
    return msgspec.structs.replace(
        keep,
        aliases=join_aliases(keep.aliases, gone.aliases),
        fields={**keep.fields, **filled} if filled else keep.fields,
        custom={**gone.custom, **keep.custom},
        groups={**gone.groups, **keep.groups},
        stamps={**gone.stamps, **keep.stamps},
        events=_add_tallies(keep.events, gone.events),
        purchases=_add_tallies(keep.purchases, gone.purchases),
        revenue=keep.revenue + gone.revenue,
        cohorts=tuple(dict.fromkeys((*keep.cohorts, *gone.cohorts))),
        campaigns={**gone.campaigns, **keep.campaigns},
        canvases={**gone.canvases, **keep.canvases},
        created_at=min(keep.created_at, gone.created_at),
        updated_at=now,
    )


def join_aliases(kept: tuple[Alias, ...], added: tuple[Alias, ...]) -> tuple[Alias, ...]:
    """Return the aliases of both; a user has one alias a label, and the kept one stays."""
    labels = {alias.label for alias in kept}
    return (*kept, *(alias for alias in added if alias.label not in labels))


def _add_tallies(kept: dict[str, Tally], added: dict[str, Tally]) -> dict[str, Tally]:
    joined = dict(kept)
    for name, tally in added.items():
        mine = kept.get(name)
        joined[name] = (
            tally
            if mine is None
            else Tally(
                min(mine.first, tally.first),
                max(mine.last, tally.last),
                mine.count + tally.count,
            )
        )
    return joined
