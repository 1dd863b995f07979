"""Many requests at once, one transaction: what waits while one batch is stamped is the next batch."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ca.errors import TimestampRefused
from ca.stamp import Asked, TimestampAuthority
from ca.timestamp_response import rejection

LARGEST = 128  # requests of one batch: a lock held for 30 ms, and an fsync shared by enough
MAX_WAITING = 4_096  # requests; two seconds of work. Who comes later is told so at once


class GroupCommit:
    """Stamps for one event loop, in one thread, batch after batch.

    Under light load a request is stamped as it comes; under load batches grow by themselves, so that
    nobody waits for a timer.
    """

    def __init__(self, authority: Callable[[], TimestampAuthority]) -> None:
        """`authority` is asked before every batch, in the stamping thread: it may look at the database."""
        self._authority = authority
        self._waiting: deque[tuple[Asked, asyncio.Future[bytes]]] = deque()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="stamping")
        self._task: asyncio.Task[None] | None = None

    async def stamp(self, request: bytes, requester: str) -> bytes:
        """A TimeStampResp, its token committed; raises as `TimestampAuthority.stamp_each` does."""
        if len(self._waiting) >= MAX_WAITING:
            return rejection(TimestampRefused("systemFailure", "too many requests are waiting"))
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append((Asked(request, requester), answer))
        if self._task is None:
            self._task = asyncio.create_task(self._stamp_all())
        return await answer

    def close(self) -> None:
        """End the thread, once its batch is done."""
        self._pool.shutdown()

    async def _stamp_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST))]
            asked = [one for one, _ in batch]
            try:
                answers = await loop.run_in_executor(self._pool, self._stamp, asked)
            except Exception as error:  # noqa: BLE001  (every requester of the batch hears of it)
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for (_, answer), data in zip(batch, answers, strict=True):
                    if not answer.done():
                        answer.set_result(data)
        self._task = None

    def _stamp(self, asked: list[Asked]) -> list[bytes]:
        return self._authority().stamp_each(asked)
