"""LEAN zips: every resolution, trades, quotes and open interest, of equities, forex, futures and crypto.

The layout is `…/ASSET/MARKET/RESOLUTION/SYMBOL/YYYYMMDD_TYPE.zip` (tick, second, minute) or
`…/ASSET/MARKET/RESOLUTION/SYMBOL[_TYPE].zip` (hour, daily). Intraday rows hold milliseconds since midnight in the data
time zone; hour and daily rows their own date. Equity prices are ten-thousandths. Time zones are those of LEAN's
market-hours database: New York for US equities, UTC for forex (Oanda), futures (CME, COMEX) and crypto. Daily bars keep
their calendar date and open at 00:00 UTC of it.

Ticks marked suspicious are left out. Equity quote ticks are one-sided updates of single exchanges; they become the
best bid and ask over all exchanges. Futures zips hold one file per contract; the first to
expire among the largest is taken unless one is named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePosixPath

import numpy as np

from bidmere.data.importers.archives import Entry, list_zip, read_zip
from bidmere.data.importers.result import (
    BARS,
    QUOTES,
    TRADES,
    VALUES,
    ImportResult,
    Problem,
    QuoteTicks,
    TradeTicks,
    Values,
)
from bidmere.data.importers.table import Table, decode
from bidmere.data.importers.tidy import Findings, Mask, tidy_bars, tidy_quotes, tidy_trades
from bidmere.data.importers.times import BadTime, parse_times, to_utc, zone
from bidmere.errors import UnreadableData
from bidmere.model.bars import BarArray, Floats, Ints
from bidmere.model.timeframe import Timeframe

FORMAT = "lean-zip"
_ASSETS = ("equity", "forex", "future", "crypto", "cryptofuture", "cfd")
_RESOLUTIONS = {"tick": None, "second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
_ZONES = {("equity", "usa"): "America/New_York", ("forex", "fxcm"): "Etc/GMT+5"}
_TYPES = ("trade", "quote", "openinterest")
_DAY_FILE = re.compile(r"^(\d{8})_(trade|quote|openinterest)$")
_CONTRACT = re.compile(r"_(\d{6}(?:\d{2})?)$")
_DAY_NS = 86_400_000_000_000
_PRICE_SCALE = 10_000.0
_NEARLY = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanName:
    """What the path of a LEAN zip says."""

    asset: str
    market: str
    resolution: str
    symbol: str
    type: str
    day: date | None

    @property
    def tz(self) -> str:
        """The time zone of the file's clock."""
        return _ZONES.get((self.asset, self.market), "UTC")


def read_name(path: Path) -> LeanName | None:
    """Read a path by LEAN's layout; None when it does not follow it."""
    parts = [part.lower() for part in path.parts]
    for index in range(len(parts) - 4, -1, -1):
        asset, market, resolution = parts[index : index + 3]
        if asset in _ASSETS and resolution in _RESOLUTIONS:
            break
    else:
        return None
    stem = path.stem.lower()
    rest = parts[index + 3 : -1]
    match = _DAY_FILE.match(stem)
    if match is not None and len(rest) == 1:
        day = _day(match[1])
        if day is None:
            return None
        return LeanName(asset=asset, market=market, resolution=resolution, symbol=rest[0], type=match[2], day=day)
    if match is None and not rest and resolution in ("hour", "daily"):
        symbol, _, kind = stem.rpartition("_")
        if kind not in _TYPES:
            symbol, kind = stem, "quote" if asset in ("forex", "cfd") else "trade"
        return LeanName(asset=asset, market=market, resolution=resolution, symbol=symbol, type=kind, day=None)
    return None


def contracts(path: Path) -> dict[str, Entry]:
    """Return the files inside by contract (empty text where there is only one instrument)."""
    found: dict[str, Entry] = {}
    for entry in list_zip(path):
        match = _CONTRACT.search(PurePosixPath(entry.name).stem)
        found[match[1] if match else ""] = entry
    return found


