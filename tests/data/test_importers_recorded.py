"""Importers on recorded data of others: LEAN, freqtrade and what other programs wrote."""

import csv
import io
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bidmere.data.importers import describe, open_data
from bidmere.data.importers.lean import read_name
from bidmere.errors import UnreadableData

NEW_YORK = ZoneInfo("America/New_York")


def raw_rows(path: Path, name: str | None = None) -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        text = archive.read(name or archive.namelist()[0]).decode()
    return list(csv.reader(io.StringIO(text)))


def nanoseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) * 10**9 + moment.microsecond * 1_000


def test_equity_minutes_are_new_york_time_and_ten_thousandths(shared_fixtures: Path) -> None:
    path = shared_fixtures / "lean_data/equity/usa/minute/spy/20131007_trade.zip"
    result = open_data(path)
    assert result.bars is not None
    rows = raw_rows(path)
    midnight = datetime(2013, 10, 7, tzinfo=NEW_YORK)
    assert result.bars.ts.tolist() == [nanoseconds(midnight + timedelta(milliseconds=int(row[0]))) for row in rows]
    assert result.bars.close.tolist() == [int(row[4]) / 10_000 for row in rows]
    assert result.bars.volume.tolist() == [float(row[5]) for row in rows]
    assert (result.symbol, result.asset, result.market, result.tz) == ("SPY", "equity", "usa", "America/New_York")


def test_equity_hours_follow_daylight_saving(shared_fixtures: Path) -> None:
    path = shared_fixtures / "lean_data/equity/usa/hour/aapl.zip"
    result = open_data(path)
    expected = [
        nanoseconds(datetime.strptime(row[0], "%Y%m%d %H:%M").replace(tzinfo=NEW_YORK)) for row in raw_rows(path)
    ]
    assert result.times().tolist() == expected


def test_forex_minutes_are_utc_and_give_both_sides_and_the_mid(shared_fixtures: Path) -> None:
    path = shared_fixtures / "lean_data/forex/oanda/minute/eurusd/20140501_quote.zip"
    result = open_data(path)
    assert result.bars is not None
    assert result.bid_bars is not None
    assert result.ask_bars is not None
    rows = raw_rows(path)
    midnight = nanoseconds(datetime(2014, 5, 1, tzinfo=UTC))
    assert result.bars.ts.tolist() == [midnight + int(row[0]) * 10**6 for row in rows]
    assert result.bid_bars.low.tolist() == [float(row[3]) for row in rows]
    assert result.ask_bars.high.tolist() == [float(row[7]) for row in rows]
    assert result.bars.close.tolist() == [(float(row[4]) + float(row[9])) * 0.5 for row in rows]


def test_daily_bars_open_at_midnight_utc_of_their_date(shared_fixtures: Path) -> None:
    path = shared_fixtures / "lean_data/equity/usa/daily/aapl.zip"
    result = open_data(path)
    expected = [
        nanoseconds(datetime.strptime(row[0][:8], "%Y%m%d").replace(tzinfo=UTC)) for row in raw_rows(path)
    ]
    assert result.times().tolist() == expected


def test_futures_zip_gives_the_front_contract_or_the_one_named(shared_fixtures: Path) -> None:
    path = shared_fixtures / "lean_data/future/comex/tick/gc/20131009_trade.zip"
    result = open_data(path)
    assert (result.symbol, result.contract) == ("GC201312", "201312")
    assert result.rows == len(raw_rows(path, "20131009_gc_tick_trade_201312.csv"))
    other = open_data(path, contract="201310", symbol="GC")
    assert (other.symbol, other.rows) == ("GC", len(raw_rows(path, "20131009_gc_tick_trade_201310.csv")))
    with pytest.raises(UnreadableData, match=r"has no contract 209912: it holds 201310"):
        open_data(path, contract="209912")


def test_folder_is_joined_by_date_with_quotes_beside_trades(shared_fixtures: Path) -> None:
    folder = shared_fixtures / "lean_data/crypto/coinbase/minute/btcusd"
    result = open_data(folder)
    trades = sorted(folder.glob("*_trade.zip"))
    assert result.rows == sum(len(raw_rows(path)) for path in trades)
    assert (np.diff(result.times()) > 0).all()
    assert result.bid_bars is not None
    assert len(result.bid_bars) == sum(len(raw_rows(path)) for path in folder.glob("*_quote.zip"))
    only_trades = open_data(folder / "*_trade.zip")
    assert only_trades.bid_bars is None
    assert only_trades.times().tolist() == result.times().tolist()


