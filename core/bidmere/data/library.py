"""Bring imported data into the stores, and say what they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bidmere.data.importers import ImportResult, open_data, summary
from bidmere.data.importers.tidy import iso
from bidmere.errors import UnreadableData
from bidmere.model.ids import InstrumentId
from bidmere.storage.bar_store import BarStore
from bidmere.storage.tick_store import DAY_NS, DTYPES, QUOTES, TRADES, Rows, TickStore

BAR_FOLDER, TICK_FOLDER = "bars", "ticks"
_NO_MARKET = "DATA"


class DataLibrary:
    """The market data of one profile: bars and ticks under one folder. Blocking."""

    def __init__(self, root: Path) -> None:
        self.bars = BarStore(root / BAR_FOLDER)
        self.ticks = TickStore(root / TICK_FOLDER)

    def add(self, path: Path | str, *, venue: str | None = None, **options: Any) -> dict[str, Any]:
        """Import a file, folder or glob (options of `open_data`) and return what it was as plain values.

        Bars are merged into the series there is. Ticks replace those of the same days, so that a second import of a
        file changes nothing. Raises UnreadableData, StorageError.
        """
        result = open_data(path, **options)
        instrument = InstrumentId(result.symbol.upper(), (venue or result.market or _NO_MARKET).upper())
        stored = self._store(result, instrument)
        return summary(result) | {"instrument": str(instrument), "stored": stored}

    def list(self) -> list[dict[str, Any]]:
        """Return what is stored, one entry per series of bars and per kind of ticks, as plain values."""
        found: list[dict[str, Any]] = [
            {
                "instrument": str(one.instrument),
                "kind": "bars",
                "timeframe": str(one.timeframe),
                "rows": one.rows,
                "first": iso(one.first_ns),
                "last": iso(one.last_ns),
                "bytes": one.bytes,
            }
            for one in self.bars.list()
        ]
        ticks: dict[tuple[InstrumentId, str], dict[str, Any]] = {}
        for day in self.ticks.list():
            entry = ticks.setdefault(
                (day.instrument, day.kind),
                {
                    "instrument": str(day.instrument), "kind": day.kind, "timeframe": None, "rows": 0,
                    "first": day.day.isoformat(), "last": "", "bytes": 0,
                },
            )  # fmt: skip
            entry["rows"] += day.rows
            entry["bytes"] += day.bytes
            entry["last"] = day.day.isoformat()
        return found + list(ticks.values())

    def _store(self, result: ImportResult, instrument: InstrumentId) -> int:
        if result.bars is not None and result.timeframe is not None:
            return self.bars.write(instrument, result.timeframe, result.bars)
        rows = 0
        if result.trades is not None:
            trades = result.trades
            rows += self._replace_ticks(
                instrument, TRADES, trades.ts, price=trades.price, size=trades.size, side=trades.side
            )
        if result.quotes is not None:
            quotes = result.quotes
            rows += self._replace_ticks(
                instrument, QUOTES, quotes.ts, bid=quotes.bid, ask=quotes.ask,
                bid_size=quotes.bid_size, ask_size=quotes.ask_size,
            )  # fmt: skip
        if not rows:
            raise UnreadableData(f"{result.paths[0].name} holds {result.kind}, which are described but not stored.")
        return rows

    def _replace_ticks(self, instrument: InstrumentId, kind: str, ts: Any, **columns: Any) -> int:
        rows: Rows = np.zeros(len(ts), DTYPES[kind])
        rows["ts"] = rows["recv"] = ts
        for name, column in columns.items():
            rows[name] = column
        for number in np.unique(rows["ts"] // DAY_NS):
            day = datetime.fromtimestamp(int(number) * DAY_NS / 1e9, UTC).date()
            self.ticks.delete(instrument, kind, day)
        self.ticks.append(instrument, kind, rows)
        for number in np.unique(rows["ts"] // DAY_NS):
            self.ticks.seal(instrument, kind, datetime.fromtimestamp(int(number) * DAY_NS / 1e9, UTC).date())
        return len(rows)
