"""How long orders take: a window of the latest round trips."""

from __future__ import annotations

from collections import deque

_NS_PER_MS = 1e6


class LatencyWindow:
    """Keep the latest durations and answer percentiles in milliseconds, None before the first."""

    def __init__(self, size: int = 500) -> None:
        self._window: deque[int] = deque(maxlen=size)

    def add(self, duration_ns: int) -> None:
        """Take one duration in; a negative one (clocks that disagree) is left out."""
        if duration_ns >= 0:
            self._window.append(duration_ns)

    def percentile_ms(self, share: float) -> float | None:
        """Return the duration that `share` (0–1) of the window does not exceed."""
        if not self._window:
            return None
        ordered = sorted(self._window)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / _NS_PER_MS

    @property
    def p50_ms(self) -> float | None:
        """The middle of the window."""
        return self.percentile_ms(0.5)

    @property
    def p95_ms(self) -> float | None:
        """What 95 of 100 do not exceed."""
        return self.percentile_ms(0.95)

    @property
    def p99_ms(self) -> float | None:
        """What 99 of 100 do not exceed."""
        return self.percentile_ms(0.99)

    def __len__(self) -> int:
        return len(self._window)
