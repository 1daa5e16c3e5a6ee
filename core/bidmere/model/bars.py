"""Bars as a struct of arrays: what charts, indicators, strategies and stores take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from bidmere.errors import InvalidInput

if TYPE_CHECKING:
    from bidmere.model.market import Bar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BarArray:
    """Hold n bars: `ts` int64 ns UTC of each opening, five float64 columns, all of shape (n,), read-only.

    Slices are views. Raises InvalidInput when the columns differ in length.
    """

    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        if len({len(self.ts), len(self.open), len(self.high), len(self.low), len(self.close), len(self.volume)}) != 1:
            raise InvalidInput("The columns of a bar series differ in length.")
        for column in (self.ts, self.open, self.high, self.low, self.close, self.volume):
            column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ts)

    def __getitem__(self, index: slice) -> Self:
        return type(self)(
            self.ts[index], self.open[index], self.high[index], self.low[index], self.close[index], self.volume[index]
        )

    @classmethod
    def empty(cls) -> Self:
        """Return a series of no bars."""
        return cls(np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))

    @classmethod
    def from_columns(cls, ts: object, *columns: object) -> Self:
        """Build from array-likes in the order open, high, low, close, volume; copies where needed."""
        return cls(np.array(ts, np.int64), *(np.array(column, np.float64) for column in columns))

    @classmethod
    def from_bars(cls, bars: Iterable[Bar]) -> Self:
        """Build from Bar values in time order."""
        rows = [(bar.ts, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars]
        if not rows:
            return cls.empty()
        ts, *columns = zip(*rows, strict=True)
        return cls.from_columns(ts, *columns)

    @classmethod
    def concat(cls, parts: Iterable[BarArray]) -> Self:
        """Join series that follow each other in time; the caller vouches for the order."""
        series = [part for part in parts if len(part)]
        if not series:
            return cls.empty()
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in series])
                for name in ("ts", "open", "high", "low", "close", "volume")
            )
        )
