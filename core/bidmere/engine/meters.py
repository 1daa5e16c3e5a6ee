"""The machine's own health: loop delay, processor, memory."""

from __future__ import annotations

import asyncio
import time
from collections import deque

import psutil

_PERIOD_S = 0.1
_KEPT = 50


class LoopMeter:
    """Measure how late the engine's loop wakes up, every 100 ms, in ms."""

    def __init__(self) -> None:
        self._delays: deque[float] = deque(maxlen=_KEPT)
        self._beat = time.monotonic()
        self._process = psutil.Process()
        self._process.cpu_percent(None)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = time.monotonic() + _PERIOD_S
            await asyncio.sleep(_PERIOD_S)
            self._beat = time.monotonic()
            self._delays.append(max(0.0, self._beat - due) * 1e3)

    @property
    def lag_ms(self) -> float:
        """The worst delay of the last five seconds."""
        return max(self._delays, default=0.0)

    @property
    def beat(self) -> float:
        """Monotonic time of the last beat, for a watchdog on another thread (Q-9)."""
        return self._beat

    def cpu_pct(self) -> float:
        """Processor use since the last call, in per cent of one core."""
        return float(self._process.cpu_percent(None))

    def memory_mb(self) -> float:
        """Resident memory in MB."""
        return float(self._process.memory_info().rss) / 1e6


class RateMeter:
    """Count events and tell the rate since the last question."""

    def __init__(self) -> None:
        self._count = 0
        self._since = time.monotonic()
        self._rate = 0.0

    def count(self, _event: object) -> None:
        """Count one."""
        self._count += 1

    def per_second(self) -> float:
        """Return events a second since the last call that was at least half a second ago."""
        elapsed = time.monotonic() - self._since
        if elapsed >= 0.5:
            self._rate = self._count / elapsed
            self._count, self._since = 0, time.monotonic()
        return self._rate
