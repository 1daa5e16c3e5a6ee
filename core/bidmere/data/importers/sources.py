"""Open market data wherever it lies: one file, a folder or a glob, of whatever format."""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bidmere.data.importers.binance import is_klines, kline_text, read_klines_text
from bidmere.data.importers.csv_file import CsvOptions, read_csv_text
from bidmere.data.importers.freqtrade import read_feather, read_json
from bidmere.data.importers.lean import contracts, front_contract, merge_problems, read_lean, read_name
from bidmere.data.importers.result import BARS, QUOTES, TRADES, VALUES, ImportResult, QuoteTicks, TradeTicks, Values
from bidmere.data.importers.tidy import iso
from bidmere.errors import UnreadableData
from bidmere.model.bars import BarArray
from bidmere.model.timeframe import Timeframe

SUFFIXES = (".csv", ".txt", ".tsv", ".csv.gz", ".zip", ".feather", ".json", ".json.gz")
_MAX_FILES = 5_000

_Ticks = TypeVar("_Ticks", TradeTicks, QuoteTicks, Values)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOptions:
    """What the caller knows better than the sniffers; None: find out."""

    symbol: str | None = None
    tz: str | None = None
    day_first: bool | None = None
    timeframe: Timeframe | None = None
    contract: str | None = None


def open_data(
    path: Path | str,
    *,
    symbol: str | None = None,
    tz: str | None = None,
    day_first: bool | None = None,
    timeframe: Timeframe | None = None,
    contract: str | None = None,
) -> ImportResult:
    """Read a file, a folder or a glob of files of one instrument.

    A folder's LEAN zips are joined in the order of their dates; trades and quotes beside each other are kept together.
    `symbol` names the instrument (and chooses among several), `tz` is the zone of times without one, `contract` the
    expiry of a future (as 201312). Raises UnreadableData with one sentence that says what to do.
    """
    options = OpenOptions(symbol=symbol, tz=tz, day_first=day_first, timeframe=timeframe, contract=contract)
    return open_files(find_files(path), options, str(path))


def open_files(files: Sequence[Path], options: OpenOptions, title: str) -> ImportResult:
    """Read several files of one instrument as one. Raises UnreadableData."""
    if len(files) == 1:
        return _checked(read_file(files[0], options))
    chosen = _of_one_symbol(files, options, title)
    if all(read_name(file) for file in chosen):
        options = _one_contract(chosen, options)
    results = [read_file(file, options) for file in chosen if not _lacks_contract(file, options)]
    return _checked(combine(results, title))


def find_files(path: Path | str) -> list[Path]:
    """Return the data files a path, a folder or a glob means, sorted by name. Raises UnreadableData."""
    text = str(path)
    here = Path(text).expanduser()
    if here.is_dir():
        files = sorted(one for one in here.iterdir() if one.is_file() and one.name.lower().endswith(SUFFIXES))
        if not files:
            below = sorted(one.name for one in here.iterdir() if one.is_dir())
            hint = f" Its folders are {', '.join(below[:6])}: name one of them." if below else ""
            raise UnreadableData(f"The folder {here.name or text} has no data files (csv, zip, feather, json).{hint}")
    elif here.exists() or not glob.has_magic(text):
        return [here]
    else:
        files = sorted(Path(one) for one in glob.glob(str(here), recursive=True) if Path(one).is_file())
        if not files:
            raise UnreadableData(f"No file matches {text}: check the path.")
    if len(files) > _MAX_FILES:
        raise UnreadableData(f"{text} means {len(files):,} files, more than {_MAX_FILES:,}: choose fewer.")
    return files


def read_file(path: Path, options: OpenOptions | None = None) -> ImportResult:
    """Read one file by what it is. Raises UnreadableData."""
    options = options or OpenOptions()
    name = path.name.lower()
    if name.endswith(".feather"):
        result = read_feather(path, timeframe=options.timeframe)
    elif name.endswith((".json", ".json.gz")):
        result = read_json(path, timeframe=options.timeframe)
    elif name.endswith(".zip") and read_name(path.absolute()):
        result = read_lean(path.absolute(), tz=options.tz, contract=options.contract)
    elif name.endswith((".csv", ".txt", ".tsv", ".gz", ".zip")):
        text = kline_text(path)
        if is_klines(text):
            result = read_klines_text(text, path, timeframe=options.timeframe)
        else:
            csv = CsvOptions(
                symbol=options.symbol, tz=options.tz, day_first=options.day_first, timeframe=options.timeframe
            )
            result = read_csv_text(text, path, csv)
    elif path.exists():
        raise UnreadableData(f"{path.name} is of no known kind: csv, csv.gz, zip, feather or json.gz was expected.")
    else:
        raise UnreadableData(f"There is no file {path.name} in {path.parent}: check the path.")
    return replace(result, symbol=options.symbol) if options.symbol else result


