"""Binance kline CSV: twelve columns, with or without header, open times in ms or (since 2025) µs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from bidmere.data.importers.archives import list_zip, read_gzip, read_whole, read_zip
from bidmere.data.importers.csv_file import symbol_of_name, timeframe_of_name
from bidmere.data.importers.result import BARS, ImportResult
from bidmere.data.importers.table import Table, decode
from bidmere.data.importers.tidy import Findings, guess_timeframe, tidy_bars
from bidmere.data.importers.times import BadTime, parse_times
from bidmere.errors import UnreadableData
from bidmere.model.timeframe import Timeframe

FORMAT = "binance-klines"
_COLUMNS = 12
_ROW = re.compile(r"^\d{13}(\d{3})?(,[^,]*){11}$")


def is_klines(text: str) -> bool:
    """Say whether text starts like a kline file."""
    lines = [line.strip() for line in text[:4_096].splitlines() if line.strip()]
    return any(_ROW.match(line) for line in lines[:2])


def kline_text(path: Path) -> str:
    """Return the text of a CSV, plain, gzipped or alone in a zip."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        entries = list_zip(path)
        if len(entries) != 1:
            raise UnreadableData(f"{path.name} holds {len(entries)} files where one CSV was expected: unpack it first.")
        return decode(read_zip(path, entries[0].name), path.name)
    return decode(read_gzip(path) if suffix == ".gz" else read_whole(path), path.name)


def read_klines_text(text: str, path: Path, *, timeframe: Timeframe | None = None) -> ImportResult:
    """Read kline text that came from `path`. Raises UnreadableData."""
    first, _, rest = text.partition("\n")
    header = not first[:1].isdigit()
    table = Table(rest if header else text, path.name, ",", first_line=2 if header else 1)
    if table.width != _COLUMNS:
        raise UnreadableData(f"{path.name} has {table.width} columns where a Binance kline file has {_COLUMNS}.")
    try:
        ts = parse_times(table.text(0)).ts
    except BadTime as bad:
        raise table.error(bad.index, bad.why) from None
    titles = ("the open", "the high", "the low", "the close", "the volume")
    columns = [table.numbers(index, title) for index, title in enumerate(titles, 1)]
    length = timeframe or guess_timeframe(ts) or timeframe_of_name(path.name)
    if length is None:
        raise UnreadableData(f"{path.name} has too few rows to tell how long its bars are: give --timeframe.")
    findings = Findings()
    result = ImportResult(
        paths=(path,),
        format=FORMAT,
        kind=BARS,
        symbol=symbol_of_name(path.name),
        asset="crypto",
        market="binance",
        timeframe=length,
        problems=findings.problems,
    )
    return replace(result, bars=tidy_bars(ts, columns, findings, gaps=length))
