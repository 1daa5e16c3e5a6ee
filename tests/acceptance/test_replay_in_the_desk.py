"""Recorded data in the desk: the real bars, nothing from the future, and orders that fill."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.acceptance.real_desk import Person, RealDesk

from bidmere.model.ids import InstrumentId
from bidmere.model.timeframe import Timeframe

Journals = Callable[[Path], list[dict[str, Any]]]
MINUTE = Timeframe.parse("1m")
MINUTE_NS = 60_000_000_000

CASES = [
    pytest.param(
        "crypto/coinbase/minute/btcusd", "20161007_trade.zip", "BTCUSD", datetime(2016, 10, 7, tzinfo=UTC), 1.0,
        id="btcusd",
    ),
    pytest.param(
        "equity/usa/minute/spy/20131007_trade.zip", "", "SPY",
        datetime(2013, 10, 7, tzinfo=ZoneInfo("America/New_York")), 1e-4, id="spy",
    ),
]  # fmt: skip


def recorded(file: Path, midnight: datetime, scale: float) -> list[tuple[int, float, float, float, float, float]]:
    """Read (opening time ns, open, high, low, close, volume) with nothing of ours."""
    with zipfile.ZipFile(file) as archive:
        text = io.TextIOWrapper(archive.open(archive.namelist()[0]), "ascii").read()
    begin = int(midnight.timestamp()) * 1_000_000_000
    rows = []
    for line in text.split():
        ms, *prices, volume = line.split(",")
        o, h, low, c = (float(one) * scale for one in prices)
        rows.append((begin + int(ms) * 1_000_000, o, h, low, c, float(volume)))
    return rows


@pytest.mark.parametrize(("place", "first", "symbol", "midnight", "scale"), CASES)
def test_u184_a_replay_shows_the_recorded_bars_up_to_its_clock_and_takes_orders(
    desk: RealDesk, journals: Journals, shared_fixtures: Path,
    place: str, first: str, symbol: str, midnight: datetime, scale: float,
) -> None:  # fmt: skip
    data = shared_fixtures / "lean_data" / place
    rows = recorded(data / first if first else data, midnight, scale)
    instrument = InstrumentId(symbol, "REPLAY")

    async def job(person: Person) -> None:
        call = person.app.bridge.call
        assert person.sees["header"]["badges"] == ["REPLAY data", "PAPER orders"]
        await call(lambda engine: engine.replay_control("pause"))
        moment = rows[29][0] + MINUTE_NS - 1  # the next minute opens one nanosecond later
        await call(lambda engine: engine.replay_control("seek", moment))
        state = await call(lambda engine: engine.replay())
        assert state is not None
        assert not state.playing
        assert rows[29][0] < state.position_ns <= moment
        await person.does("focus chart-1")
        chart: Any = person.app.window.docks.slots()["chart-1"].panel
        chart.set_timeframe(MINUTE)
        await person.until(lambda: person.panel("chart-1")["bars"] >= 30, "the chart shows the minutes")
        await person.until(lambda: person.panel("chart-1")["last_price"] == pytest.approx(rows[29][4]), "the close")
        shown = person.panel("chart-1")
        assert shown["timeframe"] == "1m"
        assert shown["last_ts_ns"] <= state.position_ns
        bars = await call(lambda engine: engine.bars(instrument, MINUTE, 500))
        closed = [row for row in zip(*columns(bars), strict=True) if row[0] + MINUTE_NS <= state.position_ns]
        assert len(closed) == 29
        assert len(bars) == 30
        known = {row[0]: row for row in rows}
        for row in closed:
            assert row == pytest.approx(known[row[0]])
        assert int(bars.ts[-1]) <= state.position_ns
        await call(lambda engine: engine.replay_control("speed", 60.0))
        await call(lambda engine: engine.replay_control("play"))
        await person.until_ready_to_send()
        await person.does(f"{symbol} B 1 SEND")
        await person.until(lambda: person.rows and person.rows[0]["State"] == "Filled", "the order is filled")
        await call(lambda engine: engine.replay_control("pause"))
        (order,) = person.app.model.orders.values()
        minute = order.updated_ns // MINUTE_NS * MINUTE_NS
        near = [row for row in rows if minute - 2 * MINUTE_NS <= row[0] <= minute + MINUTE_NS]
        low, high = min(row[3] for row in near), max(row[2] for row in near)
        assert low * 0.999 <= float(order.avg_price) <= high * 1.001

    desk.run(job, "--replay", str(data), "--symbol", symbol)
    assert journals(desk.profile)


def columns(bars: Any) -> list[list[Any]]:
    return [list(map(int, bars.ts)), *([float(one) for one in getattr(bars, name)] for name in NAMES)]


NAMES = ("open", "high", "low", "close", "volume")
