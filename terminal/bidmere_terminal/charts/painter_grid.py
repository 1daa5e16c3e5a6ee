"""Background furniture: watermark, grid, price and time axes, axis tags."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from bidmere_terminal.charts.layout import Frame, Pane, Tag
from bidmere_terminal.charts.model import ChartModel
from bidmere_terminal.charts.primitives import Lines
from bidmere_terminal.charts.style import ChartStyle
from bidmere_terminal.charts.timeaxis import zone_title
from bidmere_terminal.charts.viewport import spread

CENTRE = int(Qt.AlignmentFlag.AlignCenter)
LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
TAG_PX = 18


def paint_ground(painter: QPainter, frame: Frame, style: ChartStyle) -> None:
    """Fill the whole chart."""
    painter.fillRect(0, 0, frame.width, frame.height, style.brushes["panel"])


def paint_watermark(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    """Write the watermark, such as "simulated", large and quiet behind the prices (U-162)."""
    if not model.watermark or frame.columns is None:
        return
    width = frame.plot.width()
    font = style.watermark_fonts[0 if width < style.px(560) else 1 if width < style.px(1000) else 2]
    painter.setFont(font)
    painter.setPen(style.pens["watermark"])
    painter.drawText(frame.plot.adjusted(0, 0, 0, -frame.volume_px), CENTRE, model.watermark.upper())


def paint_grid(painter: QPainter, frame: Frame, style: ChartStyle, lines: Lines) -> None:
    """Draw horizontal lines at round prices and vertical ones at labelled times."""
    right, bottom = frame.plot.width(), frame.time_top
    rows = [frame.scale.y(price) for price in frame.price_ticks]
    quiet = [tick.column for tick in frame.time_ticks if not tick.strong]
    strong = [tick.column for tick in frame.time_ticks if tick.strong]
    for columns, role in ((quiet, "grid"), (strong, "grid_strong")):
        block = lines.take(len(columns) + (len(rows) if role == "grid" else 0))
        for k, column in enumerate(columns):
            x = frame.x[column] + 0.5
            block[k] = (x, 0.0, x, bottom)
        if role == "grid":
            for k, y in enumerate(rows, len(columns)):
                block[k] = (0.0, math.floor(y) + 0.5, right, math.floor(y) + 0.5)
        painter.setPen(style.pens[role])
        lines.draw(painter, len(block))


def paint_axes(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    """Draw the price axis with its tags, the panes' axes and the time axis."""
    left, half = frame.axis_left, style.px(9)
    painter.fillRect(left, 0, frame.width - left, frame.height, style.brushes["panel"])
    painter.fillRect(0, frame.time_top, frame.width, frame.height - frame.time_top, style.brushes["panel"])
    thin = style.px(1)
    painter.fillRect(left, 0, thin, frame.height, style.brushes["border"])
    painter.fillRect(0, frame.time_top, frame.width, thin, style.brushes["border"])
    centres = frame.tag_centres = place_tags(frame, style)
    painter.setFont(style.small)
    painter.setPen(style.pens["text_muted"])
    text_left, text_width = left + style.px(8), frame.width - left - style.px(8)
    for price in frame.price_ticks:
        y = frame.scale.y(price)
        inside = half <= y <= frame.plot.height() - half
        if inside and all(abs(y - centre) >= 2 * half - 1 for centre in centres):
            painter.drawText(QRectF(text_left, round(y) - half, text_width, 2 * half), LEFT, model.price_text(price))
    for pane in frame.panes:
        _paint_pane_axis(painter, frame, pane, style)
    for tag, centre in zip(frame.tags, centres, strict=True):
        paint_tag(painter, frame, style, tag, centre)
    _paint_times(painter, frame, model, style)


def _paint_pane_axis(painter: QPainter, frame: Frame, pane: Pane, style: ChartStyle) -> None:
    half = style.px(8)
    painter.fillRect(0, pane.box.top(), frame.width, style.px(1), style.brushes["border"])
    painter.setPen(style.pens["text_muted"])
    left = frame.axis_left + style.px(8)
    for value in pane.ticks:
        y = pane.scale.y(value)
        if pane.box.top() + half <= y <= pane.box.bottom() - half + 1:
            painter.drawText(QRectF(left, round(y) - half, frame.width - left, 2 * half), LEFT, compact(value))


def compact(value: float) -> str:
    """Write an indicator's or a volume's value in few characters: 1.2M, 34.5, 0.0012."""
    size = abs(value)
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e4, "K")):
        if size >= limit:
            return f"{value / (limit if unit != 'K' else 1e3):,.1f}{unit}"
    if size >= 100 or value == round(value):
        return f"{value:,.0f}" if size >= 1_000 or value == round(value) else f"{value:,.1f}"
    if size >= 1:
        return f"{value:,.2f}"
    return f"{value:.4g}"


def place_tags(frame: Frame, style: ChartStyle) -> list[float]:
    """Return the centres of the axis tags, fanned out so that none covers another."""
    return spread([tag.y for tag in frame.tags], style.px(TAG_PX) + style.px(1), 0.0, float(frame.plot.height()))


def paint_tag(painter: QPainter, frame: Frame, style: ChartStyle, tag: Tag, centre: float) -> None:
    """Draw one tag on the price axis, with a small pointer of its colour at the plot's edge."""
    height, thin = style.px(TAG_PX), style.px(1)
    box = QRectF(frame.axis_left + thin, round(centre) - height // 2, frame.width - frame.axis_left - 2 * thin, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(style.pens[tag.outline] if tag.outline else Qt.PenStyle.NoPen)
    painter.setBrush(style.brushes[tag.background])
    radius = 2.5 * style.scale
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5) if tag.outline else box, radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setFont(style.small_strong)
    painter.setPen(style.pens[tag.ink])
    painter.drawText(box.adjusted(style.px(7), 0, 0, 0), LEFT, tag.text)


def _paint_times(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    top, height = frame.time_top + style.px(1), frame.height - frame.time_top - style.px(1)
    right = frame.axis_left
    for tick in frame.time_ticks:
        x = float(frame.x[tick.column])
        width = style.small_width(tick.text)
        if x - width / 2 < style.px(4) or x + width / 2 > right - style.px(4):
            continue
        painter.setFont(style.small_strong if tick.strong else style.small)
        painter.setPen(style.pens["text" if tick.strong else "text_muted"])
        painter.drawText(QRectF(x - width, top, 2 * width, height), CENTRE, tick.text)
    painter.setFont(style.small)
    painter.setPen(style.pens["text_faint"])
    zone = style.small_metrics.elidedText(
        zone_title(model.zone), Qt.TextElideMode.ElideRight, frame.width - right - style.px(12)
    )
    painter.drawText(QRectF(right + style.px(8), top, frame.width - right, height), LEFT, zone)


def text_at(painter: QPainter, x: float, baseline: float, text: str) -> None:
    """Draw a text from a baseline point."""
    painter.drawText(QPointF(x, baseline), text)
