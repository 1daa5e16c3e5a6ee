"""Where a chart's bars come from: the first history, the live series, and older bars when the user scrolls back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bidmere.desk.api import DeskApi
from bidmere.errors import BidmereError
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Bar
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.charts.chart import ChartWidget
from bidmere_terminal.panels.spec import Bridge

BARS = 1_500
_NEAR_LEFT = 40.0

Series = tuple[InstrumentId, Timeframe]


class ChartHistory:
    """Load one series into a chart widget; what belongs to a series left behind is dropped."""

    def __init__(self, chart: ChartWidget, bridge: Bridge, name: str) -> None:
        self._chart = chart
        self._bridge = bridge
        self._name = name
        self.series: Series | None = None
        self.loaded = False
        self._watching: Series | None = None
        self._pending: dict[int, Bar] = {}
        self._asking_older = False
        self._no_older = False

    def show(self, series: Series | None) -> None:
        """Change to another series, or load the same one again after a reconnect; the view stays then."""
        old, self._watching = self._watching, series
        changed = series != self.series
        self.series, self.loaded = series, False
        self._pending.clear()
        self._asking_older = self._no_older = False
        if changed or not len(self._chart.model.store):
            self._chart.set_state("loading", f"Loading {series[0]} {series[1]}" if series is not None else "")
        if series is not None or old is not None:
            self._bridge.spawn(self._load(series, old), f"{self._name}.bars")

    async def _load(self, series: Series | None, old: Series | None) -> None:
        switch: Callable[[DeskApi], Awaitable[Any]] = _switch(series, old)
        await self._bridge.call(switch)
        if series is None:
            return
        try:
            bars: BarArray = await self._bridge.call(_history(series, BARS, None))
        except BidmereError as error:
            if series == self.series:
                self._chart.set_state("error", str(error))
            return
        if series != self.series:
            return
        self.loaded = True
        self._chart.set_bars(bars)
        self.flush()
        self._chart.set_state(*self._state())

    def _state(self) -> tuple[str, str]:
        if len(self._chart.model.store) or self.series is None:
            return ("ready", "")
        return ("empty", f"There are no {self.series[1]} bars of {self.series[0]} yet.")

    def take(self, bars: list[Bar]) -> None:
        """Keep the newest state of each live bar until the next `flush`."""
        self._pending.update((bar.ts, bar) for bar in bars)

    def flush(self) -> None:
        """Put the live bars onto the chart; before the history is there they wait."""
        if not self.loaded or not self._pending:
            return
        pending, self._pending = self._pending, {}
        for bar in pending.values():
            self._chart.update_bar(bar)
        if self._chart.model.state == "empty":
            self._chart.set_state(*self._state())

    def ask_older(self) -> None:
        """Ask for bars before the first one when the left edge of the view comes near it."""
        model = self._chart.model
        wanted = self.loaded and not self._asking_older and not self._no_older and len(model.store)
        if wanted and self.series is not None and model.view.left < _NEAR_LEFT:
            self._asking_older = True
            self._bridge.spawn(self._load_older(self.series), f"{self._name}.older-bars")

    async def _load_older(self, series: Series) -> None:
        try:
            first = int(self._chart.model.store.ts[0])
            older: BarArray = await self._bridge.call(_history(series, BARS, first))
        except BidmereError:
            self._no_older = series == self.series
            raise
        finally:
            self._asking_older = False
        if series != self.series:
            return
        now = self._chart.model.store.bars()
        older = older[: int(older.ts.searchsorted(now.ts[0]))] if len(now) else older
        self._no_older = not len(older)
        if len(older):
            self._chart.set_bars(BarArray.concat([older, now]))

    def close(self) -> None:
        """Release the series."""
        if self._watching is not None:
            self.show(None)


def _switch(series: Series | None, old: Series | None) -> Callable[[DeskApi], Awaitable[None]]:
    async def ask(desk: DeskApi) -> None:
        if series is not None:
            await desk.watch([series[0]])
            desk.watch_bars(*series)
        if old is not None:
            desk.unwatch_bars(*old)
            await desk.unwatch([old[0]])

    return ask


def _history(series: Series, limit: int, end_ns: int | None) -> Callable[[DeskApi], Awaitable[BarArray]]:
    def ask(desk: DeskApi) -> Any:
        return desk.bars(series[0], series[1], limit, end_ns)

    return ask
