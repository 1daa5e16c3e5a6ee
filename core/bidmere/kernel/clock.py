"""Time as a port: live code and simulated code take the same `Clock`; the wall clock is read only here."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol

Callback = Callable[[], None]


class TimerHandle(Protocol):
    """A timer that can be taken back."""

    def cancel(self) -> None:
        """Drop the timer; harmless when it has fired."""


class Clock(Protocol):
    """Tell the time and fire timers, all in nanoseconds UTC."""

    def now_ns(self) -> int:
        """Return the current time."""

    def call_at(self, ts_ns: int, callback: Callback) -> TimerHandle:
        """Run the callback at a time (at once, on the next turn, when that has passed)."""

    def call_later(self, delay_ns: int, callback: Callback) -> TimerHandle:
        """Run the callback after a delay."""


class LiveClock:
    """The machine's clock; timers run on the asyncio loop that is running when they are set."""

    def now_ns(self) -> int:
        """Return the current time."""
        return time.time_ns()

    def call_at(self, ts_ns: int, callback: Callback) -> TimerHandle:
        """Run the callback at a time."""
        return self.call_later(ts_ns - time.time_ns(), callback)

    def call_later(self, delay_ns: int, callback: Callback) -> TimerHandle:
        """Run the callback after a delay."""
        return asyncio.get_running_loop().call_later(max(0, delay_ns) / 1e9, callback)


class _SimTimer:
    __slots__ = ("callback", "cancelled")

    def __init__(self, callback: Callback) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class SimClock:
    """A clock that only moves when told, firing due timers in (time, sequence) order."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now = start_ns
        self._sequence = itertools.count()
        self._timers: list[tuple[int, int, _SimTimer]] = []

    def now_ns(self) -> int:
        """Return the simulated time."""
        return self._now

    def call_at(self, ts_ns: int, callback: Callback) -> TimerHandle:
        """Run the callback when the clock reaches a time."""
        timer = _SimTimer(callback)
        heapq.heappush(self._timers, (max(ts_ns, self._now), next(self._sequence), timer))
        return timer

    def call_later(self, delay_ns: int, callback: Callback) -> TimerHandle:
        """Run the callback after a simulated delay."""
        return self.call_at(self._now + max(0, delay_ns), callback)

    def next_timer_ns(self) -> int | None:
        """Return when the next live timer is due, None when there is none."""
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def advance_to(self, ts_ns: int) -> None:
        """Move to a time and fire what is due on the way; a time in the past changes nothing."""
        while (due := self.next_timer_ns()) is not None and due <= ts_ns:
            _, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, due)
            timer.callback()
        self._now = max(self._now, ts_ns)


async def sleep_until(clock: Clock, ts_ns: int) -> None:
    """Wait until the clock reaches a time."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not done.done():
            done.set_result(None)

    timer = clock.call_at(ts_ns, wake)
    try:
        await done
    finally:
        timer.cancel()
