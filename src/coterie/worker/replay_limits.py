"""What the steps of a replay are held to: definitions, versions, portions."""

from datetime import timedelta

import msgspec

from coterie.control.definitions.pipeline import load_config
from coterie.control.replays import ReplayWork, made_with
from coterie.flow.run.replay import EVENTS_AT_ONCE
from coterie.model.config import PipelineConfig
from coterie.store import Connection

replace = msgspec.structs.replace


def silent(config: PipelineConfig, *, asks: bool) -> PipelineConfig:
    """Return a configuration that tells nobody; with `asks` it has audiences."""
    return replace(
        config,
        accounts={
            number: replace(
                account,
                audiences=account.audiences if asks else (),
                exports=(),
                suppresses=False,
                # Every event is folded with all of them, from the first one on.
                trackers=tuple(replace(one, is_filled=True) for one in account.trackers),
            )
            for number, account in config.accounts.items()
        },
    )


def is_outdated(conn: Connection, work: ReplayWork) -> bool:
    """Say whether a replay has to begin again, since what it was made with has changed."""
    return (work.trackers, work.erasures) != made_with(conn)


def versions(conn: Connection) -> dict[str, int]:
    """Return the version of each audience that is kept current, by its id as text."""
    config = load_config(conn)
    return {
        str(spec.id): spec.version
        for account in config.accounts.values()
        for spec in account.audiences
    }


def accounts(conn: Connection) -> list[int]:
    """Return all account numbers, in rising order."""
    return sorted(load_config(conn).accounts)


def number(work: ReplayWork) -> int:
    """Return the generation that a replay fills."""
    if work.generation is None:
        problem = f"replay {work.id} has no generation in state {work.state}"
        raise LookupError(problem)
    return work.generation


def portion(work: ReplayWork) -> int:
    """Return how many events a step may read."""
    return min(EVENTS_AT_ONCE, work.events_a_second or EVENTS_AT_ONCE)


def pause(work: ReplayWork, read: int) -> timedelta:
    """Return how long a replay waits after a step that read so many events."""
    return timedelta(seconds=read / work.events_a_second) if work.events_a_second else timedelta(0)
