"""Braze ends up with exactly the audiences, however jobs change while faults and kills happen."""

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

import msgspec
import pytest
from tests.e2e.chaos.office import AUDIENCES, Office, Turn
from tests.e2e.chaos.torment import Act, Exports, Torment

from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.settings import Settings
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from coterie.base.keyfile import load_or_create
from coterie.store import Store

pytestmark = pytest.mark.e2e

SEED = int(os.environ.get("COTERIE_TEST_SEED") or time.time_ns() % 1_000_000)
PROVED = 10
SHARED, OWN, GONE = "lytics_segments", "vip_club", "short_lived"


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much happens. `spare` requests more than the bound may be sent: small runs have many
    ends of time in which a request does not fill."""

    users: int
    changes: int
    kills: int
    chance: float
    spare: int
    a_batch: int


SMALL = Size(users=1_200, changes=3_000, kills=2, chance=0.01, spare=25, a_batch=150)
FULL = Size(users=50_000, changes=200_000, kills=10, chance=0.005, spare=0, a_batch=2_000)


@pytest.mark.timeout(600)
async def test_braze_equals_the_audiences_while_jobs_start_change_pause_and_end(
    database_url: str, tmp_path: Path
) -> None:
    await check(database_url, tmp_path, SMALL, seed=SEED)


@pytest.mark.prove
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(PROVED))
async def test_braze_equals_the_audiences_of_changing_jobs_at_full_size(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    await check(database_url, tmp_path, FULL, seed=seed)


async def check(url: str, folder: Path, size: Size, *, seed: int) -> None:
    print(f"COTERIE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails
    settings = Settings(
        fault_seed=seed, journal_entries=1_000_000, journal_bytes=2**31, rate_limiting=False
    )
    with Store.open(url, max_size=8) as store:
        async with BrazeSandbox.start(settings=settings) as sandbox:
            run = Run(store, sandbox, folder / "keys", size, Random(seed))
            await run.play()
            counted = run.torment.count()
            print(counted, "minimum", counted.minimum)  # noqa: T201 - shown when the test fails

            exported = {*AUDIENCES} - {"loyal"}
            assert run.differences(SHARED, exported) == {}
            assert run.differences(OWN, {"vip", "big_spenders"}) == {}
            # A job that is gone cannot send again what Braze refused to take away.
            assert set(run.differences(GONE, set())) <= run.office.refused(GONE)
            assert counted.requests <= 1.1 * counted.minimum + size.spare


class Run:
    """One story against one sandbox."""

    def __init__(
        self, store: Store, sandbox: BrazeSandbox, key_file: Path, size: Size, chance: Random
    ) -> None:
        self.sandbox = sandbox
        self.size = size
        self.chance = chance
        self.office = Office(store, load_or_create(key_file), sandbox, chance)
        self.users = [f"user-{number:06}" for number in range(size.users)]
        self.torment = Torment(
            Exports(
                store=store,
                sandbox=sandbox,
                key_file=key_file,
                authorization=self.office.authorization,
                attributes=self.office.attributes,
            ),
            chance,
        )

    async def play(self) -> None:
        """Let everything happen to people who are members already, then let it rest."""
        self._populate()
        with self.office.running_jobs():
            await self.torment.play(
                list(self._acts()),
                kills=self.size.kills,
                fault_chance=self.size.chance,
                meanwhile=self.office.follow,
            )

    def _populate(self) -> None:
        turns = [
            (user, audience, True)
            for user in self.users
            for audience in self.chance.sample(AUDIENCES, 2)
        ]
        for batch in self._cut(turns):
            self.office.tell(batch)

    def _acts(self) -> Iterator[Act]:
        """Yield changes of people, and between them what is done to jobs."""
        office = self.office
        to_jobs: dict[int, Act] = {
            0: partial(office.start, "first", SHARED, ("vip", "new", "loyal")),
            15: partial(office.start, "second", SHARED, ("at_risk", "lapsed")),
            20: partial(office.start, "third", OWN, ("vip", "big_spenders")),
            25: partial(office.start, "fourth", GONE, ("new", "lapsed")),
            35: partial(office.edit, "first", ("vip", "loyal", "big_spenders")),
            45: partial(office.pause, "second"),
            50: partial(office.pause, "third"),
            60: partial(office.resume, "second"),
            65: partial(office.resume, "third"),
            70: partial(office.edit, "first", ("vip", "loyal", "big_spenders", "new")),
            75: partial(office.pause, "first"),
            80: partial(office.edit, "first", ("vip", "big_spenders", "new")),
            85: partial(office.resume, "first"),
            90: partial(office.delete, "fourth"),
        }
        batches = list(self._cut(list(self._changes())))
        share = 0
        for number, batch in enumerate(batches):
            while share <= 100 * number // len(batches):
                if share in to_jobs:
                    yield self.torment.let_send
                    yield to_jobs.pop(share)
                share += 1
            yield partial(office.tell, batch)
        assert not to_jobs

    def _changes(self) -> Iterator[Turn]:
        held = {user: set(names) for user, names in self.office.truth.items()}
        for _ in range(self.size.changes):
            user, audience = self.chance.choice(self.users), self.chance.choice(AUDIENCES)
            held[user] ^= {audience}
            yield user, audience, audience in held[user]

    def _cut(self, turns: Sequence[Turn]) -> Iterator[Sequence[Turn]]:
        for start in range(0, len(turns), self.size.a_batch):
            yield turns[start : start + self.size.a_batch]

    def differences(self, attribute: str, exported: set[str]) -> dict[str, str]:
        """Return users of whom Braze holds something else than is true."""
        profiles = self.sandbox.engine.state.workspaces[DEFAULT_WORKSPACE].profiles
        found = {}
        for user, names in sorted(self.office.truth.items()):
            profile = profiles.find_external(user)
            held = set() if profile is None else set(profile.custom.get(attribute) or ())
            true = names & exported
            if held != true:
                found[user] = f"{sorted(held)} in place of {sorted(true)}"
        return found
