"""The chart panel through real widgets: history, live bars, own orders, linking, state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDoubleSpinBox, QMenu
from pytestqt.qtbot import QtBot
from tests.panels.fakes import ACCOUNT, BTC, ETH, NOW, Bench, fill, order

from bidmere.desk.feed import Batch
from bidmere.errors import InvalidInput, UnreadableData
from bidmere.model.bars import BarArray
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Bar, Side
from bidmere.model.orders import Limit, OrderIntent, OrderState, Stop, TrailingStop
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.panels.chart.indicators import IndicatorDialog, read_chosen
from bidmere_terminal.panels.chart.panel import ChartPanel
from bidmere_terminal.panels.chart.toolbar import read_timeframe

M5, H1 = Timeframe(5, "m"), Timeframe(1, "h")


class History:
    """Serve bars that end at NOW, `total` of them in all."""

    def __init__(self, total: int = 2_000) -> None:
        self.total = total
        self.asked: list[tuple[str, str, int | None]] = []
        self.error: Exception | None = None

    async def bars(self, one: InstrumentId, timeframe: Timeframe, limit: int, end_ns: int | None = None) -> BarArray:
        self.asked.append((one.symbol, str(timeframe), end_ns))
        if self.error is not None:
            raise self.error
        last = timeframe.floor(NOW)
        ts = last - timeframe.ns * np.arange(self.total, dtype=np.int64)[::-1]
        ts = ts[ts < end_ns] if end_ns is not None else ts
        ts = ts[-limit:]
        close = 60_000.0 + (ts // timeframe.ns % 977)
        return BarArray.from_columns(ts, close, close + 5, close - 5, close, close * 0 + 3)


@pytest.fixture
def history(bench: Bench) -> History:
    made = History()
    bench.desk.bars = made.bars  # type: ignore[attr-defined]
    bench.desk.watch_bars = lambda *series: bench.desk._note("watch_bars", *series)  # type: ignore[attr-defined]
    bench.desk.unwatch_bars = lambda *series: bench.desk._note("unwatch_bars", *series)  # type: ignore[attr-defined]
    return made


@pytest.fixture
def panel(bench: Bench, history: History) -> Iterator[ChartPanel]:
    made = bench.make(ChartPanel, "chart-1")
    made.resize(900, 500)
    made.show()
    made.grab()
    yield made
    made.hide()


def bar(ts: int, close: float, *, closed: bool = False, one: InstrumentId = BTC.id, timeframe: Timeframe = M5) -> Bar:
    return Bar(
        instrument=one, timeframe=timeframe, ts=ts, open=close, high=close + 1, low=close - 1, close=close, volume=1.0,
        closed=closed,
    )  # fmt: skip


def live(bench: Bench, *bars: Bar) -> None:
    bench.model.apply(Batch(bars={(bars[0].instrument, bars[0].timeframe): list(bars)}))


def test_first_chart_shows_history_indicators_and_the_simulation_mark(panel: ChartPanel, bench: Bench) -> None:
    shown = panel.dump()
    about = [shown[part] for part in ("instrument", "timeframe", "state", "bars")]
    assert about == ["BTCUSDT.SIM", "5m", "ready", 1_500]
    assert list(shown["indicators"]) == ["EMA 21", "EMA 55", "RSI 14"]
    assert panel.chart.model.watermark == "simulated"
    assert "SIM" in panel.chart.model.subtitle
    assert "paper" in panel.chart.model.subtitle
    assert bench.desk.called("watch_bars") == [(BTC.id, M5)]
    assert shown["failure"] == ""


def test_u37_forming_bar_moves_the_last_price_and_other_series_do_not(panel: ChartPanel, bench: Bench) -> None:
    last = M5.floor(NOW)
    live(bench, bar(last, 61_111.5))
    assert panel.dump()["last_price"] == 61_111.5
    live(bench, bar(last, 1.0, one=ETH.id), bar(last, 2.0, one=ETH.id))
    live(bench, bar(last, 3.0, timeframe=H1))
    live(bench, bar(last, 61_200.0, closed=True), bar(last + M5.ns, 61_300.0))
    assert (panel.dump()["last_price"], panel.dump()["bars"]) == (61_300.0, 1_501)


def test_bars_that_come_before_the_history_are_not_lost(bench: Bench, history: History) -> None:
    bench.bridge.held = True
    panel = bench.make(ChartPanel, "chart-1")
    assert panel.dump()["state"] == "loading"
    live(bench, bar(M5.floor(NOW) + M5.ns, 61_300.0))
    bench.bridge.release()
    assert (panel.dump()["last_price"], panel.dump()["bars"]) == (61_300.0, 1_501)


def test_answer_for_a_symbol_left_behind_is_dropped(panel: ChartPanel, bench: Bench, history: History) -> None:
    bench.bridge.held = True
    panel.set_instrument(ETH.id)
    panel.set_instrument(BTC.id)
    panel.set_timeframe(H1)
    bench.bridge._waiting.reverse()  # the newest question is answered first
    bench.bridge.release()
    shown = panel.dump()
    assert (shown["instrument"], shown["timeframe"], shown["state"]) == ("BTCUSDT.SIM", "1h", "ready")
    assert bool(np.all(np.diff(panel.chart.model.store.ts) == H1.ns))
    watched = [series for name, series in bench.desk.asked if name == "watch_bars"]
    released = [series for name, series in bench.desk.asked if name == "unwatch_bars"]
    assert sorted(map(str, watched)) == sorted([*map(str, released), str((BTC.id, H1))])


def test_u36_new_bars_and_older_history_keep_the_users_view(panel: ChartPanel, bench: Bench) -> None:
    panel.chart.pan_by(-400)
    before = panel.dump()["visible_ts_ns"]
    live(bench, bar(M5.floor(NOW) + M5.ns, 61_300.0))
    assert panel.dump()["visible_ts_ns"] == before
    panel.chart.pan_by(30 - panel.chart.model.view.left)
    before = panel.dump()["visible_ts_ns"]
    panel.history.ask_older()
    assert panel.dump()["bars"] == 2_001
    assert panel.dump()["visible_ts_ns"] == before
    stamps = panel.chart.model.store.ts
    assert bool(np.all(np.diff(stamps) == M5.ns))


def test_older_history_is_not_asked_for_again_when_there_is_none(panel: ChartPanel, history: History) -> None:
    history.total = 1_500
    panel.chart.pan_by(-1_600)
    for _ in range(3):
        panel.history.ask_older()
    assert len(history.asked) == 2


def test_u125_follows_the_groups_symbol_and_timeframe_until_it_leaves(panel: ChartPanel, bench: Bench) -> None:
    bench.group.set_instrument(ETH.id)
    bench.group.set_timeframe(H1)
    assert (panel.dump()["instrument"], panel.dump()["timeframe"]) == ("ETHUSDT.SIM", "1h")
    panel.set_group(None)
    bench.group.set_instrument(BTC.id)
    assert panel.dump()["instrument"] == "ETHUSDT.SIM"


def test_timeframe_is_the_groups_unless_a_chart_keeps_its_own(panel: ChartPanel, bench: Bench, qtbot: QtBot) -> None:
    bench.group.set_timeframe(H1)
    other = bench.make(ChartPanel, "chart-2")
    saved = bench.make(ChartPanel, "chart-3", {"timeframe": "15m"})
    assert [one.dump()["timeframe"] for one in (panel, other, saved)] == ["1h", "1h", "15m"]
    saved.toolbar.share.setChecked(False)
    qtbot.mouseClick(panel.toolbar.favourites[M5], Qt.MouseButton.LeftButton)
    assert [one.dump()["timeframe"] for one in (panel, other, saved)] == ["5m", "5m", "15m"]


def test_u129_crosshair_is_shared_by_time(panel: ChartPanel, bench: Bench) -> None:
    other = bench.make(ChartPanel, "chart-2")
    panel.chart.crosshair_moved.emit(NOW)
    assert other.chart._linked_ts == NOW
    other.toolbar.share.setChecked(False)
    panel.chart.crosshair_moved.emit(NOW - 1)
    assert other.chart._linked_ts == NOW


def test_u127_symbol_without_an_instrument_is_said_and_not_replaced(panel: ChartPanel, bench: Bench) -> None:
    bench.group.set_instrument(InstrumentId("GONE", "XYZ"))
    shown = panel.dump()
    assert (shown["instrument"], shown["state"]) == ("GONE.XYZ", "error")
    assert "GONE.XYZ" in shown["state_text"]


def test_u23_history_that_fails_ends_in_an_error(bench: Bench, history: History) -> None:
    history.error = UnreadableData("The file of BTCUSDT cannot be read.")
    panel = bench.make(ChartPanel, "chart-1")
    assert (panel.dump()["state"], panel.dump()["state_text"]) == ("error", "The file of BTCUSDT cannot be read.")
    history.error = None
    bench.model.set_ready(True)
    assert panel.dump()["state"] == "ready"


def test_empty_history_says_so_until_the_first_bar(bench: Bench, history: History) -> None:
    history.total = 0
    panel = bench.make(ChartPanel, "chart-1")
    assert panel.dump()["state"] == "empty"
    live(bench, bar(M5.floor(NOW), 61_300.0))
    assert (panel.dump()["state"], panel.dump()["bars"]) == ("ready", 1)


def test_own_orders_position_and_fills_are_on_the_chart(panel: ChartPanel, bench: Bench) -> None:
    def intent(side: Side, spec: Any, *, out: bool = False) -> OrderIntent:
        return OrderIntent(
            instrument=BTC.id, side=side, qty=Decimal("0.75"), spec=spec, account=ACCOUNT, source="ticket",
            reduce_only=out,
        )  # fmt: skip

    stop = order(intent(Side.SELL, Stop(trigger=Decimal(64_000)), out=True), OrderState.OPEN, number=1)
    bench.order(stop)
    bench.order(order(intent(Side.SELL, Limit(price=Decimal(66_000)), out=True), OrderState.OPEN, number=2))
    bench.order(order(intent(Side.BUY, Limit(price=Decimal(63_000))), OrderState.OPEN, number=3))
    bench.order(order(intent(Side.BUY, TrailingStop(offset=Decimal(50))), OrderState.OPEN, number=4))
    bench.order(order(intent(Side.BUY, Limit(price=Decimal(62_000))), OrderState.CANCELED, number=5))
    bench.position(BTC, "0.75", "64700")
    bench.model.apply(Batch(fills=[fill(stop), replace(fill(stop), instrument=ETH.id, trade_id="t-2")]))
    panel._refresh()
    shown = panel.dump()
    assert [one[1:4] for one in shown["orders"]] == [
        [64_000.0, "SELL 0.75 STP", "stop"],
        [66_000.0, "SELL 0.75 LMT", "target"],
        [63_000.0, "BUY 0.75 LMT", "entry"],
    ]
    assert shown["position"] == [64_700.0, "LONG 0.75  +224.25 USDT", 1]
    assert shown["fills"] == [[NOW, 65_001.0, "sell", "0.1"]]
    bench.group.set_instrument(ETH.id)
    shown = panel.dump()
    assert (shown["orders"], shown["position"], len(shown["fills"])) == ([], None, 1)


def test_u39_typing_letters_begins_a_symbol_and_digits_a_timeframe(
    panel: ChartPanel, bench: Bench, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel.chart, "e")
    assert panel.toolbar.symbol.text() == "e"
    panel.toolbar.symbol.setText("eth")
    qtbot.keyClick(panel.toolbar.symbol, Qt.Key.Key_Return)
    assert bench.group.instrument == ETH.id
    qtbot.keyClicks(panel.chart, "9")
    panel.toolbar.timeframe.setText("90")
    qtbot.keyClick(panel.toolbar.timeframe, Qt.Key.Key_Return)
    assert panel.dump()["timeframe"] == "90m"
    panel.toolbar.timeframe.setText("7x")
    qtbot.keyClick(panel.toolbar.timeframe, Qt.Key.Key_Return)
    assert panel.dump()["timeframe"] == "90m"
    assert "timeframe" in bench.notices[-1][1]


def test_favourites_change_the_timeframe_and_show_it(panel: ChartPanel, qtbot: QtBot) -> None:
    button = panel.toolbar.favourites[H1]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.dump()["timeframe"] == "1h"
    assert [str(one) for one, made in panel.toolbar.favourites.items() if made.isChecked()] == ["1h"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("5", "5m"), ("90", "90m"), ("1h", "1h"), ("4H", "4h"), ("1D", "1d"), ("1w", "1w"), ("1M", "1M")],
)
def test_timeframes_as_they_are_typed(text: str, wanted: str) -> None:
    assert str(read_timeframe(text)) == wanted


@pytest.mark.parametrize("text", ["", "0", "h", "7x", "-5"])
def test_timeframes_that_make_no_sense(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_timeframe(text)


def test_indicators_are_added_edited_and_removed(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.add_indicator("MACD")
    panel.remove_indicator(0)
    assert list(panel.dump()["indicators"]) == ["EMA 55", "RSI 14", "MACD 12 26 9"]
    panel.edit_indicator(0)
    dialog = panel.findChild(IndicatorDialog)
    assert isinstance(dialog, IndicatorDialog)
    box = dialog.findChild(QDoubleSpinBox, "chart.indicator.n")
    assert isinstance(box, QDoubleSpinBox)
    box.setValue(100)
    assert next(iter(panel.dump()["indicators"])) == "EMA 100"
    dialog.reject()
    assert next(iter(panel.dump()["indicators"])) == "EMA 55"


def test_state_returns_with_symbol_timeframe_indicators_and_view(
    panel: ChartPanel, bench: Bench, history: History
) -> None:
    bench.group.set_instrument(ETH.id)
    panel.set_timeframe(H1)
    panel.add_indicator("ATR")
    panel.chart.set_kind("line")
    state = panel.save_state()
    panel.set_group(None)
    bench.group.instrument = None
    again = bench.make(ChartPanel, "chart-9", state)
    assert again.save_state()["indicators"] == state["indicators"]
    assert [again.dump()[part] for part in ("instrument", "timeframe", "kind")] == ["ETHUSDT.SIM", "1h", "line"]


def test_unknown_indicators_of_a_saved_chart_are_left_out() -> None:
    assert read_chosen([["EMA", {"n": 9}], ["GONE", {}], ["RSI", {"n": "x"}], 7]) == [("EMA", {"n": 9.0})]
    assert read_chosen(None) is None


def test_context_menu_copies_the_price_and_never_trades(panel: ChartPanel, bench: Bench) -> None:
    panel.chart.price_clicked.emit(64_321.5)
    menu = QMenu()
    panel.fill_context_menu(menu)
    texts = [one.text() for one in menu.actions()]
    assert texts[0] == "Copy price 64,321.5"
    menu.actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == "64321.5"
    assert not [text for text in texts if "buy" in text.lower() or "sell" in text.lower()]


def test_shutdown_releases_every_subscription(bench: Bench, history: History) -> None:
    panel = bench.make(ChartPanel, "chart-1")
    bench.group.set_instrument(ETH.id)
    panel.shutdown()
    for on, off in (("watch", "unwatch"), ("watch_bars", "unwatch_bars")):
        assert sorted(map(str, bench.desk.called(on))) == sorted(map(str, bench.desk.called(off)))
