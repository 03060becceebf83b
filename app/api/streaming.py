"""Answers that are too large to be held: sent while they are written, in blocks, and gone with whoever leaves."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from itertools import chain

from anyio import CancelScope, fail_after
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

#: bytes of a block: small enough to hold many, large enough that passing it on costs nothing beside writing it
_BLOCK = 64 * 1024
#: seconds that a client may take for one block; who reads no more must not keep a connection to the database
_PATIENCE = 60.0
#: zlib's, with the frame of gzip around it
_GZIP_FRAME = 31
_GZIP_LEVEL = 5


def in_blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, in fewer pieces."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _BLOCK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def zipped(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """As gzip (RFC 1952); the same bytes give the same bytes."""
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FRAME)
    for block in blocks:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()


class StreamedAnswer(StreamingResponse):
    """An answer that is written while it is sent.

    Whatever keeps it from being written before the first block is raised here, to be answered as the refusal it is.
    Later it can only end the connection before the end of the body, which clients see (RFC 9112, section 7.1).
    """

    def __init__(self, blocks: Generator[bytes], media_type: str, headers: Mapping[str, str]) -> None:
        self._blocks = blocks
        first = next(blocks, b"")
        super().__init__(chain([first], blocks), media_type=media_type, headers=headers)

    async def stream_response(self, send: Send) -> None:
        """Send it all; whether or not that succeeds, let go of what it is written from."""

        async def send_within(message: Message) -> None:
            with fail_after(_PATIENCE):
                await send(message)

        try:
            await super().stream_response(send_within)
        finally:
            with CancelScope(shield=True):
                await run_in_threadpool(self._blocks.close)
