"""The widget: the view holds still, streaming equals reloading, typing and dragging do what they say and no more."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bidmere.model.bars import BarArray
from bidmere.model.timeframe import Timeframe
from bidmere_terminal.charts import ChartWidget, FillMark, OrderLine, PositionLine, painter_bars
from bidmere_terminal.theme import DARK, LIGHT, THEMES, apply_theme

from .conftest import START_NS, STEP_NS, bar_of, walk

Make = Callable[..., ChartWidget]
ORDERS = (
    OrderLine("1", 100.0, "SELL 0.75 STP", "stop", "sell"),
    OrderLine("2", 100.0, "BUY 0.25 LMT", "entry", "buy"),
    OrderLine("3", 500.0, "SELL 0.75 TP", "target", "sell"),
)


def seen(chart: ChartWidget) -> tuple[float, float]:
    return chart.model.view.left, chart.model.view.span


def healthy(chart: ChartWidget) -> bool:
    chart.grab()
    return chart.values()["failure"] == ""


def test_updates_change_append_or_are_ignored(make_chart: Make) -> None:
    source = walk(600)
    chart = make_chart(0)
    chart.set_bars(source[:500])
    chart.update_bar(bar_of(source, 499))
    assert chart.values()["bars"] == 500
    chart.update_bar(bar_of(source, 500))
    chart.update_bar(bar_of(source, 501))
    chart.update_bar(bar_of(source, 3))
    values = chart.values()
    assert values["bars"] == 502
    assert values["last_price"] == source.close[501]
    assert values["last_ts_ns"] == source.ts[501]
    assert healthy(chart)


def test_streaming_paints_the_same_picture_as_loading(make_chart: Make) -> None:
    source = walk(700)
    streamed, loaded = make_chart(0), make_chart(0)
    indicators = [("EMA", {"n": 21.0}), ("BBANDS", {}), ("RSI", {"n": 14.0}), ("MACD", {})]
    for chart in (streamed, loaded):
        chart.set_indicators(indicators)
    streamed.set_bars(source[:600])
    for index in range(600, 700):
        streamed.update_bar(bar_of(source, index))
    loaded.set_bars(source)
    assert streamed.values() == loaded.values()
    assert streamed.grab().toImage() == loaded.grab().toImage()


def test_u36_only_a_view_on_the_last_bar_moves(make_chart: Make, qapp: QApplication) -> None:
    source = walk(600)
    chart = make_chart(0)
    chart.set_bars(source[:500])
    left, span = seen(chart)
    chart.update_bar(bar_of(source, 500))
    assert seen(chart) == (left + 1, span)
    chart.pan_by(-250)
    before = seen(chart)
    chart.update_bar(bar_of(source, 501))
    chart.set_indicators([("EMA", {"n": 21.0}), ("RSI", {})])
    chart.set_state("stale", "last tick 4 s ago")
    chart.set_state("ready")
    apply_theme(qapp, LIGHT)
    chart.grab()
    apply_theme(qapp, DARK)
    chart.set_bars(source[:550])
    assert seen(chart) == before


def test_u37_backfilled_history_keeps_the_bars_in_view(make_chart: Make) -> None:
    source = walk(900)
    chart = make_chart(0)
    chart.set_bars(source[400:800])
    chart.pan_by(-150)
    old = chart.values()["visible_ts_ns"]
    chart.set_bars(source)
    assert chart.values()["visible_ts_ns"] == old
    assert not chart.values()["follows"]


def test_a_reload_with_newer_bars_follows_when_the_last_was_in_view(make_chart: Make) -> None:
    source = walk(900)
    chart = make_chart(0)
    chart.set_bars(source[:800])
    distance = chart.model.view.right - 800
    chart.set_bars(source)
    assert chart.model.view.right - 900 == pytest.approx(distance)


def test_another_instrument_or_timeframe_starts_a_new_view(make_chart: Make) -> None:
    chart = make_chart(500)
    chart.pan_by(-200)
    chart.set_instrument("OTHER", 4)
    assert chart.values()["bars"] == 0
    chart.set_bars(walk(300, seed=9))
    assert chart.values()["follows"]
    chart.pan_by(-200)
    chart.set_timeframe(Timeframe(1, "h"))
    chart.set_bars(walk(300, seed=9))
    assert chart.values()["follows"]


def test_a_view_survives_saving_as_json(make_chart: Make) -> None:
    chart = make_chart(800)
    chart.zoom_by(0.6)
    chart.pan_by(-300)
    chart.set_kind("bars")
    state = json.loads(json.dumps(chart.view_state()))
    early, late = make_chart(0), make_chart(800)
    early.restore_view(state)
    early.set_bars(walk(800))
    late.restore_view(state)
    for other in (early, late):
        assert other.values()["visible_ts_ns"] == chart.values()["visible_ts_ns"]
        assert other.model.kind == "bars"


@pytest.mark.parametrize(
    "state", [{}, {"bars": "x"}, {"bars": math.nan}, {"range": [2, 1]}, {"edge_ts_ns": "y"}, {"kind": 3}]
)
def test_a_damaged_view_state_is_survived(make_chart: Make, state: dict[str, object]) -> None:
    chart = make_chart(300)
    chart.restore_view(state)
    assert healthy(chart)


@pytest.mark.expected_errors("could not be painted")
def test_u22_a_paint_that_fails_shows_a_card_and_is_logged_once(
    make_chart: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chart = make_chart(300)

    def broken(*_args: object) -> None:
        raise ValueError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(painter_bars, "paint_prices", broken)
        for _ in range(5):
            chart.pan_by(1)
            chart.grab()
        assert "planted" in chart.values()["failure"]
    records = [record for record in caplog.records if "could not be painted" in record.getMessage()]
    assert len(records) == 1
    assert healthy(chart)


@pytest.mark.parametrize("kind", ["candles", "hollow", "bars", "line", "area", "heikin-ashi"])
@pytest.mark.parametrize("bars", [0, 1, 2, 60, 5_000])
def test_every_kind_paints_any_number_of_bars(make_chart: Make, kind: str, bars: int) -> None:
    chart = make_chart(bars)
    chart.set_kind(kind)
    for factor in (1.0, 0.05, 400.0):
        chart.zoom_by(factor)
        assert healthy(chart)


@pytest.mark.parametrize("size", [(160, 120), (1, 1), (640, 90), (90, 640), (2_000, 1_200)])
def test_any_size_paints(make_chart: Make, size: tuple[int, int]) -> None:
    chart = make_chart(400, *size)
    chart.set_indicators([("RSI", {}), ("MACD", {}), ("VOLUME", {}), ("ATR", {}), ("EMA", {})])
    chart.set_orders(ORDERS)
    chart.set_state("offline", "SIM has not answered for 12 s, and this sentence is long enough to need cutting short")
    assert healthy(chart)


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("state", ["ready", "loading", "empty", "stale", "offline", "error"])
def test_every_theme_and_state_paints(make_chart: Make, qapp: QApplication, theme: str, state: str) -> None:
    chart = make_chart(100)
    apply_theme(qapp, THEMES[theme])
    chart.set_state(state, "One sentence.")
    assert healthy(chart)
    chart.set_bars(BarArray.empty())
    assert healthy(chart)
    apply_theme(qapp, DARK)


@pytest.mark.parametrize(("log", "invert"), [(True, False), (False, True), (True, True)])
def test_scales_paint_and_keep_prices_in_sight(make_chart: Make, log: bool, invert: bool) -> None:
    chart = make_chart(400)
    chart.set_scale(log, invert)
    chart.set_orders(ORDERS)
    assert healthy(chart)
    frame = chart.frame()
    assert frame is not None
    assert 0 < frame.scale.y(chart.values()["last_price"]) < frame.plot.height()


def test_bad_numbers_never_break_a_chart(make_chart: Make) -> None:
    bars = walk(200)
    columns = [column.copy() for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
    for column in columns:
        column[50:60] = np.nan
        column[199] = np.nan
    chart = make_chart(0)
    chart.set_indicators([("EMA", {"n": 9.0}), ("RSI", {})])
    chart.set_bars(BarArray.from_columns(bars.ts, *columns))
    chart.set_orders([OrderLine("1", math.nan, "BUY", "entry", "buy")])
    chart.set_quote(math.nan, math.inf)
    chart.set_position(PositionLine(math.nan, "LONG", 0))
    assert healthy(chart)
    chart.set_bars(BarArray.from_columns(bars.ts, *(np.zeros(200) for _ in range(5))))
    chart.set_scale(log_scale=True)
    assert healthy(chart)


def test_own_orders_position_and_fills_are_reported_and_painted(make_chart: Make) -> None:
    chart = make_chart(400)
    plain = chart.grab().toImage()
    chart.set_orders(ORDERS)
    chart.set_position(PositionLine(101.0, "LONG 0.75 +1.20", 1))
    last = START_NS + 399 * STEP_NS
    chart.set_fills([FillMark(last + 7, 100.0, "buy", "0.5"), FillMark(last - STEP_NS, 101.0, "sell", "0.25")])
    assert healthy(chart)
    assert chart.grab().toImage() != plain
    values = chart.values()
    assert [order[0] for order in values["orders"]] == ["1", "2", "3"]
    assert values["position"] == [101.0, "LONG 0.75 +1.20", 1]
    assert values["fills"] == [[last - STEP_NS, 101.0, "sell", "0.25"], [last + 7, 100.0, "buy", "0.5"]]


def test_indicators_are_reported_and_wrong_ones_say_why(make_chart: Make) -> None:
    chart = make_chart(400)
    chart.set_indicators([("EMA", {"n": 21.0}), ("NOPE", {}), ("RSI", {"n": -1.0})])
    values = chart.values()
    assert list(values["indicators"]) == ["EMA 21"]
    assert math.isfinite(values["indicators"]["EMA 21"]["ema"])
    assert len(values["indicator_errors"]) == 2
    assert healthy(chart)


def test_u39_letters_and_digits_are_handed_on(make_chart: Make, qtbot: QtBot) -> None:
    chart = make_chart(300)
    symbols: list[str] = []
    frames: list[str] = []
    chart.symbol_typed.connect(symbols.append)
    chart.timeframe_typed.connect(frames.append)
    for key in (Qt.Key.Key_B, Qt.Key.Key_5, Qt.Key.Key_Space, Qt.Key.Key_F1):
        qtbot.keyClick(chart, key)
    qtbot.keyClick(chart, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert symbols == ["b"]
    assert frames == ["5"]


def test_keys_move_and_zoom(make_chart: Make, qtbot: QtBot) -> None:
    chart = make_chart(500)
    left, span = seen(chart)
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert seen(chart)[0] < left
    qtbot.keyClick(chart, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert seen(chart)[1] < span
    qtbot.keyClick(chart, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert seen(chart)[1] == pytest.approx(span)
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    assert seen(chart)[0] + seen(chart)[1] > 500


def test_u114_a_drag_on_the_plot_only_pans(make_chart: Make, qtbot: QtBot) -> None:
    chart = make_chart(500)
    chart.set_orders(ORDERS)
    picked: list[float] = []
    chart.price_clicked.connect(picked.append)
    left, span = seen(chart)
    for start, end in (((300, 200), (500, 260)), ((500, 260), (420, 100))):
        qtbot.mousePress(chart, Qt.MouseButton.LeftButton, pos=QPoint(*start))
        qtbot.mouseMove(chart, QPoint(*end))
        qtbot.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=QPoint(*end))
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    assert picked == []
    assert seen(chart)[1] == span
    assert seen(chart)[0] != left
    assert chart.model.orders == ORDERS


def test_the_axis_picks_a_price_on_a_click_and_scales_on_a_drag(make_chart: Make, qtbot: QtBot) -> None:
    chart = make_chart(500)
    picked: list[float] = []
    chart.price_clicked.connect(picked.append)
    spot = QPoint(880, 200)
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=spot)
    frame = chart.frame()
    assert frame is not None
    assert picked == [round(frame.scale.value(200.0), 2)]
    qtbot.mousePress(chart, Qt.MouseButton.LeftButton, pos=spot)
    qtbot.mouseMove(chart, QPoint(880, 300))
    qtbot.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=QPoint(880, 300))
    assert chart.model.manual_range is not None
    assert len(picked) == 1
    qtbot.mouseDClick(chart, Qt.MouseButton.LeftButton, pos=spot)
    assert chart.model.manual_range is None


def test_the_wheel_zooms_at_the_pointer(make_chart: Make, qapp: QApplication) -> None:
    chart = make_chart(500)
    chart.pan_by(-200)
    frame = chart.frame()
    assert frame is not None
    under = chart.model.view.to_index(300.0, frame.plot.width())
    point = QPointF(300, 200)
    event = QWheelEvent(
        point, point, QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    span = chart.model.view.span
    qapp.sendEvent(chart, event)
    assert chart.model.view.span < span
    assert chart.model.view.to_index(300.0, frame.plot.width()) == under


def test_the_crosshair_tells_its_time_and_takes_a_linked_one(make_chart: Make, qtbot: QtBot) -> None:
    chart, other = make_chart(500), make_chart(500)
    times: list[object] = []
    chart.crosshair_moved.connect(times.append)
    plain = other.grab().toImage()
    qtbot.mouseMove(chart, QPoint(400, 200))
    assert isinstance(times[-1], int)
    assert times[-1] in chart.model.store.ts
    other.set_crosshair_time(times[-1])
    assert other.grab().toImage() != plain
    other.set_crosshair_time(None)
    assert other.grab().toImage() == plain


def test_a_resize_keeps_the_bar_width_and_the_right_edge(make_chart: Make) -> None:
    chart = make_chart(500)
    view = chart.model.view
    right, px = view.right, chart.frame().bar_px  # type: ignore[union-attr]
    chart.resize(1_300, 500)
    chart.grab()
    assert view.right == pytest.approx(right)
    assert chart.frame().bar_px == pytest.approx(px, rel=1e-6)  # type: ignore[union-attr]


def test_repainting_costs_nothing_until_something_changes(make_chart: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = make_chart(500)
    drawn: list[int] = []
    monkeypatch.setattr(painter_bars, "paint_prices", lambda *_args: drawn.append(1))
    chart.grab()
    chart.set_crosshair_time(START_NS + 480 * STEP_NS)
    chart.set_quote(math.inf, math.inf)
    chart.grab()
    changes = len(drawn)
    chart.set_quote(math.inf, math.inf)
    chart.grab()
    assert len(drawn) == changes == 1


def test_the_countdown_needs_a_time_and_stays_quiet_without(make_chart: Make) -> None:
    chart = make_chart(300)
    plain = chart.grab().toImage()
    chart.set_now(START_NS + 299 * STEP_NS + 60_000_000_000)
    assert chart.grab().toImage() != plain
    frame = chart.frame()
    assert frame is not None
    assert frame.tags[1].text == "04:00"


def test_the_watermark_marks_simulated_prices(make_chart: Make) -> None:
    chart = make_chart(300)
    plain = chart.grab().toImage()
    chart.set_instrument("TEST", 2, "Paper", "simulated")
    assert chart.values()["bars"] == 300
    assert chart.grab().toImage() != plain
