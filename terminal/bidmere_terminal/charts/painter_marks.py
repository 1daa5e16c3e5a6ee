"""Own things on the chart: order lines, the position line, fills, the last price. Labels fan out, never overlap."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from bidmere_terminal.charts.layout import Frame, Tag
from bidmere_terminal.charts.marks import FillMark
from bidmere_terminal.charts.model import ChartModel
from bidmere_terminal.charts.painter_grid import CENTRE, TAG_PX
from bidmere_terminal.charts.style import ChartStyle
from bidmere_terminal.charts.viewport import spread

_PILL_SHARE = 0.86  # pills end at this share of the plot's width, so that the newest bars stay in sight
_GAP_PX = 3
_MOST_LABELS = 80  # quantities are left out when more fills than this are in view
_LEGEND_PX = 46  # pills that would meet the legend stay below it


@dataclass(frozen=True, slots=True)
class _Line:
    """Describe one horizontal line with its pill, ready to place."""

    price: float
    text: str
    pen: QPen
    role: str
    ink: str
    ground: str
    tag_ground: str
    tag_ink: str


def _describe(model: ChartModel, style: ChartStyle) -> list[_Line]:
    lines: list[_Line] = []
    if model.position is not None:
        ink = {1: "profit", -1: "loss"}.get(model.position.pnl_sign, "text")
        solid = style.pens["accent"]
        lines.append(
            _Line(model.position.price, model.position.label, solid, "accent", ink, "raised", "accent_fill", "on_fill")
        )
    for order in model.orders:
        pens = {"entry": style.pens, "stop": style.dashed, "target": style.dotted}[order.kind]
        lines.append(
            _Line(order.price, order.label, pens[order.side], order.side, order.side, "raised", "raised", order.side)
        )
    return [line for line in lines if math.isfinite(line.price)]


def collect_tags(frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    """Put the axis tags of the last price, the position and the orders into the frame."""
    size = len(model.store)
    if size:
        open_, _high, _low, close, _volume = model.store.row(size - 1)
        ground = "up_fill" if close >= open_ else "down_fill"
        if math.isfinite(close):
            y = frame.scale.y(close)
            if 0 <= y <= frame.plot.height():
                frame.tags.append(Tag(y, model.price_text(close), ground, "on_fill"))
                left = _countdown(model)
                if left:
                    room = style.px(TAG_PX) + style.px(1)
                    others = (frame.scale.y(line.price) - y for line in _describe(model, style))
                    # Between other tags it follows its price at once; alone it must not push that off its line.
                    crowded = any(0 <= distance < 2 * room for distance in others)
                    frame.tags.append(Tag(y + (1e-6 if crowded else room), left, "panel", "text_muted"))
    for line in _describe(model, style):
        y = frame.scale.y(line.price)
        text = model.price_text(line.price)
        if not 0 <= y <= frame.plot.height():
            y = min(max(y, 0.0), float(frame.plot.height())) + y * 1e-9  # farther ones go farther out
        outline = line.role if line.tag_ground == "raised" else ""
        frame.tags.append(Tag(y, text, line.tag_ground, line.tag_ink, outline))


def _countdown(model: ChartModel) -> str:
    last = model.store.last_ts()
    if model.now_ns is None or last is None or model.timeframe.unit not in "smh":
        return ""
    left = (model.timeframe.next(last) - model.now_ns) // 1_000_000_000
    if not 0 <= left <= model.timeframe.ns // 1_000_000_000:
        return ""
    minutes, seconds = divmod(left, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if minutes >= 60 else f"{minutes:02d}:{seconds:02d}"


def paint_last_line(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    """Draw the dotted line of the last price and short marks of bid and ask at the plot's edge."""
    right = frame.plot.width()
    for price, role in ((model.bid, "buy"), (model.ask, "sell")):
        if math.isfinite(price):
            y = math.floor(frame.scale.y(price))
            painter.fillRect(right - style.px(10), y, style.px(10), style.px(1), style.brushes[role])
    size = len(model.store)
    if not size:
        return
    open_, _high, _low, close, _volume = model.store.row(size - 1)
    y_last = frame.scale.y(close)
    if math.isfinite(y_last) and 0 <= y_last <= frame.plot.height():
        painter.setPen(style.dotted["up" if close >= open_ else "down"])
        _across(painter, y_last, 0.0, right)


def _across(painter: QPainter, y: float, left: float, right: float) -> None:
    row = math.floor(y) + 0.5
    painter.drawLine(QPointF(left, row), QPointF(right, row))


