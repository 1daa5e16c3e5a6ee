"""Bar intervals from one second to one month."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Self

from bidmere.errors import InvalidInput

SECOND_NS = 1_000_000_000
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "M": 2_592_000}
_PATTERN = re.compile(r"^\s*(\d{1,4})\s*([smhdwM])\s*$")
_WEEK_OFFSET_NS = 3 * 86_400 * SECOND_NS  # 1970-01-01 was a Thursday; weeks begin on Monday


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A bar interval: `count` × `unit`, unit one of s, m, h, d, w, M (months are calendar months, UTC)."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def ns(self) -> int:
        """Length in nanoseconds; a month counts as 30 days here and as a calendar month in `floor`."""
        return self.count * _UNIT_SECONDS[self.unit] * SECOND_NS

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `5m`, `1h`, `1d`, `1w`, `1M`. Raises InvalidInput."""
        match = _PATTERN.match(text)
        if match is None or int(match[1]) == 0:
            raise InvalidInput(f"{text!r} is not a timeframe: write for example 1s, 5m, 1h, 1d, 1w or 1M.")
        return cls(int(match[1]), match[2])

    def floor(self, ts_ns: int) -> int:
        """Return the opening time of the bar that holds `ts_ns` (ns UTC)."""
        if self.unit == "M":
            return _month_floor(ts_ns, self.count)
        if self.unit == "w":
            return (ts_ns + _WEEK_OFFSET_NS) // self.ns * self.ns - _WEEK_OFFSET_NS
        return ts_ns // self.ns * self.ns

    def next(self, open_ns: int) -> int:
        """Return the opening time of the bar after the one that opens at `open_ns`."""
        if self.unit == "M":
            return _month_floor(self.floor(open_ns) + self.count * 31 * 86_400 * SECOND_NS, self.count)
        return open_ns + self.ns


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(0, UTC) + timedelta(days=day)
    return moment.year, moment.month


@lru_cache(maxsize=4096)
def _month_start_ns(index: int) -> int:
    year, month = divmod(index, 12)
    return int((datetime(year, month + 1, 1, tzinfo=UTC) - datetime.fromtimestamp(0, UTC)).total_seconds()) * SECOND_NS


def _month_floor(ts_ns: int, count: int) -> int:
    year, month = _month_of_day(ts_ns // (86_400 * SECOND_NS))
    return _month_start_ns((year * 12 + month - 1) // count * count)


TIMEFRAMES: tuple[Timeframe, ...] = tuple(
    Timeframe.parse(text)
    for text in ("1s", "5s", "15s", "30s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "12h", "1d", "1w", "1M")
)
