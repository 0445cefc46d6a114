"""Which rows of a file its predecessor did not hold."""

import hashlib
from array import array
from bisect import bisect_left

HASH_BYTES = 8


class ChangedRows:
    """Compares rows by hashes of eight bytes each; that two rows share one is as good as never.

    `before` are the hashes of the file before, as `hashes` returned them: b"" if there was none.
    """

    def __init__(self, before: bytes) -> None:
        known = array("Q")
        known.frombytes(before)
        self._before = known
        self._now = array("Q")

    def note(self, body: bytes) -> bool:
        """Remember a row; return whether the file before held it too."""
        found = int.from_bytes(hashlib.blake2b(body, digest_size=HASH_BYTES).digest(), "little")
        self._now.append(found)
        place = bisect_left(self._before, found)
        return place < len(self._before) and self._before[place] == found

    def hashes(self) -> bytes:
        """Return the hashes of all rows noted, to be compared with next time."""
        return array("Q", sorted(self._now)).tobytes()
