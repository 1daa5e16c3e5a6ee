"""Prices: volume columns, candles, bars, line, area and Heikin-Ashi, snapped to device pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from bidmere_terminal.charts.layout import Frame
from bidmere_terminal.charts.model import ChartModel
from bidmere_terminal.charts.primitives import Lines, Rects
from bidmere_terminal.charts.store import Columns
from bidmere_terminal.charts.style import ChartStyle

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_HEIKIN_WARMUP = 64  # the open halves its memory every bar: 2^-64 of it is left


class BarTools:
    """Keep the reusable shape arrays of one chart."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.rects = Rects()


def body_width(column_px: float, wick: int) -> int:
    """Return a body's width in device pixels: about 72 % of its column, centred on the wick, with a gap beside it."""
    width = int(column_px * 0.72)
    if (width - wick) % 2:
        width -= 1
    return max(wick, width)


def paint_volume(painter: QPainter, frame: Frame, style: ChartStyle, tools: BarTools) -> None:
    """Draw volume columns along the bottom of the price pane."""
    columns = frame.columns
    if columns is None or not frame.volume_px:
        return
    top = float(np.fmax.reduce(columns.volume))
    if not top > 0.0:
        return
    height = np.maximum(np.rint(np.nan_to_num(columns.volume) * (frame.volume_px / top)), 1.0)
    base = float(frame.plot.bottom() + 1)
    rising = columns.close >= columns.open
    wick = style.px(1)
    width = body_width(frame.bar_px * columns.factor, wick)
    painter.setPen(Qt.PenStyle.NoPen)
    for mask, role in ((rising, "up_volume"), (~rising, "down_volume")):
        if width <= wick:
            painter.setPen(style.pens[role])
            tools.lines.vertical(painter, frame.x[mask] + 0.5, base - height[mask], np.full(int(mask.sum()), base))
            painter.setPen(Qt.PenStyle.NoPen)
        else:
            painter.setBrush(style.brushes[role])
            left = frame.x[mask] - (width - wick) // 2
            tools.rects.columns(painter, left, base - height[mask], width, height[mask])


def paint_prices(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle, tools: BarTools) -> None:
    """Draw the bars in the chart's kind; the caller clips to the plot."""
    columns = frame.columns
    if columns is None or not len(columns):
        return
    if model.kind in ("line", "area"):
        _paint_close(painter, frame, columns, style, tools)
    elif model.kind == "bars":
        _paint_ohlc(painter, frame, columns, style, tools)
    else:
        if model.kind == "heikin-ashi" and columns.factor == 1:
            columns = heikin_ashi(model, columns)
        _paint_candles(painter, frame, columns, model.kind == "hollow", style, tools)


def heikin_ashi(model: ChartModel, columns: Columns) -> Columns:
    """Average bars the Heikin-Ashi way; enough earlier bars are taken in for the open to be exact."""
    first = int(columns.first[0])
    start = max(0, first - _HEIKIN_WARMUP)
    whole = model.store.window(start, float(columns.first[-1]), 1 << 30)
    if whole is None:
        return columns
    close = whole.bars[:4].mean(axis=0)
    open_ = np.empty_like(close)
    level = float(whole.open[0] + whole.close[0]) / 2
    for k, average in enumerate(close.tolist()):
        open_[k] = level
        level = (level + average) / 2
    high = np.fmax(whole.high, np.fmax(open_, close))
    low = np.fmin(whole.low, np.fmin(open_, close))
    bars = np.vstack([open_, high, low, close, whole.volume])[:, first - start :][:, : len(columns)]
    return Columns(columns.first, 1, bars)


def _paint_candles(
    painter: QPainter, frame: Frame, columns: Columns, hollow: bool, style: ChartStyle, tools: BarTools
) -> None:
    scale, x, wick = frame.scale, frame.x, style.px(1)
    width = body_width(frame.bar_px * columns.factor, wick)
    yo, yc = np.rint(scale.ys(columns.open)), np.rint(scale.ys(columns.close))
    yh, yl = np.rint(scale.ys(columns.high)), np.rint(scale.ys(columns.low))
    top, bottom = np.minimum(yo, yc), np.maximum(np.maximum(yo, yc), np.minimum(yo, yc) + wick)
    upper, lower = np.minimum(yh, yl), np.maximum(np.maximum(yh, yl), bottom)
    rising = columns.close >= columns.open
    drawn = np.isfinite(top) & np.isfinite(upper)
    for mask, role in ((rising & drawn, "up_bar"), (~rising & drawn, "down_bar")):
        if width <= wick:
            painter.setPen(style.pens[role])
            tools.lines.vertical(painter, x[mask] + 0.5, upper[mask], lower[mask])
            continue
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.brushes[role])
        tools.rects.columns(painter, x[mask], upper[mask], wick, lower[mask] - upper[mask])
        left, height = x[mask] - (width - wick) // 2, bottom[mask] - top[mask]
        tools.rects.columns(painter, left, top[mask], width, height)
        if hollow and role == "up_bar" and width >= 3 * wick:
            painter.setBrush(style.brushes["panel"])
            inner = np.maximum(height - 2 * wick, 0.0)
            tools.rects.columns(painter, left + wick, top[mask] + wick, width - 2 * wick, inner)


def _paint_ohlc(painter: QPainter, frame: Frame, columns: Columns, style: ChartStyle, tools: BarTools) -> None:
    scale, x, wick = frame.scale, frame.x, style.px(1)
    arm = max(0, (body_width(frame.bar_px * columns.factor, wick) - wick) // 2)
    yo, yc = np.rint(scale.ys(columns.open)), np.rint(scale.ys(columns.close))
    yh, yl = np.rint(scale.ys(columns.high)), np.rint(scale.ys(columns.low))
    upper, lower = np.minimum(yh, yl), np.maximum(yh, yl)
    rising = columns.close >= columns.open
    drawn = np.isfinite(upper) & np.isfinite(yo) & np.isfinite(yc)
    painter.setPen(Qt.PenStyle.NoPen)
    for mask, role in ((rising & drawn, "up_bar"), (~rising & drawn, "down_bar")):
        painter.setBrush(style.brushes[role])
        tools.rects.columns(painter, x[mask], upper[mask], wick, np.maximum(lower[mask] - upper[mask], wick))
        if arm:
            thick = np.full(int(mask.sum()), float(wick))
            tools.rects.columns(painter, x[mask] - arm, yo[mask], arm, thick)
            tools.rects.columns(painter, x[mask] + wick, yc[mask], arm, thick)


def _paint_close(painter: QPainter, frame: Frame, columns: Columns, style: ChartStyle, tools: BarTools) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(style.close_line)
    tools.lines.path(painter, frame.x, frame.scale.ys(columns.close))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_area(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    """Fill below the closes of an area chart; it comes before the grid, which stays visible on it."""
    columns = frame.columns
    if model.kind != "area" or columns is None:
        return
    y = frame.scale.ys(columns.close)
    shown = np.isfinite(y)
    points = [QPointF(a, b) for a, b in zip(frame.x[shown].tolist(), y[shown].tolist(), strict=True)]
    if not points:
        return
    base = float(frame.plot.bottom() + 1)
    painter.setClipRect(frame.plot)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.brushes["accent_soft"])
    painter.drawPolygon(QPolygonF([*points, QPointF(points[-1].x(), base), QPointF(points[0].x(), base)]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setClipping(False)
