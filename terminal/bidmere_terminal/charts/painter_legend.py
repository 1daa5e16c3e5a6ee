"""What lies over the finished picture: crosshair with axis tags, legend, state cards, focus ring, error card."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from bidmere_terminal.charts.layout import Frame, Tag
from bidmere_terminal.charts.model import ChartModel
from bidmere_terminal.charts.painter_grid import CENTRE, TAG_PX, compact, paint_tag, text_at
from bidmere_terminal.charts.painter_lines import colour_slots
from bidmere_terminal.charts.series import IndicatorSeries
from bidmere_terminal.charts.style import ChartStyle
from bidmere_terminal.charts.timeaxis import stamp

_MARGIN_PX = 10


@dataclass(frozen=True, slots=True)
class Crosshair:
    """Hold where the crosshair is: the bar it snaps to, and the pixel row of the pointer or None when it is linked."""

    index: int
    y: float | None


def paint_crosshair(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle, cross: Crosshair) -> None:
    """Draw the crosshair snapped to its bar, with price and time tags."""
    x = frame.centre(cross.index, model) + 0.5
    painter.setPen(style.dashed["crosshair"])
    if 0 <= x <= frame.axis_left:
        painter.drawLine(QPointF(x, 0.0), QPointF(x, frame.time_top))
    if cross.y is not None and 0 <= cross.y < frame.time_top:
        _clear_price_label(painter, frame, style, cross.y)
        row = math.floor(cross.y) + 0.5
        painter.drawLine(QPointF(0.0, row), QPointF(frame.axis_left, row))
        text = _value_text(frame, model, cross.y)
        if text:
            half = style.px(TAG_PX) // 2
            centre = min(max(cross.y, half), frame.time_top - half)
            paint_tag(painter, frame, style, Tag(cross.y, text, "tag", "on_fill"), centre)
    size = len(model.store)
    if 0 <= cross.index < size and 0 <= x <= frame.axis_left:
        _paint_time_tag(painter, frame, x, stamp(_ts(model, cross.index), model.zone, model.timeframe.ns / 1e9), style)


def _ts(model: ChartModel, index: int) -> int:
    return int(model.store.ts[index])


def _value_text(frame: Frame, model: ChartModel, y: float) -> str:
    if y <= frame.plot.height():
        return model.price_text(frame.scale.value(y))
    for pane in frame.panes:
        if pane.box.top() <= y <= pane.box.bottom():
            return compact(pane.scale.value(y))
    return ""


def _paint_time_tag(painter: QPainter, frame: Frame, x: float, text: str, style: ChartStyle) -> None:
    width = style.small_width(text) + style.px(16)
    left = min(max(x - width / 2, style.px(2)), frame.axis_left - width - style.px(2))
    box = QRectF(round(left), frame.time_top + style.px(3), round(width), style.px(TAG_PX))
    _clear_time_labels(painter, frame, style, box)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.brushes["tag"])
    painter.drawRoundedRect(box, 2.5 * style.scale, 2.5 * style.scale)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setFont(style.small_strong)
    painter.setPen(style.pens["on_fill"])
    painter.drawText(box, CENTRE, text)


def _clear_price_label(painter: QPainter, frame: Frame, style: ChartStyle, row: float) -> None:
    """Blank the axis label that the crosshair's tag would cover in part."""
    half = style.px(TAG_PX) // 2
    left = frame.axis_left + style.px(1)
    for price in frame.price_ticks:
        y = round(frame.scale.y(price))
        if abs(y - row) < 2 * half and all(abs(y - tag) >= 2 * half - 1 for tag in frame.tag_centres):
            painter.fillRect(left, y - half, frame.width - left, 2 * half, style.brushes["panel"])


def _clear_time_labels(painter: QPainter, frame: Frame, style: ChartStyle, box: QRectF) -> None:
    """Blank the time labels that the crosshair's tag would cover in part."""
    for tick in frame.time_ticks:
        width = style.small_width(tick.text) + style.px(4)
        label = QRectF(frame.x[tick.column] - width / 2, box.top(), width, box.height())
        if label.intersects(box):
            painter.fillRect(label, style.brushes["panel"])


