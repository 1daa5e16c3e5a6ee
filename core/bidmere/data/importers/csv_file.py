"""CSV of any make: bars, trades or quotes, with sniffed delimiter, columns, decimals and times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bidmere.data.importers.archives import read_gzip, read_whole
from bidmere.data.importers.columns import Layout, sniff
from bidmere.data.importers.result import BARS, TRADES, ImportResult
from bidmere.data.importers.table import Table, decode
from bidmere.data.importers.tidy import Findings, guess_timeframe, tidy_bars, tidy_quotes, tidy_trades
from bidmere.data.importers.times import BadTime, Times, parse_times
from bidmere.errors import UnreadableData
from bidmere.model.bars import Floats
from bidmere.model.timeframe import Timeframe

FORMAT = "csv"
_QUOTES = frozenset({"USD", "USDT", "USDC", "EUR", "BTC", "ETH", "GBP", "JPY"})
_BUY = frozenset({"b", "buy", "bid", "1", "+1", "long", "buyer"})
_SELL = frozenset({"s", "sell", "ask", "-1", "short", "seller"})
_TIMEFRAME_WORD = re.compile(r"(?:^|[-_.\s])(\d{1,4})\s?(s|sec|m|min|h|hour|d|day|w|M|mon)(?:[-_.\s]|$)")
_NAMED_TIMEFRAMES = {"daily": "1d", "hourly": "1h", "minute": "1m", "weekly": "1w", "monthly": "1M"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOptions:
    """What the caller knows better than the sniffer."""

    symbol: str | None = None
    tz: str | None = None
    day_first: bool | None = None
    timeframe: Timeframe | None = None


def read_csv(path: Path, options: CsvOptions | None = None) -> ImportResult:
    """Read one CSV file, gzipped or not. Raises UnreadableData."""
    data = read_gzip(path) if path.suffix.lower() == ".gz" else read_whole(path)
    return read_csv_text(decode(data, path.name), path, options or CsvOptions())


def read_csv_text(text: str, path: Path, options: CsvOptions) -> ImportResult:
    """Read CSV text that came from `path`. Raises UnreadableData."""
    layout = sniff(text, path.name)
    body = _body(text, layout.skip)
    table = Table(body, path.name, layout.delimiter, first_line=layout.skip + 1, width=layout.width)
    times = _times(table, layout, options)
    symbol, rows = _pick_symbol(table, layout, path, options.symbol)
    findings = Findings()
    reader = _Columns(table, layout, rows)
    result = ImportResult(
        paths=(path,),
        format=FORMAT,
        kind=layout.kind,
        symbol=symbol,
        tz=options.tz or "UTC",
        problems=findings.problems,
    )
    if not times.zoned and not times.whole_days and options.tz is None:
        result.notes.append("times carry no zone and were read as UTC: give --tz if they are another zone's")
    ts = times.ts[rows]
    if layout.kind == BARS:
        timeframe = options.timeframe or guess_timeframe(ts) or timeframe_of_name(path.name)
        if timeframe is None:
            raise UnreadableData(
                f"{path.name} has too few rows to tell how long its bars are: give --timeframe, for example 1h."
            )
        prices = [reader.numbers(one) for one in ("open", "high", "low", "close")]
        bars = tidy_bars(ts, [*prices, reader.numbers("volume")], findings, gaps=timeframe)
        return replace(result, timeframe=timeframe, bars=bars)
    if layout.kind == TRADES:
        trades = tidy_trades(ts, reader.numbers("price"), reader.numbers("size"), reader.sides(), findings)
        return replace(result, trades=trades)
    sizes = (reader.numbers("bid_size"), reader.numbers("ask_size"))
    quotes = tidy_quotes(ts, reader.numbers("bid"), reader.numbers("ask"), sizes, findings)
    return replace(result, quotes=quotes)


def timeframe_of_name(name: str) -> Timeframe | None:
    """Return the timeframe a file name tells, as in `BTCUSDT-5m-2024.csv`."""
    match = _TIMEFRAME_WORD.search(name)
    if match is not None and int(match[1]):
        unit = {"sec": "s", "min": "m", "hour": "h", "day": "d", "mon": "M"}.get(match[2], match[2])
        return Timeframe(int(match[1]), unit)
    word = next((one for one in _NAMED_TIMEFRAMES if one in name.lower()), None)
    return Timeframe.parse(_NAMED_TIMEFRAMES[word]) if word else None


def symbol_of_name(name: str) -> str:
    """Return the symbol a file name seems to tell: its first word in capitals."""
    stem = name.split(".")[0]
    words = [word for word in re.split(r"[-_\s]+", stem) if word]
    known = next((word for word in words if re.fullmatch(r"[A-Za-z][A-Za-z0-9]{1,15}", word)), "DATA")
    if len(words) > 1 and words[0] == known and words[1] in _QUOTES:
        return known.upper() + words[1]
    return known.upper()


def _body(text: str, skip: int) -> str:
    position = 0
    for _ in range(skip):
        position = text.index("\n", position) + 1
    return text[position:]


def _times(table: Table, layout: Layout, options: CsvOptions) -> Times:
    column = table.text(layout.columns["time"])
    if layout.clock is not None:
        column = [f"{day} {clock}" for day, clock in zip(column, table.text(layout.clock), strict=True)]
    try:
        return parse_times(column, options.tz or "UTC", day_first=options.day_first)
    except BadTime as bad:
        raise table.error(bad.index, bad.why) from None


def _pick_symbol(
    table: Table, layout: Layout, path: Path, wanted: str | None
) -> tuple[str, NDArray[np.int64]]:
    rows = np.arange(table.rows)
    index = layout.columns.get("symbol")
    if index is None:
        return wanted or symbol_of_name(path.name), rows
    names = table.text(index)
    known = sorted(set(names))
    if len(known) == 1:
        return wanted or known[0], rows
    if wanted is None or wanted not in known:
        shown = ", ".join(known[:6]) + (", …" if len(known) > 6 else "")
        raise UnreadableData(f"{path.name} holds several symbols ({shown}): choose one of them with --symbol.")
    return wanted, np.flatnonzero(np.array([name == wanted for name in names]))


class _Columns:
    """The chosen rows of a table's columns by their meaning."""

    def __init__(self, table: Table, layout: Layout, rows: NDArray[np.int64]) -> None:
        self._table = table
        self._layout = layout
        self._rows = rows

    def numbers(self, meaning: str) -> Floats:
        index = self._layout.columns.get(meaning)
        if index is None:
            return np.zeros(len(self._rows))
        title = f"the {meaning.replace('_', ' ')}"
        return self._table.numbers(index, title, comma=self._layout.decimal_comma)[self._rows]

    def sides(self) -> NDArray[np.int8]:
        index = self._layout.columns.get("side")
        if index is None:
            return np.zeros(len(self._rows), np.int8)
        words = [word.lower() for word in self._table.text(index)]
        if set(words) <= {"true", "false"}:  # "is buyer maker": then the seller was the aggressor
            return np.array([-1 if word == "true" else 1 for word in words], np.int8)[self._rows]
        return np.array(side_signs(words), np.int8)[self._rows]


def side_signs(words: Sequence[str]) -> list[int]:
    """Return +1, -1 or 0 for the usual words for a buyer, a seller and anything else."""
    return [1 if word in _BUY else -1 if word in _SELL else 0 for word in words]