def read_lean(path: Path, *, tz: str | None = None, contract: str | None = None) -> ImportResult:
    """Read one LEAN zip. Raises UnreadableData."""
    name = read_name(path)
    if name is None:
        raise UnreadableData(
            f"{path.name} does not lie where LEAN puts it (…/equity/usa/minute/spy/20131007_trade.zip): "
            "keep its folders, they say what it holds."
        )
    inside = contracts(path)
    if not inside:
        raise UnreadableData(f"{path.name} is an empty zip: download it again.")
    if contract is not None and contract not in inside:
        raise UnreadableData(f"{path.name} has no contract {contract}: it holds {', '.join(sorted(inside)) or 'one'}.")
    chosen = contract if contract is not None else front_contract({one: inside[one].size for one in inside})
    text = decode(read_zip(path, inside[chosen].name), path.name)
    table = Table(text, path.name, ",")
    reader = _Reader(path, name, table, tz or name.tz)
    result = reader.result(chosen)
    if len(inside) > 1 and contract is None:
        result.notes.append(f"took contract {chosen}, the front one of {len(inside)}")
    return result


class _Reader:
    """Turn one table into arrays."""

    def __init__(self, path: Path, name: LeanName, table: Table, tz: str) -> None:
        self._path = path
        self._name = name
        self._table = table
        self._tz = tz
        self._findings = Findings()
        self._scale = _PRICE_SCALE if name.asset == "equity" else 1.0

    def result(self, contract: str) -> ImportResult:
        name = self._name
        ts = self._times()
        base = ImportResult(
            paths=(self._path,),
            format=FORMAT,
            kind=VALUES,
            symbol=(name.symbol + contract).upper(),
            asset=name.asset,
            market=name.market,
            contract=contract,
            tz=self._tz,
            problems=self._findings.problems,
        )
        if name.type == "openinterest":
            return replace(base, values=self._values(ts))
        if name.resolution == "tick":
            if name.type == "trade":
                return replace(base, kind=TRADES, trades=self._trade_ticks(ts))
            return replace(base, kind=QUOTES, quotes=self._quote_ticks(ts))
        timeframe = Timeframe.parse(_RESOLUTIONS[name.resolution] or "1m")
        base = replace(base, kind=BARS, timeframe=timeframe)
        if name.type == "trade" and self._table.width < 10:
            columns = [self._price(i) for i in range(1, 5)] + [self._number(5, "the volume")]
            return replace(base, bars=tidy_bars(ts, columns, self._findings, gaps=timeframe))
        bid, ask, mid = self._quote_bars(ts, timeframe)
        return replace(base, bars=mid, bid_bars=bid, ask_bars=ask)

    def _times(self) -> Ints:
        table = self._table
        if self._name.day is None:
            try:
                times = parse_times(table.text(0), "UTC")
            except BadTime as bad:
                raise table.error(bad.index, bad.why) from None
            if self._name.resolution == "daily":
                return np.asarray(times.ts // _DAY_NS * _DAY_NS, np.int64)
            return to_utc(times.ts, zone(self._tz))
        millis = self._number(0, "the time")
        within = (millis >= 0) & (millis < 86_400_000)
        if not within.all():
            row = int(np.argmin(within))
            raise table.error(row, f"{table.text(0)[row]!r} is no time: milliseconds since midnight were expected")
        midnight = (self._name.day - date(1970, 1, 1)).days * _DAY_NS
        return to_utc(midnight + np.rint(millis * 1_000.0).astype(np.int64) * 1_000, zone(self._tz))

    def _number(self, column: int, title: str) -> Floats:
        if column >= self._table.width:
            raise self._table.error(0, f"{self._table.width} columns where at least {column + 1} were expected")
        return self._table.numbers(column, title)

    def _price(self, column: int) -> Floats:
        numbers = self._number(column, "the price")
        return numbers / self._scale if self._scale != 1.0 else numbers

    def _values(self, ts: Ints) -> Values:
        value = self._number(1, "the open interest")
        order = np.argsort(ts, kind="stable")
        return Values(ts[order], value[order])

    def _unsuspicious(self, ts: Ints, column: int) -> Mask:
        if column >= self._table.width:
            return np.ones(len(ts), np.bool_)
        flagged = self._number(column, "the suspicious flag") == 1.0
        self._findings.add("suspicious", flagged, ts)
        return np.asarray(~flagged, np.bool_)

    def _trade_ticks(self, ts: Ints) -> TradeTicks:
        good = self._unsuspicious(ts, 5)
        price, size = self._price(1), self._number(2, "the size")
        side = np.zeros(len(ts), np.int8)
        return tidy_trades(ts[good], price[good], size[good], side[good], self._findings)

    def _quote_ticks(self, ts: Ints) -> QuoteTicks:
        if self._table.width < 5:  # time, bid, ask
            nothing = np.zeros(len(ts))
            return tidy_quotes(ts, self._price(1), self._price(2), (nothing, nothing), self._findings)
        bid, bid_size = self._price(1), self._number(2, "the bid size")
        ask, ask_size = self._price(3), self._number(4, "the ask size")
        good = self._unsuspicious(ts, 7)
        if self._name.asset == "equity" and self._table.width > 5:
            venues = self._table.text(5)
            rows = _best_of_exchanges(ts, bid, bid_size, ask, ask_size, venues, good)
            ts, bid, bid_size, ask, ask_size = rows
            good = np.ones(len(ts), np.bool_)
        return tidy_quotes(ts[good], bid[good], ask[good], (bid_size[good], ask_size[good]), self._findings)

    def _quote_bars(self, ts: Ints, timeframe: Timeframe) -> tuple[BarArray, BarArray, BarArray]:
        bid = np.vstack([self._price(i) for i in range(1, 5)])
        ask = np.vstack([self._price(i) for i in range(6, 10)])
        bid_size, ask_size = self._number(5, "the bid size"), self._number(10, "the ask size")
        order = np.argsort(ts, kind="stable")
        keep = np.ones(len(order), np.bool_)
        keep[:-1] = ts[order][1:] != ts[order][:-1]
        order = order[keep]
        sides = np.vstack([bid, ask])
        sided: Mask = np.asarray((np.isfinite(sides) & (sides > 0.0)).all(axis=0))
        self._findings.add("one-sided", ~sided, ts)
        middle = list((bid[:, sided] + ask[:, sided]) * 0.5)
        mids = tidy_bars(ts[sided], [*middle, np.zeros(int(sided.sum()))], self._findings, gaps=timeframe)
        return (
            BarArray.from_columns(ts[order], *bid[:, order], bid_size[order]),
            BarArray.from_columns(ts[order], *ask[:, order], ask_size[order]),
            mids,
        )


def _best_of_exchanges(
    ts: Ints, bid: Floats, bid_size: Floats, ask: Floats, ask_size: Floats, venues: list[str], good: Mask
) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """Follow each exchange's sides and give the best of all whenever it changes.

    An older quote that a newer one of another exchange crosses is out of date and forgotten.
    """
    books: dict[str, list[float]] = {}
    out: list[tuple[int, float, float, float, float]] = []
    last: tuple[float, float, float, float] | None = None
    usable = good.tolist()
    for row, (moment, b, bs, a, as_) in enumerate(
        zip(ts.tolist(), bid.tolist(), bid_size.tolist(), ask.tolist(), ask_size.tolist(), strict=True)
    ):
        if not usable[row]:
            continue
        book = books.setdefault(venues[row], [0.0, 0.0, 0.0, 0.0])
        if b > 0.0:
            book[0], book[1] = b, bs
            _forget(books, 2, b)
        if a > 0.0:
            book[2], book[3] = a, as_
            _forget(books, 0, a)
        best_bid = max((one[0], one[1]) for one in books.values())
        best_ask = min(((one[2], -one[3]) for one in books.values() if one[2] > 0.0), default=(0.0, 0.0))
        if best_bid[0] <= 0.0 or best_ask[0] <= 0.0 or best_bid[0] > best_ask[0]:
            continue
        top = (best_bid[0], best_bid[1], best_ask[0], -best_ask[1])
        if top != last:
            last = top
            out.append((moment, *top))
    columns = np.array(out, np.float64).reshape(-1, 5).T
    return (np.array([row[0] for row in out], np.int64), columns[1], columns[2], columns[3], columns[4])


def _forget(books: dict[str, list[float]], side: int, price: float) -> None:
    """Drop asks (side 2) below a new bid, or bids (side 0) above a new ask."""
    for book in books.values():
        if 0.0 < book[side] < price if side else book[side] > price:
            book[side] = book[side + 1] = 0.0


def front_contract(sizes: dict[str, int]) -> str:
    """Return the first contract to expire among those that trade about as much as the largest."""
    return min(one for one in sizes if sizes[one] >= _NEARLY * max(sizes.values()))


def merge_problems(groups: list[list[Problem]]) -> list[Problem]:
    """Add up the counts of several files."""
    merged: dict[str, Problem] = {}
    for problem in (one for group in groups for one in group):
        known = merged.get(problem.kind)
        merged[problem.kind] = (
            problem
            if known is None
            else Problem(kind=known.kind, count=known.count + problem.count, example=known.example)
        )
    return list(merged.values())


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
