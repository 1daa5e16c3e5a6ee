"""The only way to make an asyncio task: named, owned, referenced, and never failing in silence (Q-7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)

OnCrash = Callable[[str, BaseException], None]


async def until(done: Callable[[], bool], seconds: float, period_s: float = 0.02) -> bool:
    """Ask every `period_s` whether something is done, `seconds` long; return whether it is."""
    for _ in range(int(seconds / period_s)):
        if done():
            return True
        await asyncio.sleep(period_s)
    return done()


class TaskOwner:
    """Own a set of tasks; a crash is logged and told to `on_crash`, `close` cancels what is left."""

    def __init__(self, name: str, on_crash: OnCrash | None = None) -> None:
        self.name = name
        self._on_crash = on_crash
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, coro: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start a coroutine as a task of this owner on the running loop."""
        task = asyncio.get_running_loop().create_task(coro, name=f"{self.name}.{name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def __len__(self) -> int:
        return len(self._tasks)

    async def join(self) -> None:
        """Wait until every task, also those made meanwhile, has ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Cancel every task and wait for the end of each."""
        current = asyncio.current_task()
        while tasks := {task for task in self._tasks if task is not current}:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        log.error("Task %s crashed.", task.get_name(), exc_info=error)
        if self._on_crash is not None:
            self._on_crash(task.get_name(), error)
