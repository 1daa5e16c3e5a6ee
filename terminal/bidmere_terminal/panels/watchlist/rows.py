"""One line of the watchlist and the figures in it, apart from any widget."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import DayStats, Quote

SPARK_POINTS = 60
GROUPS: dict[InstrumentKind, tuple[int, str]] = {
    InstrumentKind.SPOT: (0, "Crypto"),
    InstrumentKind.PERPETUAL: (1, "Perpetuals"),
    InstrumentKind.FX: (2, "FX"),
    InstrumentKind.EQUITY: (3, "Equities"),
    InstrumentKind.FUTURE: (4, "Futures"),
}


@dataclass(slots=True)
class WatchRow:
    """What is known of one watched instrument; `seen_s` is the monotonic time of its last quote here."""

    instrument: Instrument
    quote: Quote | None = None
    trade: float | None = None
    stats: DayStats | None = None
    held: Decimal = Decimal(0)
    seen_s: float | None = None
    spark: deque[float] = field(default_factory=lambda: deque(maxlen=SPARK_POINTS))
    spark_minute: int = -1

    @property
    def last(self) -> float | None:
        """The last trade, else the day's last, else the mid."""
        if self.trade is not None:
            return self.trade
        if self.stats is not None:
            return self.stats.last
        return self.quote.mid if self.quote is not None else None

    @property
    def change_pct(self) -> float | None:
        """The change since the day's reference price in per cent."""
        last = self.last
        if last is None or self.stats is None or not self.stats.reference:
            return None
        return (last / self.stats.reference - 1.0) * 100.0

    @property
    def change(self) -> float | None:
        """The same in price units."""
        last = self.last
        return last - self.stats.reference if last is not None and self.stats is not None else None

    @property
    def spread_ticks(self) -> int | None:
        """Ask less bid in ticks."""
        if self.quote is None:
            return None
        return round((self.quote.ask - self.quote.bid) / float(self.instrument.tick))

    @property
    def high(self) -> float | None:
        """The day's high, the last price included."""
        return max(self.stats.high, self.last or self.stats.high) if self.stats is not None else None

    @property
    def low(self) -> float | None:
        """The day's low, the last price included."""
        return min(self.stats.low, self.last or self.stats.low) if self.stats is not None else None

    def sample_spark(self, minute: int) -> None:
        """Add the last price to the line of the last hour once a minute, and move its end in between."""
        last = self.last
        if last is None:
            return
        if minute != self.spark_minute or not self.spark:
            self.spark.append(last)
            self.spark_minute = minute
        else:
            self.spark[-1] = last

    def fill_spark(self, closes: Iterable[float], minute: int) -> None:
        """Begin the line with an hour of one-minute closes."""
        self.spark.clear()
        self.spark.extend(closes)
        self.spark_minute = minute


def group_of(row: WatchRow) -> tuple[int, str]:
    """Return the heading a row stands under."""
    return GROUPS[row.instrument.kind]


def best_match(text: str, instruments: Iterable[Instrument]) -> Instrument | None:
    """Return the instrument a typed text most likely means: exact, then the start of a symbol, then any part."""
    wanted = text.strip().upper().replace("·", ".")
    if not wanted:
        return None
    ranked: list[tuple[int, int, int, Instrument]] = []
    for place, one in enumerate(instruments):
        symbol, full = one.id.symbol.upper(), str(one.id).upper()
        if wanted in (symbol, full):
            rank = 0
        elif symbol.startswith(wanted):
            rank = 1
        elif wanted in full:
            rank = 2
        elif wanted in one.name.upper():
            rank = 3
        else:
            continue
        ranked.append((rank, len(symbol), place, one))
    return min(ranked, key=lambda found: found[:3])[3] if ranked else None
