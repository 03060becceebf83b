"""Answers that are written while they are sent: whatever happens, nothing is held on to and nothing looks whole."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import streaming
from app.api.streaming import StreamedAnswer, in_blocks, zipped
from app.errors import Unavailable

Message = Any
#: as uvicorn has it
SCOPE = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}}


class Source:
    """Blocks without end, or until one cannot be read."""

    def __init__(self, fails_at: int = -1) -> None:
        self.is_closed = False
        self._fails_at = fails_at

    def blocks(self) -> Generator[bytes]:
        try:
            number = 0
            while True:
                if number == self._fails_at:
                    raise Unavailable
                yield b"%d," % number
                number += 1
        finally:
            self.is_closed = True


async def _never() -> Message:
    await asyncio.Event().wait()


async def _gone() -> Message:
    return {"type": "http.disconnect"}


def play(
    source: Source, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> list[Message]:
    """Send an answer, as far as it goes; gives what was sent."""
    sent: list[Message] = []

    async def noted(message: Message) -> None:
        sent.append(message)
        await send(message)

    answer = StreamedAnswer(source.blocks(), "text/plain", {})
    try:
        asyncio.run(answer(SCOPE, receive, noted))
    finally:
        assert source.is_closed
        assert all(message.get("more_body", True) for message in sent)
    return sent


async def _accepted(_: Message) -> None:
    return


async def _left(message: Message) -> None:
    if message["type"] == "http.response.body":
        raise OSError


async def _stuck(message: Message) -> None:
    if message["type"] == "http.response.body":
        await _never()


def test_what_cannot_be_begun_is_refused_before_a_status_is_sent() -> None:
    source = Source(fails_at=0)
    with pytest.raises(Unavailable):
        StreamedAnswer(source.blocks(), "text/plain", {})
    assert source.is_closed


def test_what_fails_midway_has_no_end() -> None:
    with pytest.raises(Unavailable):
        play(Source(fails_at=2), _never, _accepted)


def test_a_client_that_left_sets_everything_free() -> None:
    play(Source(), _gone, _accepted)
    with pytest.raises(OSError, match=r"^$"):
        play(Source(), _never, _left)
    play(Source(), _gone, _stuck)


def test_a_client_that_reads_no_more_sets_everything_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_PATIENCE", 0.01)
    with pytest.raises(TimeoutError):
        play(Source(), _never, _stuck)


@given(st.lists(st.binary(max_size=100_000), max_size=8))
def test_blocks_and_packing_change_nothing_of_the_bytes(parts: list[bytes]) -> None:
    whole, blocks = b"".join(parts), list(in_blocks(parts))
    assert b"".join(blocks) == whole
    assert all(len(block) >= 64 * 1024 for block in blocks[:-1])
    assert gzip.decompress(b"".join(zipped(blocks))) == whole
