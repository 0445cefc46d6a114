"""A user's folder as the SFTP server serves it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import asyncssh
import structlog

from coterie.model.sftp import ManagedUser
from coterie.sftpd.dependencies import SftpDependencies
from coterie.sftpd.paths import find_path, is_unfinished, unfinished_name
from coterie.sftpd.usage import Usage

log = structlog.get_logger(__name__)

WRITING = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC
FOLDER_MODE = 0o700


class _Transfer:
    """A file under way. An upload goes to a name of its own until the client closes it.

    One of which a block was refused never takes its name: it would be half a file.
    """

    def __init__(self, path: Path, stream: BinaryIO, part: Path | None, *, appends: bool) -> None:
        self.path = path
        self.stream = stream
        self.part = part
        self.appends = appends
        self.moved = 0
        self.is_refused = False
        self.size = os.fstat(stream.fileno()).st_size


class UserFolder(asyncssh.SFTPServer):
    """One session of one user: the folder is the root, and there is nothing above it."""

    def __init__(
        self,
        channel: "asyncssh.SSHServerChannel[bytes]",
        deps: SftpDependencies,
        user: ManagedUser,
        usage: Usage,
        is_gone: Callable[[], bool],
    ) -> None:
        self._deps = deps
        self._user = user
        self._usage = usage
        self._is_gone = is_gone
        self._folder = deps.folder_of(user)
        self._under_way: set[_Transfer] = set()
        super().__init__(channel, chroot=bytes(self._folder))

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:  # noqa: ARG002
        """Open a file to read, or a new version of one to write."""
        asked = find_path(self._folder, path)
        if not pflags & WRITING:
            self._need_reading()
            return await asyncio.to_thread(_open_to_read, asked)
        if pflags & asyncssh.FXF_READ and self._user.access == "upload-only":
            pflags &= ~asyncssh.FXF_READ
        refusal = await asyncio.to_thread(self._usage.start_upload)
        if refusal:
            raise asyncssh.SFTPFailure(refusal)
        try:
            transfer = await asyncio.to_thread(_open_to_write, asked, pflags)
        except BaseException:
            self._usage.end_upload()
            raise
        self._under_way.add(transfer)
        return transfer

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Return a block of a file."""
        transfer = _transfer(file_obj)
        if transfer.part is not None:
            self._need_reading()
        await self._usage.pace.spend(size)
        block = await asyncio.to_thread(os.pread, transfer.stream.fileno(), size, offset)
        transfer.moved += len(block)
        return block

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write a block of a file that is being uploaded."""
        transfer = _transfer(file_obj)
        if transfer.part is None:
            raise asyncssh.SFTPPermissionDenied("the file was opened for reading")
        start = transfer.size if transfer.appends else offset
        size = max(transfer.size, start + len(data))
        refusal = self._usage.grow(size, size - transfer.size)
        if refusal:
            transfer.is_refused = True
            raise asyncssh.SFTPFailure(refusal)
        transfer.size = size
        await self._usage.pace.spend(len(data))
        written = await asyncio.to_thread(os.pwrite, transfer.stream.fileno(), data, start)
        transfer.moved += written
        return written

    async def close(self, file_obj: object) -> None:
        """End a transfer: an upload takes its name, unless it is not whole."""
        transfer = _transfer(file_obj)
        is_cut = self._is_gone() or transfer.is_refused
        if transfer.part is None:
            transfer.stream.close()
            await self._record("downloaded", transfer.path, bytes=transfer.moved)
            return
        self._under_way.discard(transfer)
        self._usage.end_upload()
        await asyncio.to_thread(_finish, transfer, keep=not is_cut)
        verb = "upload_cut" if is_cut else "uploaded"
        await self._record(verb, transfer.path, bytes=transfer.moved)

    def fstat(self, file_obj: object) -> os.stat_result:
        """Return the attributes of an open file."""
        return os.fstat(_transfer(file_obj).stream.fileno())

    def stat(self, path: bytes) -> os.stat_result:
        """Return the attributes of a file or folder."""
        return os.stat(find_path(self._folder, path))

    def lstat(self, path: bytes) -> os.stat_result:
        """Return the attributes of a file or folder."""
        return self.stat(path)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """Keep a file's time; who owns it and who may read it is ours to say."""
        transfer = _transfer(file_obj)
        if transfer.part is not None and attrs.size is not None:
            _truncate(transfer, attrs.size)
        if transfer.part is not None:
            _keep_times(transfer.part, attrs)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Keep a file's time."""
        asked = find_path(self._folder, path)
        if not asked.exists():
            raise asyncssh.SFTPNoSuchFile("there is no such file")
        _keep_times(asked, attrs)

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Keep a file's time."""
        self.setstat(path, attrs)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """Yield what a folder holds, all but what has not all come."""
        find_path(self._folder, path)
        async for entry in super().scandir(path):
            name = entry.filename
            text = name.decode(errors="replace") if isinstance(name, bytes) else name
            if not is_unfinished(text):
                yield entry

    async def remove(self, path: bytes) -> None:
        """Delete a file."""
        self._need_reading()
        asked = find_path(self._folder, path)
        await asyncio.to_thread(asked.unlink)
        await self._record("removed", asked)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:  # noqa: ARG002
        """Make a folder."""
        find_path(self._folder, path).mkdir(mode=FOLDER_MODE)

    def rmdir(self, path: bytes) -> None:
        """Delete an empty folder."""
        self._need_reading()
        asked = find_path(self._folder, path)
        if asked == self._folder:
            raise asyncssh.SFTPPermissionDenied("this is the folder itself")
        asked.rmdir()

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a file, never over another."""
        if find_path(self._folder, newpath).exists():
            raise asyncssh.SFTPFailure("there is a file of that name")
        await self.posix_rename(oldpath, newpath)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename a file, in place of another."""
        before = find_path(self._folder, oldpath)
        after = find_path(self._folder, newpath)
        if self._folder in (before, after) or before in after.parents:
            raise asyncssh.SFTPPermissionDenied("a folder cannot be moved there")
        await asyncio.to_thread(before.replace, after)
        await self._record("renamed", after, before=self._inner(before))

    def readlink(self, path: bytes) -> bytes:  # noqa: ARG002
        """Refuse: there are no links here."""
        raise asyncssh.SFTPOpUnsupported("links are not supported")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:  # noqa: ARG002
        """Refuse: a link could lead out."""
        raise asyncssh.SFTPOpUnsupported("links are not supported")

    def link(self, oldpath: bytes, newpath: bytes) -> None:  # noqa: ARG002
        """Refuse: a link could lead out."""
        raise asyncssh.SFTPOpUnsupported("links are not supported")

    def statvfs(self, path: bytes) -> os.statvfs_result:  # noqa: ARG002
        """Refuse: how full this machine's disk is concerns no client."""
        raise asyncssh.SFTPOpUnsupported("free space is not told")

    def fstatvfs(self, file_obj: object) -> os.statvfs_result:  # noqa: ARG002
        """Refuse: how full this machine's disk is concerns no client."""
        raise asyncssh.SFTPOpUnsupported("free space is not told")

    def _need_reading(self) -> None:
        if self._user.access == "upload-only":
            raise asyncssh.SFTPPermissionDenied("this user may upload only")

    async def _record(self, verb: str, path: Path, **detail: Any) -> None:
        peer = self.connection.get_extra_info("peername")
        told: Mapping[str, Any] = {
            "file": self._inner(path), "from": str(peer[0]) if peer else "", **detail
        }  # fmt: skip
        await asyncio.to_thread(self._deps.record, self._user, verb, told)
        log.info("sftpd.transfer", what=verb, user=self._user.authorization_id, **detail)

    def _inner(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def _transfer(file_obj: object) -> _Transfer:
    if not isinstance(file_obj, _Transfer):
        raise asyncssh.SFTPFailure("the file is not open")
    return file_obj


def _open_to_read(path: Path) -> _Transfer:
    if not path.is_file():
        raise asyncssh.SFTPNoSuchFile("there is no such file")
    return _Transfer(path, path.open("rb"), None, appends=False)


def _open_to_write(path: Path, pflags: int) -> _Transfer:
    is_there = path.exists()
    if is_there and not path.is_file():
        raise asyncssh.SFTPFailure("this is a folder")
    if is_there and pflags & asyncssh.FXF_EXCL:
        raise asyncssh.SFTPFailure("there is a file of that name")
    if not is_there and not pflags & asyncssh.FXF_CREAT:
        raise asyncssh.SFTPNoSuchFile("there is no such file")
    part = unfinished_name(path)
    # A client that takes up an upload again, or appends, goes on from what is there.
    if is_there and not pflags & asyncssh.FXF_TRUNC:
        shutil.copyfile(path, part)
    stream = part.open("r+b" if part.exists() else "x+b")
    part.chmod(0o600)
    return _Transfer(path, stream, part, appends=bool(pflags & asyncssh.FXF_APPEND))


def _finish(transfer: _Transfer, *, keep: bool) -> None:
    part = transfer.part
    if part is None:
        return
    if keep:
        os.fsync(transfer.stream.fileno())
    transfer.stream.close()
    if keep:
        part.replace(transfer.path)
    else:
        part.unlink(missing_ok=True)


def _truncate(transfer: _Transfer, size: int) -> None:
    if size > transfer.size:
        raise asyncssh.SFTPFailure("files cannot be made larger but by writing")
    transfer.stream.truncate(size)
    transfer.size = size


def _keep_times(path: Path, attrs: asyncssh.SFTPAttrs) -> None:
    if attrs.mtime is not None:
        os.utime(path, (attrs.atime or attrs.mtime, attrs.mtime))