def test_folder_of_several_symbols_asks_for_one(shared_fixtures: Path) -> None:
    folder = shared_fixtures / "lean_data/equity/usa/daily"
    with pytest.raises(UnreadableData, match=r"several symbols \(aapl, .*choose one with --symbol"):
        open_data(folder)
    assert open_data(folder, symbol="IBM").symbol == "IBM"


def test_equity_quote_ticks_become_the_best_of_all_exchanges(shared_fixtures: Path) -> None:
    result = open_data(shared_fixtures / "lean_data/equity/usa/tick/ibm/20131007_quote.zip")
    quotes = result.quotes
    assert quotes is not None
    assert len(quotes) > 10_000
    assert (quotes.bid <= quotes.ask).all()
    noon = np.searchsorted(quotes.ts, nanoseconds(datetime(2013, 10, 7, 12, tzinfo=NEW_YORK)))
    assert np.median(quotes.ask[noon:][:1_000] - quotes.bid[noon:][:1_000]) < 0.1


def test_freqtrade_candles_are_the_same_from_feather_and_json(shared_fixtures: Path) -> None:
    folder = shared_fixtures / "freqtrade_testdata/futures"
    feather = open_data(folder / "XRP_USDT_USDT-1h-futures.feather")
    json = open_data(folder / "XRP_USDT_USDT-1h-futures.json.gz")
    assert (feather.symbol, feather.asset, str(feather.timeframe)) == ("XRPUSDT", "cryptofuture", "1h")
    assert feather.bars is not None
    assert json.bars is not None
    assert feather.bars.ts.tolist() == json.bars.ts.tolist()
    assert feather.bars.close.tolist() == pytest.approx(json.bars.close.tolist(), rel=1e-14)


def test_freqtrade_trades_keep_their_sides(shared_fixtures: Path) -> None:
    result = open_data(shared_fixtures / "freqtrade_testdata/XRP_ETH-trades.json.gz")
    assert result.trades is not None
    assert result.rows == 12_477
    assert set(result.trades.side.tolist()) == {-1, 1}


SAMPLE = [
    "freqtrade_testdata/*.feather", "freqtrade_testdata/**/*.json.gz", "freqtrade_testdata/**/*.csv",
    "lean_data/crypto/**/2018*.zip", "lean_data/cryptofuture/**/*.zip", "lean_data/equity/usa/daily/*.zip",
    "lean_data/equity/usa/tick/**/*.zip", "lean_data/equity/usa/second/**/*.zip", "lean_data/forex/**/*.zip",
    "lean_data/future/**/2013100*.zip", "lean_data/future/*/daily/*.zip", "lean_data/future/*/hour/*.zip",
]  # fmt: skip


@pytest.mark.parametrize("pattern", SAMPLE)
def test_recorded_files_are_imported(shared_fixtures: Path, pattern: str) -> None:
    """Every fifth file of each kind; the whole lot is the next test."""
    files = sorted(shared_fixtures.glob(pattern))[::5]
    assert files
    for file in files:
        found = describe(file)
        assert found["rows"] > 0
        assert all(problem["count"] <= found["rows"] * 2 for problem in found["problems"])


@pytest.mark.heavy
def test_every_recorded_file_is_imported(shared_fixtures: Path) -> None:
    patterns = ("lean_data/**/*.zip", "freqtrade_testdata/**/*.feather", "freqtrade_testdata/**/*.json.gz")
    files = [file for pattern in patterns for file in shared_fixtures.glob(pattern)]
    kinds = Counter(describe(file)["kind"] for file in files)
    assert sum(kinds.values()) == len(files)
    assert kinds["bars"] > 100


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x/equity/usa/minute/spy/20131007_trade.zip", ("equity", "usa", "minute", "spy", "trade", True)),
        ("forex/oanda/hour/eurusd.zip", ("forex", "oanda", "hour", "eurusd", "quote", False)),
        ("crypto/coinbase/daily/btcusd_trade.zip", ("crypto", "coinbase", "daily", "btcusd", "trade", False)),
    ],
)
def test_lean_paths_say_what_they_hold(path: str, expected: tuple[object, ...]) -> None:
    name = read_name(Path(path))
    assert name is not None
    assert (name.asset, name.market, name.resolution, name.symbol, name.type, name.day is not None) == expected


@pytest.mark.parametrize(
    "path",
    ["spy.zip", "equity/usa/minute/spy/2013_trade.zip", "equity/usa/minute/spy/20131399_trade.zip", "a/b/c/d.zip"],
)
def test_other_paths_are_no_lean_paths(path: str) -> None:
    assert read_name(Path(path)) is None
