"""History of recorded data that never tells what the clock has not reached (U-184)."""

from __future__ import annotations

import numpy as np

from bidmere.data.importers import ImportResult
from bidmere.data.resample import bars_to_bars, is_built_from, ticks_to_bars
from bidmere.kernel.clock import Clock
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe


class RecordedHistory:
    """Serve bars that had closed at the clock's time, out of the recorded data of one instrument."""

    def __init__(self, instrument: InstrumentId, result: ImportResult, clock: Clock) -> None:
        self._instrument = instrument
        self._result = result
        self._clock = clock
        self._series: dict[Timeframe, BarArray] = {}

    async def bars(self, instrument: InstrumentId, timeframe: Timeframe, *, end_ns: int, limit: int) -> BarArray:
        """Return up to `limit` bars that closed at or before `end_ns` and the clock's time, oldest first."""
        if instrument != self._instrument or limit <= 0:
            return BarArray.empty()
        series = self._series.get(timeframe)
        if series is None:
            series = self._series[timeframe] = self._build(timeframe)
        until = min(end_ns, self._clock.now_ns())
        high = int(np.searchsorted(series.ts, until, "left"))
        while high and timeframe.next(int(series.ts[high - 1])) > until:
            high -= 1
        return series[max(0, high - limit) : high]

    def _build(self, timeframe: Timeframe) -> BarArray:
        result = self._result
        if result.bars is not None and result.timeframe is not None:
            if result.timeframe == timeframe:
                return result.bars
            if is_built_from(timeframe, result.timeframe):
                return bars_to_bars(result.bars, timeframe)
            return BarArray.empty()
        if result.trades is not None:
            return ticks_to_bars(result.trades.ts, result.trades.price, result.trades.size, timeframe)
        if result.quotes is not None:
            quotes = result.quotes
            return ticks_to_bars(quotes.ts, (quotes.bid + quotes.ask) * 0.5, np.zeros(len(quotes)), timeframe)
        return BarArray.empty()
