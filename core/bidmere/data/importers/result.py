"""What an importer gives: arrays in time order, and what was odd about the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bidmere.model.bars import BarArray, Floats, Ints
from bidmere.model.timeframe import Timeframe

BARS, TRADES, QUOTES, VALUES = "bars", "trades", "quotes", "values"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One kind of oddity: how many rows, and the first of them in words."""

    kind: str
    count: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class TradeTicks:
    """Prints in time order: `ts` int64 ns UTC, `price`, `size` float64, `side` int8 (+1 buyer, -1 seller, 0 ?)."""

    ts: Ints
    price: Floats
    size: Floats
    side: np.ndarray[Any, np.dtype[np.int8]]

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True, slots=True)
class QuoteTicks:
    """Best bid and ask in time order: `ts` int64 ns UTC, prices and sizes float64 (size 0: not told)."""

    ts: Ints
    bid: Floats
    ask: Floats
    bid_size: Floats
    ask_size: Floats

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True, slots=True)
class Values:
    """A series that is no price (open interest, funding rate): `ts` int64 ns UTC, `value` float64."""

    ts: Ints
    value: Floats

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """Hold one instrument's data out of a file or a set of files.

    `kind` names the main content: bars, trades, quotes or values. Bars may come with `bid_bars` and `ask_bars` (their
    volume columns hold sizes, NaN prices where a side was missing); trades may come with quotes. `asset` and `market`
    are guesses from the path (equity, forex, future, crypto, cryptofuture; usa, oanda, …), empty when unknown.
    """

    paths: tuple[Path, ...]
    format: str
    kind: str
    symbol: str
    asset: str = ""
    market: str = ""
    contract: str = ""
    timeframe: Timeframe | None = None
    bars: BarArray | None = None
    bid_bars: BarArray | None = None
    ask_bars: BarArray | None = None
    trades: TradeTicks | None = None
    quotes: QuoteTicks | None = None
    values: Values | None = None
    tz: str = "UTC"
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Length of the main content."""
        return len(self.times())

    def times(self) -> Ints:
        """Return the time stamps of the main content (ns UTC)."""
        main = {BARS: self.bars, TRADES: self.trades, QUOTES: self.quotes, VALUES: self.values}[self.kind]
        return main.ts if main is not None else np.empty(0, np.int64)