class _Row:
    """Write words from left to right on one line and stop at the right edge."""

    def __init__(self, painter: QPainter, style: ChartStyle, x: float, baseline: float, limit: float) -> None:
        self.painter, self.style, self.x, self.baseline, self.limit = painter, style, x, baseline, limit

    def fits(self, width: float) -> bool:
        return self.x + width <= self.limit

    def clear(self, width: float, metrics: QFontMetricsF) -> None:
        """Hide what lies behind the next word, so that bars and lines never strike it through."""
        high = metrics.ascent() + metrics.descent()
        ground = QRectF(self.x - 3, self.baseline - metrics.ascent(), width + 6, high)
        self.painter.fillRect(ground, self.style.brushes["panel"])

    def write(self, text: str, role: str, font: QFont, metrics: QFontMetricsF, gap: float) -> bool:
        """Write one word; False when there is no room, and nothing is written."""
        width = metrics.horizontalAdvance(text)
        if not text or not self.fits(width):
            return not text
        self.clear(width, metrics)
        self.painter.setFont(font)
        self.painter.setPen(self.style.pens[role])
        text_at(self.painter, self.x, self.baseline, text)
        self.x += width + gap
        return True


def paint_legend(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle, index: int) -> float:
    """Write title, bar and indicator values at a bar: the one under the crosshair, else the last.

    Returns how far right the rows over the prices reach.
    """
    left, limit = style.px(_MARGIN_PX), frame.axis_left - style.px(8)
    row = _Row(painter, style, left, style.px(21), limit)
    gap = style.px(6)
    row.write(model.title, "text", style.title, style.title_metrics, gap)
    row.write(str(model.timeframe), "text_muted", style.text, style.text_metrics, gap)
    if model.subtitle:
        row.write(f"·  {model.subtitle}", "text_muted", style.text, style.text_metrics, gap)
    row.x += style.px(8)
    size = len(model.store)
    if 0 <= index < size:
        narrow = limit - row.x < style.px(350)
        if narrow:
            row = _Row(painter, style, left, style.px(39), limit)
        _write_bar(row, model, style, index)
    else:
        narrow = False
    values_right = _paint_indicator_rows(painter, frame, model, style, index, style.px(57 if narrow else 40), limit)
    return max(row.x, values_right)


def _write_bar(row: _Row, model: ChartModel, style: ChartStyle, index: int) -> None:
    open_, high, low, close, volume = model.store.row(index)
    role = "up" if close >= open_ else "down"
    small, gap = style.px(4), style.px(9)
    for letter, value in zip("OHLC", (open_, high, low, close), strict=True):
        text = model.price_text(value)
        if not row.fits(style.text_metrics.horizontalAdvance(f"{letter} {text}")):
            return
        row.write(letter, "text_faint", style.text, style.text_metrics, small)
        row.write(text, role, style.text, style.text_metrics, gap)
    before = model.store.row(index - 1)[3] if index else open_
    if before and math.isfinite(before) and math.isfinite(close):
        change = (close / before - 1.0) * 100.0
        row.write(
            f"{change:+.2f}%".replace("-", "−"), "up" if change >= 0 else "down", style.text, style.text_metrics, gap
        )
    if math.isfinite(volume) and row.fits(style.text_metrics.horizontalAdvance(f"V {compact(volume)}")):
        row.write("V", "text_faint", style.text, style.text_metrics, small)
        row.write(compact(volume), "text_muted", style.text, style.text_metrics, gap)


def _paint_indicator_rows(
    painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle, index: int, baseline: int, limit: int
) -> float:
    slots = colour_slots(model, style)
    row = _Row(painter, style, style.px(_MARGIN_PX), baseline, limit)
    for series in model.overlays():
        if not _write_series(row, model, style, series, slots[id(series)], index, prices=True):
            break
    for error in model.indicator_errors:
        row.write(f"⚠ {error}", "warn", style.small, style.small_metrics, style.px(10))
    right = row.x
    for pane in frame.panes:
        row = _Row(painter, style, style.px(_MARGIN_PX), pane.box.top() + style.px(16), limit)
        _write_series(row, model, style, pane.series, slots[id(pane.series)], index, prices=False)
    return right


