"""How much of their folder and of the line a user has taken."""

from pathlib import Path

from coterie.model.sftp import ManagedUser
from coterie.sftpd.limits import Pace

MOST_FILES = 10_000


class Usage:
    """Counts what one user holds and moves, over all of their connections."""

    def __init__(self, user: ManagedUser, folder: Path) -> None:
        self._user = user
        self._folder = folder
        self._used = 0
        self._files = 0
        self._uploads = 0
        self.pace = Pace(user.bytes_per_second)

    def fits(self, user: ManagedUser) -> bool:
        """Answer whether the user's limits are still those that are counted against."""
        return self._user == user

    def start_upload(self) -> str:
        """Count an upload that begins; return why there can be none, "" if there can.

        Looks through the folder, so call it on a thread.
        """
        if not self._uploads:
            self._measure()
        if self._files >= MOST_FILES:
            return f"the folder holds {MOST_FILES} files, the most it can; delete some"
        if self._user.quota and self._used >= self._user.quota:
            return "the folder is full; delete files, or ask for a larger one"
        self._uploads += 1
        self._files += 1
        return ""

    def grow(self, size: int, by: int) -> str:
        """Count a file that grows `by` bytes to `size`; return why it must not, "" if it may."""
        if self._user.file_limit and size > self._user.file_limit:
            return f"files may have {self._user.file_limit} bytes here"
        if self._user.quota and self._used + by > self._user.quota:
            return "the folder is full; delete files, or ask for a larger one"
        self._used += by
        return ""

    def end_upload(self) -> None:
        """Count an upload that has ended, well or not."""
        self._uploads -= 1

    def _measure(self) -> None:
        sizes = [path.stat().st_size for path in self._folder.rglob("*") if path.is_file()]
        self._used, self._files = sum(sizes), len(sizes)
