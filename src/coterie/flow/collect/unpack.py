"""Unpacking a compressed request body within its limit."""

import zlib

from coterie.base.errors import UserError

GZIP_WINDOW = 31
MOST_MEMBERS = 1_000
# What follows the end of a member is copied, so each is fed no more than this at a time.
PIECE = 65_536


class RequestTooLargeError(UserError):
    """A request body is larger than the limit."""

    code = "request_too_large"

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"A request may have {limit:,} bytes after decompression. Send several smaller ones, "
            "or raise COTERIE_COLLECT_REQUEST_LIMIT_BYTES."
        )


class UnsupportedEncodingError(UserError):
    """A request body is packed in a way that cannot be undone."""

    code = "unsupported_encoding"

    def __init__(self, *, encoding: str) -> None:
        super().__init__(
            f"Content-Encoding {encoding!r} is not understood, or the body is not in it. Send "
            "gzip, or no Content-Encoding."
        )


class TooManyMembersError(UserError):
    """A gzip body is made of too many parts."""

    code = "too_many_gzip_members"

    def __init__(self) -> None:
        super().__init__(
            f"A gzip body may have {MOST_MEMBERS:,} members one after the other, and this one has "
            "more. Compress the whole body at once."
        )


def unpack(body: bytes, *, encoding: str, limit: int) -> bytes:
    """Return the body without its `encoding` (gzip or none), at most `limit` bytes.

    A small body that would unpack to a huge one is refused without unpacking it all. Raises
    RequestTooLargeError, UnsupportedEncodingError, TooManyMembersError.
    """
    if encoding in ("", "identity"):
        unpacked = body
    elif encoding in ("gzip", "x-gzip"):
        unpacked = _gunzip(body, limit=limit)
    else:
        raise UnsupportedEncodingError(encoding=encoding)
    if len(unpacked) > limit:
        raise RequestTooLargeError(limit=limit)
    return unpacked


def _gunzip(body: bytes, *, limit: int) -> bytes:
    packed = memoryview(body)
    unpacked = bytearray()
    # A gzip file may hold several members one after the other (RFC 1952, section 2.2).
    for _ in range(MOST_MEMBERS):
        if not packed or len(unpacked) > limit:
            return bytes(unpacked)
        packed = _unpack_member(packed, unpacked, limit=limit)
    if packed and len(unpacked) <= limit:
        raise TooManyMembersError
    return bytes(unpacked)


def _unpack_member(packed: memoryview, unpacked: bytearray, *, limit: int) -> memoryview:
    """Add what a member holds to `unpacked`, up to a byte past `limit`; return what follows it."""
    member = zlib.decompressobj(GZIP_WINDOW)
    while not member.eof and len(unpacked) <= limit:
        if not packed:
            raise UnsupportedEncodingError(encoding="gzip")
        piece = packed[:PIECE]
        try:
            unpacked += member.decompress(piece, limit + 1 - len(unpacked))
        except zlib.error as error:
            raise UnsupportedEncodingError(encoding="gzip") from error
        packed = packed[len(piece) - len(member.unused_data) - len(member.unconsumed_tail) :]
    return packed
