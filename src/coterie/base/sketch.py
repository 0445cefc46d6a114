"""How many different values there were, in a kilobyte.

Up to 256 values are kept by their hashes, and counted exactly; beyond that it is a HyperLogLog of
1,024 registers with linear counting for small numbers (Flajolet et al. 2007), whose standard error
is 1.04 / sqrt(1024), about 3 %. Hashes have 64 bits, so large numbers need no correction.
"""

import hashlib
import math
import struct
from collections.abc import Iterable

BITS = 10
REGISTERS = 1 << BITS
MOST_EXACT = 256
_EXACT, _REGISTERS = b"e", b"r"
_ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)
_RANKS = 64 - BITS


class Sketch:
    """A set of values that forgets which they were; merging is a union."""

    __slots__ = ("_exact", "_registers")

    def __init__(self) -> None:
        self._exact: set[int] | None = set()
        self._registers = bytearray()

    @classmethod
    def unpack(cls, packed: bytes) -> "Sketch":
        """Return the sketch that `pack` wrote; b"" is an empty one."""
        sketch = cls()
        if packed[:1] == _EXACT:
            count = (len(packed) - 1) // 8
            sketch._exact = set(struct.unpack(f">{count}Q", packed[1:]))
        elif packed[:1] == _REGISTERS:
            sketch._exact = None
            sketch._registers = bytearray(packed[1:])
        return sketch

    def pack(self) -> bytes:
        """Return the sketch as bytes; equal sets give equal bytes."""
        if self._exact is None:
            return _REGISTERS + bytes(self._registers)
        ordered = sorted(self._exact)
        return _EXACT + struct.pack(f">{len(ordered)}Q", *ordered)

    def add_all(self, values: Iterable[str]) -> None:
        """Add values."""
        for value in values:
            digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8)
            self._add(int.from_bytes(digest.digest(), "big"))

    def merge(self, other: "Sketch") -> None:
        """Add all that another sketch holds."""
        if other._exact is not None:
            for number in other._exact:
                self._add(number)
            return
        self._forget()
        pairs = zip(self._registers, other._registers, strict=True)
        self._registers = bytearray(max(one, two) for one, two in pairs)

    @property
    def is_exact(self) -> bool:
        """Whether the count is exact."""
        return self._exact is not None

    def count(self) -> int:
        """Return the number of different values, an estimate beyond 256."""
        if self._exact is not None:
            return len(self._exact)
        estimate = _ALPHA * REGISTERS**2 / sum(2.0**-rank for rank in self._registers)
        zeros = self._registers.count(0)
        if estimate <= 2.5 * REGISTERS and zeros:
            estimate = REGISTERS * math.log(REGISTERS / zeros)
        return round(estimate)

    def _add(self, number: int) -> None:
        if self._exact is not None:
            self._exact.add(number)
            if len(self._exact) > MOST_EXACT:
                self._forget()
            return
        place = number >> _RANKS
        rest = number & ((1 << _RANKS) - 1)
        rank = _RANKS - rest.bit_length() + 1
        self._registers[place] = max(self._registers[place], rank)

    def _forget(self) -> None:
        if self._exact is None:
            return
        known, self._exact = self._exact, None
        self._registers = bytearray(REGISTERS)
        for number in known:
            self._add(number)