def _write_series(
    row: _Row, model: ChartModel, style: ChartStyle, series: IndicatorSeries, slots: list[int], index: int, prices: bool
) -> bool:
    """Write one indicator's name and values; its error stands here instead (U-41). False when the row is full."""
    if not row.write(series.label, "text_muted", style.small, style.small_metrics, style.px(5)):
        return False
    if series.error:
        return row.write(series.error, "warn", style.small, style.small_metrics, style.px(12))
    for value, slot in zip(series.value_at(index), slots, strict=True):
        text = "–" if not math.isfinite(value) else model.price_text(value) if prices else compact(value)
        width = style.small_metrics.horizontalAdvance(text)
        if not row.fits(width):
            return False
        row.clear(width, style.small_metrics)
        row.painter.setFont(style.small)
        row.painter.setPen(style.series_thin[slot])
        text_at(row.painter, row.x, row.baseline, text)
        row.x += width + style.px(5)
    row.x += style.px(8)
    return True


_CARD_WORDS = {
    "loading": ("Loading history…", "text_muted"),
    "empty": ("No bars to show", "text_muted"),
    "stale": ("Stale", "warn"),
    "offline": ("Offline", "warn"),
    "error": ("This chart could not be shown", "danger"),
}
_SIGNS = {"loading": "◌", "empty": "○", "stale": "▲", "offline": "■", "error": "●"}


def paint_state(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    """Say in words what is wrong or going on: a card over an empty chart, a badge over one with bars."""
    state = model.state
    if state == "ready":
        if not len(model.store):
            paint_card(painter, frame.plot, style, "No bars yet", "", "text_muted")
        return
    word, role = _CARD_WORDS[state]
    if not len(model.store) or state == "error":
        paint_card(painter, frame.plot, style, word, model.state_text, role)
        return
    if state == "loading":
        painter.fillRect(0, 0, max(style.px(60), frame.plot.width() // 6), style.px(2), style.brushes["accent"])
        return
    text = f"{_SIGNS[state]} {word}" + (f" · {model.state_text}" if model.state_text else "")
    room = frame.plot.width() - style.px(40)
    text = style.strong_metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    width = style.strong_metrics.horizontalAdvance(text) + style.px(18)
    height = style.px(20)
    top = frame.plot.bottom() - frame.volume_px - height - style.px(10)
    box = QRectF(style.px(_MARGIN_PX) + 0.5, top + 0.5, round(width), height)
    _rounded(painter, box, style, "warn_soft" if role == "warn" else "raised", role)
    painter.setFont(style.small_strong)
    painter.setPen(style.pens[role])
    painter.drawText(box, CENTRE, text)


def paint_card(painter: QPainter, area: QRect, style: ChartStyle, title: str, text: str, role: str) -> None:
    """Draw a centred card with a heading and one sentence."""
    width = min(style.px(420), area.width() - style.px(24))
    inner = width - style.px(32)
    lines = QRectF()
    if text:
        flags = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter)
        lines = style.text_metrics.boundingRect(QRectF(0, 0, inner, style.px(200)), flags, text)
    height = style.px(44) + (lines.height() + style.px(8) if text else 0)
    box = QRectF(
        round(area.center().x() - width / 2) + 0.5, round(area.center().y() - height / 2) + 0.5, width, round(height)
    )
    _rounded(painter, box, style, "raised", "border_strong")
    painter.setFont(style.title)
    painter.setPen(style.pens["text" if role == "text_muted" else role])
    painter.drawText(QRectF(box.left(), box.top() + style.px(12), width, style.px(20)), CENTRE, title)
    if text:
        painter.setFont(style.text)
        painter.setPen(style.pens["text_muted"])
        place = QRectF(box.left() + style.px(16), box.top() + style.px(38), inner, lines.height() + style.px(4))
        painter.drawText(place, int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter), text)


def _rounded(painter: QPainter, box: QRectF, style: ChartStyle, ground: str, edge: str) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(style.pens[edge])
    painter.setBrush(style.brushes[ground])
    painter.drawRoundedRect(box, 5 * style.scale, 5 * style.scale)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_focus(painter: QPainter, frame: Frame, style: ChartStyle) -> None:
    """Draw the ring that shows where the keyboard is (U-28)."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(style.pens["focus"])
    half = style.px(1) / 2
    painter.drawRect(QRectF(half, half, frame.width - 2 * half, frame.height - 2 * half))
