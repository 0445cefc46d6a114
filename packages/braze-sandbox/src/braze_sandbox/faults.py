"""The faults that wait for requests to hit."""

import asyncio
from random import Random

import msgspec

from braze_sandbox.model.fault import Fault


class PlannedFault(msgspec.Struct, kw_only=True):
    """A fault with its number, what is left of it, how many requests it hit."""

    id: int
    fault: Fault
    left: int | None
    spare: int
    hits: int = 0


class Faults:
    """The planned faults, in the order in which they were asked for."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._planned: list[PlannedFault] = []
        self._count = 0
        self._held: list[asyncio.Event] = []

    def plan(self, fault: Fault) -> PlannedFault:
        """Add a fault and return it with its number."""
        self._count += 1
        planned = PlannedFault(id=self._count, fault=fault, left=fault.times, spare=fault.spare)
        self._planned.append(planned)
        return planned

    def planned(self) -> list[PlannedFault]:
        """Return the faults that can still hit."""
        return list(self._planned)

    def clear(self) -> int:
        """Remove all faults; return how many there were."""
        count = len(self._planned)
        self._planned.clear()
        return count

    async def hold(self) -> None:
        """Wait for the next release."""
        released = asyncio.Event()
        self._held.append(released)
        await released.wait()

    def held(self) -> int:
        """Return how many requests wait to be released."""
        return len(self._held)

    def release(self) -> int:
        """Let the requests go on that are held; return how many there were."""
        held, self._held = self._held, []
        for released in held:
            released.set()
        return len(held)

    def strike(self, path: str) -> Fault | None:
        """Return the fault that hits a request to `path`, used up by one."""
        for planned in self._planned:
            if path.startswith(planned.fault.path) and self._hits(planned):
                return planned.fault
        return None

    def _hits(self, planned: PlannedFault) -> bool:
        if planned.spare > 0:
            planned.spare -= 1
            return False
        chance = planned.fault.chance
        if chance < 1.0 and self._chance.random() >= chance:
            return False
        planned.hits += 1
        if planned.left is not None:
            planned.left -= 1
            if planned.left <= 0:
                self._planned.remove(planned)
        return True
