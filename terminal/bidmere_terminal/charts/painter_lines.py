"""Indicators: lines over the prices and panes of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from bidmere_terminal.charts.layout import Frame, Pane
from bidmere_terminal.charts.model import ChartModel
from bidmere_terminal.charts.painter_bars import BarTools, body_width
from bidmere_terminal.charts.series import IndicatorSeries, LinePyramid
from bidmere_terminal.charts.style import ChartStyle
from bidmere_terminal.charts.viewport import Scale

Floats = NDArray[np.float64]

_SPAN_PX = 1.5  # a column whose values spread further than this shows their extent


def colour_slots(model: ChartModel, style: ChartStyle) -> dict[int, list[int]]:
    """Give every output line of every indicator a number in the theme's series colours; bands share one."""
    result: dict[int, list[int]] = {}
    used = 0
    for series in model.indicators:
        banded = series.spec.outputs == ("upper", "middle", "lower")
        count = 1 if banded else len(series.lines)
        slots = [(used + (0 if banded else k)) % len(style.series) for k in range(len(series.lines))]
        result[id(series)] = slots
        used += count
    return result


def paint_overlays(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle, tools: BarTools) -> None:
    """Draw the indicators that share the price scale; the caller clips to the plot."""
    slots = colour_slots(model, style)
    for series in model.overlays():
        _paint_series(painter, frame, model, series, frame.scale, slots[id(series)], style, tools)


def paint_panes(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle, tools: BarTools) -> None:
    """Draw the indicator panes with their levels."""
    slots = colour_slots(model, style)
    for pane in frame.panes:
        painter.setClipRect(pane.box)
        _paint_levels(painter, frame, pane, style)
        _paint_series(painter, frame, model, pane.series, pane.scale, slots[id(pane.series)], style, tools)
    painter.setClipping(False)


def _paint_levels(painter: QPainter, frame: Frame, pane: Pane, style: ChartStyle) -> None:
    levels = [round(pane.scale.y(level)) for level in pane.series.spec.levels]
    if len(levels) == 2:
        top, bottom = min(levels), max(levels)
        painter.fillRect(0, top, frame.plot.width(), bottom - top, style.brushes["band"])
        for tick in frame.time_ticks:
            role = "grid_strong" if tick.strong else "grid"
            painter.fillRect(QRectF(frame.x[tick.column], top, style.px(1), bottom - top), style.brushes[role])
    painter.setPen(style.dashed["level"])
    for y in levels:
        painter.drawLine(QPointF(0.0, y + 0.5), QPointF(frame.plot.width(), y + 0.5))


def _paint_series(
    painter: QPainter,
    frame: Frame,
    model: ChartModel,
    series: IndicatorSeries,
    scale: Scale,
    slots: list[int],
    style: ChartStyle,
    tools: BarTools,
) -> None:
    order = sorted(range(len(slots)), key=lambda k: series.spec.styles[k] not in ("histogram", "columns"))
    for k in order:
        drawn, line = series.spec.styles[k], series.lines[k]
        if drawn in ("histogram", "columns"):
            _paint_columns(painter, frame, model, line, scale, drawn == "columns", style, tools)
        elif drawn == "dots" and frame.bar_px >= 1.0:
            _paint_dots(painter, frame, model, line, scale, slots[k], style, tools)
        else:
            _paint_line(painter, frame, model, line, scale, slots[k], style, tools)


def _paint_line(
    painter: QPainter,
    frame: Frame,
    model: ChartModel,
    line: LinePyramid,
    scale: Scale,
    slot: int,
    style: ChartStyle,
    tools: BarTools,
) -> None:
    factor = frame.columns.factor if frame.columns is not None else 1
    part = line.window(model.view.left - 1, model.view.right + 1, factor)
    if part is None:
        return
    x = np.floor((part.first.astype(np.float64) + factor / 2 - model.view.left) * frame.bar_px)
    painter.setPen(style.series[slot])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    if factor == 1:
        tools.lines.path(painter, x, scale.ys(part.low))
    else:
        low, high = scale.ys(part.low), scale.ys(part.high)
        tools.lines.path(painter, x, (low + high) / 2)
        wide = np.abs(low - high) > _SPAN_PX
        if wide.any():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(style.series_thin[slot])
            tools.lines.vertical(painter, x[wide] + 0.5, high[wide], low[wide])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_columns(
    painter: QPainter,
    frame: Frame,
    model: ChartModel,
    line: LinePyramid,
    scale: Scale,
    by_bar: bool,
    style: ChartStyle,
    tools: BarTools,
) -> None:
    columns = frame.columns
    if columns is None:
        return
    part = line.window(model.view.left - 1, model.view.right + 1, columns.factor)
    if part is None or len(part.first) != len(columns):
        return
    value = np.where(np.abs(part.high) >= np.abs(part.low), part.high, part.low)
    zero, y = round(scale.y(0.0)), np.rint(scale.ys(value))
    top, height = np.minimum(y, zero), np.maximum(np.abs(y - zero), 1.0)
    rising = columns.close >= columns.open if by_bar else value >= 0.0
    drawn, wick = np.isfinite(value), style.px(1)
    width = body_width(frame.bar_px * columns.factor, wick)
    painter.setPen(Qt.PenStyle.NoPen)
    for mask, role in ((rising & drawn, "up_volume"), (~rising & drawn, "down_volume")):
        painter.setBrush(style.brushes[role])
        left = frame.x[mask] - (width - wick) // 2
        tools.rects.columns(painter, left, top[mask], width, height[mask])


def _paint_dots(
    painter: QPainter,
    frame: Frame,
    model: ChartModel,
    line: LinePyramid,
    scale: Scale,
    slot: int,
    style: ChartStyle,
    tools: BarTools,
) -> None:
    part = line.window(model.view.left - 1, model.view.right + 1, 1)
    if part is None or len(part.first) > 4 * frame.plot.width():
        return
    x = np.floor((part.first + 0.5 - model.view.left) * frame.bar_px)
    y = np.rint(scale.ys(part.low))
    shown = np.isfinite(y)
    side = style.px(2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.series_brushes[slot])
    tools.rects.columns(painter, x[shown] - side // 2, y[shown] - side // 2, side, np.full(int(shown.sum()), side))