def paint_lines(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    """Draw the position and order lines with their pills; the caller clips to the plot."""
    lines = _describe(model, style)
    if not lines:
        return
    height = style.px(TAG_PX)
    bottom = float(frame.plot.height())
    edge = math.floor(frame.plot.width() * _PILL_SHARE)
    widest = max(style.small_width(line.text) for line in lines) + style.px(40)
    roof = style.px(4) if edge - widest > frame.legend_right else style.px(_LEGEND_PX)
    wanted = [frame.scale.y(line.price) for line in lines]
    inside = [min(max(y, 0.0), bottom) + y * 1e-9 for y in wanted]  # farther ones go farther out
    centres = spread(inside, height + style.px(_GAP_PX), roof, bottom - style.px(4))
    for line, y in zip(lines, wanted, strict=True):
        if 0 <= y <= bottom:
            painter.setPen(line.pen)
            _across(painter, y, 0.0, frame.plot.width())
    painter.setFont(style.small_strong)
    for line, y, centre in zip(lines, wanted, centres, strict=True):
        arrow = "▲ " if y < 0 else "▼ " if y > bottom else ""
        _paint_pill(painter, frame, line, arrow + line.text, y, centre, edge, style)


def _paint_pill(
    painter: QPainter, frame: Frame, line: _Line, text: str, y: float, centre: float, edge: int, style: ChartStyle
) -> None:
    height = style.px(TAG_PX)
    room = edge - style.px(8)
    text = style.strong_metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(style.px(24), room))
    width = math.ceil(style.strong_metrics.horizontalAdvance(text)) + style.px(16)
    box = QRectF(edge - width + 0.5, round(centre) - height // 2 + 0.5, width - 1, height - 1)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(style.pens[line.role])
    if abs(centre - y) > height / 2 and 0 <= y <= frame.plot.height():
        elbow = edge + style.px(10)
        points = [QPointF(edge, round(centre) + 0.5), QPointF(elbow, round(centre) + 0.5), QPointF(elbow, y)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
    painter.setBrush(style.brushes[line.ground])
    radius = 3.5 * style.scale
    painter.drawRoundedRect(box, radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(style.pens[line.ink])
    painter.drawText(box, CENTRE, text)


def paint_fills(painter: QPainter, frame: Frame, model: ChartModel, style: ChartStyle) -> None:
    """Draw fills as ▲ (buys) beyond a bar's low and ▼ (sells) beyond its high, with quantity where there is room."""
    columns = frame.columns
    if columns is None or not model.fills or not len(columns):
        return
    first, factor = int(columns.first[0]), columns.factor
    stamps = model.fill_ts
    begin = int(np.searchsorted(stamps, model.store.ts[first]))
    places = (np.searchsorted(model.store.ts, stamps[begin:], side="right") - 1 - first) // factor
    groups: dict[tuple[int, str], list[FillMark]] = {}
    for fill, column in zip(model.fills[begin:], places.tolist(), strict=True):
        if column >= len(columns):
            break
        groups.setdefault((column, fill.side), []).append(fill)
    taken: list[QRectF] = []
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for (column, side), fills in groups.items():
        box = _paint_fill(painter, frame, column, side, fills, style)
        if box is not None and len(groups) <= _MOST_LABELS and not any(box.intersects(other) for other in taken):
            taken.append(box)
            _paint_quantity(painter, box, side, _quantity(fills), style)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _quantity(fills: list[FillMark]) -> str:
    return fills[0].qty_text if len(fills) == 1 else f"{len(fills)}×"


def _paint_fill(
    painter: QPainter, frame: Frame, column: int, side: str, fills: list[FillMark], style: ChartStyle
) -> QRectF | None:
    """Draw the triangle and a dot at each price; return where the quantity may stand."""
    assert frame.columns is not None
    buy = side == "buy"
    role = "mark_buy" if buy else "mark_sell"
    down = buy is not frame.scale.invert  # the free side of the bar is below it on the screen
    prices = [fill.price for fill in fills]
    edge = (
        min([float(frame.columns.low[column]), *prices]) if buy else max([float(frame.columns.high[column]), *prices])
    )
    x = float(frame.x[column]) + style.px(1) / 2
    way = 1.0 if down else -1.0
    near = frame.scale.y(edge) + way * style.px(5)
    if not np.isfinite(near):
        return None
    half, tall = 5.0 * style.scale, 8.0 * style.scale
    far = near + way * tall
    tip, base = (min(near, far), max(near, far)) if buy else (max(near, far), min(near, far))
    painter.setPen(style.pens["panel"])
    painter.setBrush(style.brushes[role])
    painter.drawPolygon(QPolygonF([QPointF(x, tip), QPointF(x - half, base), QPointF(x + half, base)]))
    for y in {round(frame.scale.y(price)) for price in prices}:
        painter.drawEllipse(QPointF(x, y + 0.5), 3.0 * style.scale, 3.0 * style.scale)
    width = style.small_width(_quantity(fills))
    return QRectF(x - width / 2, far + (style.px(1) if down else -style.px(15)), width, style.px(14))


def _paint_quantity(painter: QPainter, box: QRectF, side: str, text: str, style: ChartStyle) -> None:
    painter.fillRect(box.adjusted(-style.px(2), 0, style.px(2), 0), style.brushes["panel"])
    painter.setFont(style.small)
    painter.setPen(style.pens["mark_buy" if side == "buy" else "mark_sell"])
    painter.drawText(box.adjusted(-box.width(), 0, box.width(), 0), CENTRE, text)
