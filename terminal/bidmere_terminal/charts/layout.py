"""Where everything of one paint goes: panes, scales and the visible columns, in device pixels. No painter here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect

from bidmere_terminal.charts.model import ChartModel
from bidmere_terminal.charts.series import IndicatorSeries
from bidmere_terminal.charts.store import Columns
from bidmere_terminal.charts.style import ChartStyle
from bidmere_terminal.charts.timeaxis import TimeTick, time_ticks
from bidmere_terminal.charts.viewport import Scale, fit, ticks

Floats = NDArray[np.float64]

TIME_AXIS_PX = 24
TICK_SPACING_PX = 84
PRICE_SPACING_PX = 46


@dataclass(frozen=True, slots=True)
class Tag:
    """Put a filled label on the price axis: its wanted centre, text and colours by token."""

    y: float
    text: str
    background: str
    ink: str
    outline: str = ""


@dataclass(slots=True)
class Pane:
    """Hold an indicator pane: its box, scale and axis ticks."""

    series: IndicatorSeries
    box: QRect
    scale: Scale
    ticks: list[float]


@dataclass(slots=True)
class Frame:
    """Hold one paint's geometry; `plot` is the price pane, `axis_left` the pixel where the price axis begins."""

    width: int
    height: int
    axis_left: int
    time_top: int
    plot: QRect
    bar_px: float
    scale: Scale
    price_ticks: list[float]
    columns: Columns | None
    x: Floats
    volume_px: int
    panes: list[Pane] = field(default_factory=list)
    time_ticks: list[TimeTick] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    legend_right: float = 0.0  # how far the legend reached when it was last painted
    tag_centres: list[float] = field(default_factory=list)

    def centre(self, index: float, model: ChartModel) -> float:
        """Return the whole pixel column in which a bar's centre falls."""
        return math.floor(model.view.to_x(index, self.plot.width()))


def axis_width(model: ChartModel, style: ChartStyle, high: float) -> int:
    """Return the price axis' width for the longest label, in steps, so that it seldom moves."""
    text = model.price_text(high if math.isfinite(high) else 0.0)
    wanted = style.small_width(text) + style.px(18)
    step = style.px(8)
    return int(math.ceil(max(wanted, style.px(48)) / step) * step)


def plot_width(model: ChartModel, style: ChartStyle, width: int) -> int:
    """Return what the price axis leaves of a chart's width for the plot, in device pixels."""
    size = len(model.store)
    last = model.store.row(size - 1)[3] if size else 0.0
    return max(1, width - axis_width(model, style, max(last, model.manual_range[1] if model.manual_range else last)))


def build(model: ChartModel, style: ChartStyle, width: int, height: int) -> Frame:
    """Lay out a chart of width × height device pixels."""
    size = len(model.store)
    plot_w, body_h = plot_width(model, style, width), max(1, height - style.px(TIME_AXIS_PX))
    own = model.own_panes()[: max(0, (body_h - style.px(120)) // style.px(48))]
    pane_h = min(style.px(120), max(style.px(48), int(body_h * (0.18 if len(own) < 3 else 0.14)))) if own else 0
    plot = QRect(0, 0, plot_w, body_h - pane_h * len(own))
    view = model.view
    columns = model.store.window(view.left - 1, view.right + 1, max(2, plot_w)) if size else None
    bar_px = plot_w / view.span
    volume_px = int(plot.height() * 0.16) if model.show_volume and plot.height() > style.px(140) else 0
    scale = _price_scale(model, style, columns, plot, volume_px)
    x = _column_x(model, columns, plot_w)
    smallest = 10.0**-model.decimals
    wanted = plot.height() / style.px(PRICE_SPACING_PX)
    frame = Frame(
        width,
        height,
        plot_w,
        body_h,
        plot,
        bar_px,
        scale,
        ticks(scale, wanted, smallest) if size else [],
        columns,
        x,
        volume_px,
    )
    top = plot.height()
    for series in own:
        frame.panes.append(_pane(model, style, frame, series, QRect(0, top, plot_w, pane_h)))
        top += pane_h
    if columns is not None:
        bar_s = model.timeframe.ns / 1e9
        stamps = model.store.ts[columns.first]
        frame.time_ticks = time_ticks(stamps, x, bar_s, bar_px, model.zone, style.px(TICK_SPACING_PX))
    return frame


def _column_x(model: ChartModel, columns: Columns | None, plot_w: int) -> Floats:
    if columns is None:
        return np.empty(0)
    middle = columns.first + columns.factor / 2
    result: Floats = np.floor((middle - model.view.left) * (plot_w / model.view.span))
    return result


def _price_scale(model: ChartModel, style: ChartStyle, columns: Columns | None, plot: QRect, volume_px: int) -> Scale:
    top, bottom = float(plot.top()), float(plot.bottom() + 1)
    low = high = math.nan
    if columns is not None and len(columns):
        high, low = float(np.fmax.reduce(columns.high)), float(np.fmin.reduce(columns.low))
    logarithmic = model.log and low > 0.0
    if model.manual_range is not None:
        low, high = model.manual_range
        return Scale(low, high, top, bottom, logarithmic and low > 0.0, model.invert)
    above = style.px(58 if plot.height() > style.px(220) else 44)
    below = volume_px + style.px(10)
    inner = max(1.0, plot.height() - above - below)
    if model.invert:
        above, below = below, above
    low, high = fit(low, high, below / inner, above / inner, logarithmic)
    return Scale(low, high, top, bottom, logarithmic, model.invert)


def _pane(model: ChartModel, style: ChartStyle, frame: Frame, series: IndicatorSeries, box: QRect) -> Pane:
    top, bottom = float(box.top() + style.px(8)), float(box.bottom() - style.px(6))
    if series.spec.bounds is not None:
        low, high = series.spec.bounds
    else:
        low, high = _extent(model, frame, series)
        low, high = fit(low, high, 0.06, 0.10, False)
    scale = Scale(low, high, top, bottom)
    marks = [level for level in series.spec.levels if low < level < high]
    return Pane(series, box, scale, marks or ticks(scale, max(1.0, box.height() / style.px(36)))[:4])


def _extent(model: ChartModel, frame: Frame, series: IndicatorSeries) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    factor = frame.columns.factor if frame.columns is not None else 1
    for line, drawn in zip(series.lines, series.spec.styles, strict=True):
        part = line.window(model.view.left - 1, model.view.right + 1, factor)
        if part is None:
            continue
        lowest, highest = float(np.fmin.reduce(part.low)), float(np.fmax.reduce(part.high))
        low, high = min(low, lowest), max(high, highest)
        if drawn in ("histogram", "columns"):
            low, high = min(low, 0.0), max(high, 0.0)
    return (low, high) if low <= high else (0.0, 1.0)
