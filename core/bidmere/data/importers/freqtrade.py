"""freqtrade's files: `PAIR-5m.feather`, `PAIR-5m.json.gz`, `PAIR-trades.json.gz`, funding rates."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bidmere.data.importers.archives import read_gzip, read_whole
from bidmere.data.importers.csv_file import side_signs, timeframe_of_name
from bidmere.data.importers.result import BARS, TRADES, VALUES, ImportResult, Values
from bidmere.data.importers.tidy import Findings, guess_timeframe, tidy_bars, tidy_trades
from bidmere.errors import UnreadableData
from bidmere.model.bars import Floats, Ints
from bidmere.model.timeframe import Timeframe

FORMAT_FEATHER = "freqtrade-feather"
FORMAT_JSON = "freqtrade-json"
_NAME = re.compile(r"^([A-Z0-9]+)_([A-Z0-9]+)(?:_([A-Z0-9]+))?-(.+?)\.(feather|json|json\.gz)$", re.IGNORECASE)
_PRICES = ("open", "high", "low", "close", "volume")
_MS = 1_000_000


def read_feather(path: Path, *, timeframe: Timeframe | None = None) -> ImportResult:
    """Read one feather file of candles, trades or funding rates. Raises UnreadableData."""
    import pyarrow as pa
    import pyarrow.feather as pf

    data = read_whole(path)
    try:
        table = pf.read_table(io.BytesIO(data), use_threads=False)
        columns = {name.lower(): table.column(name).combine_chunks() for name in table.column_names}
        time = next((columns[name] for name in ("date", "timestamp", "time") if name in columns), None)
        if time is None:
            raise UnreadableData(f"{path.name} has no column date or timestamp: it has {', '.join(columns)}.")
        ts = _feather_times(time)
        numbers = {
            name: np.asarray(columns[name].cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
            for name in (*_PRICES, "price", "amount")
            if name in columns
        }
        sides = columns["side"].to_pylist() if "side" in columns else None
    except (pa.ArrowException, OSError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, UnreadableData):
            raise
        raise UnreadableData(f"{path.name} is no feather file of market data: download it again.") from None
    return _result(path, FORMAT_FEATHER, ts, numbers, sides, timeframe)


def read_json(path: Path, *, timeframe: Timeframe | None = None) -> ImportResult:
    """Read one JSON or gzipped JSON file of candles or trades as rows of lists. Raises UnreadableData."""
    data = read_gzip(path) if path.suffix.lower() == ".gz" else read_whole(path)
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError):
        raise UnreadableData(f"{path.name} is no JSON: a list of candles or trades was expected.") from None
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], list) or len(rows[0]) not in (6, 7):
        raise UnreadableData(
            f"{path.name} is no list of candles [ms, open, high, low, close, volume] "
            "or trades [ms, id, type, side, price, amount, cost]."
        )
    width = len(rows[0])
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width:
            raise UnreadableData(f"{path.name}, entry {index + 1}: {width} values as in the first were expected.")
    columns = list(zip(*rows, strict=True))
    ts = _json_numbers(path, columns[0], "the time")
    if not (ts > 0).all() or not (ts < 10**14).all():
        raise UnreadableData(f"{path.name}: its first column is no time in epoch milliseconds.")
    stamps = ts.astype(np.int64) * _MS
    if width == 6:
        numbers = {name: _json_numbers(path, columns[i], f"the {name}") for i, name in enumerate(_PRICES, 1)}
        return _result(path, FORMAT_JSON, stamps, numbers, None, timeframe)
    numbers = {name: _json_numbers(path, columns[i], f"the {name}") for i, name in ((4, "price"), (5, "amount"))}
    return _result(path, FORMAT_JSON, stamps, numbers, [str(one) for one in columns[3]], timeframe)


def pair_of_name(path: Path) -> tuple[str, str]:
    """Return symbol and asset class of a file name: `XRP_USDT_USDT-1h-futures` is XRPUSDT, a perpetual."""
    match = _NAME.match(path.name)
    if match is None:
        return path.name.split(".")[0].split("-")[0].upper(), "crypto"
    return (match[1] + match[2]).upper(), "cryptofuture" if match[3] else "crypto"


def _result(
    path: Path, format_: str, ts: Ints, numbers: dict[str, Floats], sides: list[Any] | None, timeframe: Timeframe | None
) -> ImportResult:
    symbol, asset = pair_of_name(path)
    findings = Findings()
    result = ImportResult(
        paths=(path,), format=format_, kind=VALUES, symbol=symbol, asset=asset, problems=findings.problems
    )
    if not len(ts):
        raise UnreadableData(f"{path.name} holds no rows: download it again.")
    if "funding_rate" in path.name and "open" in numbers:
        order = np.argsort(ts, kind="stable")
        return replace(result, values=Values(ts[order], numbers["open"][order]))
    if {"price", "amount"} <= numbers.keys():
        words = [str(side).lower() for side in sides] if sides is not None else [""] * len(ts)
        signs = np.array(side_signs(words), np.int8)
        return replace(
            result, kind=TRADES, trades=tidy_trades(ts, numbers["price"], numbers["amount"], signs, findings)
        )
    if not numbers.keys() >= set(_PRICES):
        raise UnreadableData(f"{path.name} holds neither candles nor trades: its columns are {', '.join(numbers)}.")
    length = timeframe or guess_timeframe(ts) or timeframe_of_name(path.name)
    if length is None:
        raise UnreadableData(f"{path.name} has too few rows to tell how long its bars are: give --timeframe.")
    bars = tidy_bars(ts, [numbers[name] for name in _PRICES], findings, gaps=length)
    return replace(result, kind=BARS, timeframe=length, bars=bars)


def _feather_times(column: Any) -> Ints:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        return np.asarray(column.cast(pa.timestamp("ns", tz=column.type.tz)).cast(pa.int64()).to_numpy(), np.int64)
    numbers = np.asarray(column.cast(pa.int64()).to_numpy(), np.int64)
    return numbers * _MS if len(numbers) and abs(int(numbers[0])) < 10**14 else numbers


def _json_numbers(path: Path, column: tuple[Any, ...], title: str) -> Floats:
    for index, value in enumerate(column):
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise UnreadableData(f"{path.name}, entry {index + 1}: {title} is {value!r} where a number was expected.")
    try:
        return np.array(column, np.float64)
    except (OverflowError, ValueError):
        raise UnreadableData(f"{path.name}: {title} holds a number that is too large.") from None