def combine(results: Sequence[ImportResult], title: str) -> ImportResult:
    """Join results of one instrument: same kinds in time order, different kinds side by side. Raises UnreadableData."""
    if not results:
        raise UnreadableData(f"{title} holds nothing that can be read as one instrument.")
    by_kind: dict[str, list[ImportResult]] = defaultdict(list)
    for result in results:
        by_kind["quote-bars" if result.bid_bars is not None else result.kind].append(result)
    if len({result.timeframe for result in results if result.kind == BARS}) > 1:
        raise UnreadableData(f"{title} holds bars of different lengths: choose the files of one length.")
    if by_kind.keys() & {BARS, "quote-bars"} and by_kind.keys() & {TRADES, QUOTES}:
        raise UnreadableData(f"{title} holds bars and ticks: choose the files of one kind.")
    lead = next(by_kind[kind] for kind in (BARS, "quote-bars", TRADES, QUOTES, VALUES) if kind in by_kind)[0]
    bars = _join_bars([one.bars for one in by_kind[BARS] or by_kind["quote-bars"] if one.bars is not None])
    return replace(
        lead,
        paths=tuple(path for result in results for path in result.paths),
        bars=bars,
        bid_bars=_join_bars([one.bid_bars for one in by_kind["quote-bars"] if one.bid_bars is not None]),
        ask_bars=_join_bars([one.ask_bars for one in by_kind["quote-bars"] if one.ask_bars is not None]),
        trades=_join(TradeTicks, [one.trades for one in by_kind[TRADES] if one.trades is not None]),
        quotes=_join(QuoteTicks, [one.quotes for one in by_kind[QUOTES] if one.quotes is not None]),
        values=_join(Values, [one.values for one in by_kind[VALUES] if one.values is not None]),
        problems=merge_problems([one.problems for one in results]),
        notes=list(dict.fromkeys(note for result in results for note in result.notes)),
    )


def describe(path: Path | str, **options: Any) -> dict[str, Any]:
    """Read data and say in plain values what it is; options are those of `open_data`. Raises UnreadableData."""
    return summary(open_data(path, **options))


def summary(result: ImportResult) -> dict[str, Any]:
    """Say in plain values what was read."""
    times = result.times()
    return {
        "files": len(result.paths),
        "file": result.paths[0].name if len(result.paths) == 1 else result.paths[0].parent.name,
        "format": result.format,
        "symbol": result.symbol,
        "asset": result.asset,
        "market": result.market,
        "contract": result.contract,
        "kind": result.kind,
        "timeframe": str(result.timeframe) if result.timeframe else None,
        "rows": len(times),
        "first": iso(times[0]) if len(times) else None,
        "last": iso(times[-1]) if len(times) else None,
        "tz": result.tz,
        "with_quotes": result.bid_bars is not None or (result.kind == TRADES and result.quotes is not None),
        "problems": [{"kind": one.kind, "count": one.count, "example": one.example} for one in result.problems],
        "notes": list(result.notes),
    }


def _checked(result: ImportResult) -> ImportResult:
    if not result.rows:
        raise UnreadableData(f"{result.paths[0].name} holds no usable rows: every price is missing or impossible.")
    return result


def _of_one_symbol(files: Sequence[Path], options: OpenOptions, title: str) -> list[Path]:
    """Keep one instrument's files where the folder holds several; open interest stays aside where there are prices."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        name = read_name(file.absolute())
        groups[name.symbol if name else file.name.split(".")[0].split("-")[0].lower()].append(file)
    if len(groups) > 1 and any(read_name(file.absolute()) is None for file in files) and not options.symbol:
        shown = ", ".join(file.name for file in files[:4])
        raise UnreadableData(f"{title} holds files of several instruments ({shown}, …): name one file or --symbol.")
    if len(groups) > 1:
        wanted = (options.symbol or "").lower()
        if wanted not in groups:
            shown = ", ".join(sorted(groups)[:8])
            raise UnreadableData(f"{title} holds several symbols ({shown}): choose one with --symbol.")
        chosen = groups[wanted]
    else:
        chosen = list(files)
    prices = [file for file in chosen if not _is_open_interest(file)]
    return prices or chosen


def _is_open_interest(file: Path) -> bool:
    name = read_name(file.absolute())
    return name is not None and name.type == "openinterest"


def _one_contract(files: Sequence[Path], options: OpenOptions) -> OpenOptions:
    """Choose the contract that is largest over all files, so that a series never jumps from one to another."""
    if options.contract is not None:
        return options
    sizes: dict[str, int] = defaultdict(int)
    for file in files:
        for contract, entry in contracts(file).items():
            sizes[contract] += entry.size
    if set(sizes) <= {""}:
        return options
    return replace(options, contract=front_contract(sizes))


def _lacks_contract(file: Path, options: OpenOptions) -> bool:
    return bool(options.contract) and read_name(file.absolute()) is not None and options.contract not in contracts(file)


def _join_bars(parts: Sequence[BarArray]) -> BarArray | None:
    if not parts:
        return None
    joined = BarArray.concat(sorted((part for part in parts if len(part)), key=lambda part: int(part.ts[0])))
    order = np.argsort(joined.ts, kind="stable")
    keep = np.ones(len(order), np.bool_)
    keep[:-1] = np.diff(joined.ts[order]) > 0
    order = order[keep]
    return BarArray(*(getattr(joined, name)[order] for name in ("ts", "open", "high", "low", "close", "volume")))


def _join(kind: type[_Ticks], parts: Sequence[_Ticks]) -> _Ticks | None:
    if not parts:
        return None
    names = kind.__slots__
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
    order = np.argsort(columns[0], kind="stable")
    return kind(*(column[order] for column in columns))
