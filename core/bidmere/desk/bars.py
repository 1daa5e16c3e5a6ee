"""Bar series that someone watches: counted, and carried to the feed while anyone does."""

from __future__ import annotations

from collections import Counter

from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe

Series = tuple[InstrumentId, Timeframe]


class WatchedBars:
    """Count who watches which series."""

    def __init__(self) -> None:
        self._counts: Counter[Series] = Counter()

    def __contains__(self, series: object) -> bool:
        return series in self._counts

    def add(self, series: Series) -> bool:
        """Count one more watcher; True for the first."""
        self._counts[series] += 1
        return self._counts[series] == 1

    def remove(self, series: Series) -> bool:
        """Count one less; True when that was the last. An unknown series changes nothing."""
        if series not in self._counts:
            return False
        self._counts[series] -= 1
        if self._counts[series] > 0:
            return False
        del self._counts[series]
        return True
