"""One strategy run: its bars, what it holds, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np

from bidmere.errors import ContractViolation
from bidmere.model.bars import BarArray
from bidmere.model.instrument import Instrument
from bidmere.model.market import Bar
from bidmere.model.money import ZERO
from bidmere.model.timeframe import Timeframe
from bidmere.strategy.base import VectorStrategy

_COLUMNS = ("open", "high", "low", "close", "volume")


class RunState(StrEnum):
    """How a run stands; a failed one stays in the list with its reason."""

    STOPPED = "stopped"
    WARMING = "warming"
    RUNNING = "running"
    ERROR = "error"

    @property
    def is_active(self) -> bool:
        """It takes bars."""
        return self in (RunState.WARMING, RunState.RUNNING)


class Window:
    """Grow a bar series by one bar at a time without copying it each time."""

    def __init__(self, history: BarArray) -> None:
        self._size = len(history)
        capacity = max(1024, 2 * self._size)
        self._ts = np.empty(capacity, np.int64)
        self._data = np.empty((5, capacity))
        self._ts[: self._size] = history.ts
        for row, name in enumerate(_COLUMNS):
            self._data[row, : self._size] = getattr(history, name)

    def __len__(self) -> int:
        return self._size

    def append(self, bar: Bar) -> bool:
        """Add a closed bar; False when it is not newer than the last one."""
        if self._size and bar.ts <= self._ts[self._size - 1]:
            return False
        if self._size == len(self._ts):
            self._ts = np.concatenate([self._ts, np.empty_like(self._ts)])
            self._data = np.concatenate([self._data, np.empty_like(self._data)], axis=1)
        self._ts[self._size] = bar.ts
        self._data[:, self._size] = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        self._size += 1
        return True

    def bars(self) -> BarArray:
        """Return all bars so far as read-only views."""
        return BarArray(self._ts[: self._size], *(row[: self._size] for row in self._data))


@dataclass(slots=True, kw_only=True)
class Run:
    """A strategy at work; `held` is what its own orders filled, `unit` the quantity that a target of 1 means."""

    run_id: str
    name: str
    strategy: VectorStrategy
    params: Any
    instrument: Instrument
    timeframe: Timeframe
    account: str
    qty: Decimal | None
    window: Window
    state: RunState = RunState.WARMING
    detail: str = ""
    held: Decimal = ZERO
    unit: Decimal = ZERO
    orders: int = 0
    busy: bool = False
    last_signal_ns: int = 0
    open_orders: set[str] = field(default_factory=set)

    def last_target(self) -> float:
        """Ask the strategy for the newest target. Raises what it raises, or ContractViolation for a wrong shape."""
        targets = self.strategy.targets(self.window.bars(), self.params)
        if len(targets) != len(self.window):
            raise ContractViolation(f"{self.name} returned {len(targets)} targets for {len(self.window)} bars.")
        return float(targets.values[-1])

    def param_values(self) -> Mapping[str, float]:
        """Return the parameters by name."""
        return {item.name: getattr(self.params, item.name) for item in fields(self.params)}
