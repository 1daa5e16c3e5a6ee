"""The columns of the watchlist."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from bidmere.desk.words import NOTHING, age_text, compact, fixed, pct_text, price_text, qty_text
from bidmere_terminal.panels.watchlist.rows import WatchRow
from bidmere_terminal.tables.columns import Align, Cell, Column
from bidmere_terminal.tables.painting import Paints

SPARK = "spark"


def _direction(value: float | None, decimals: int | None = None) -> str:
    """Return the role of a change; what is shown as zero has no direction."""
    shown = value if value is None or decimals is None else round(value, decimals)
    return "text_muted" if not shown else "up" if shown > 0 else "down"


def _price(row: WatchRow, value: float | None, role: str = "text") -> Cell:
    return Cell(price_text(row.instrument, value), role if value is not None else "text_faint")


def _figure(text: str, role: str = "text_muted") -> Cell:
    return Cell(text, "text_faint" if text == NOTHING else role)


def _held(row: WatchRow) -> Cell:
    if not row.held:
        return Cell("")
    long = row.held > 0
    text = ("L " if long else "S ") + qty_text(row.instrument, abs(row.held))
    return Cell(text, "buy" if long else "sell", fill="buy_soft" if long else "sell_soft")


def _age(row: WatchRow) -> float | None:
    return monotonic() - row.seen_s if row.seen_s is not None else None


def paint_range(painter: QPainter, rect: QRectF, row: WatchRow, paints: Paints) -> None:
    """Paint where the last price stands between the day's low and high."""
    low, high, last = row.low, row.high, row.last
    middle = rect.center().y()
    painter.fillRect(QRectF(rect.left(), middle - 1.0, rect.width(), 2.0), paints.colour("border_strong"))
    if low is None or high is None or last is None or high <= low:
        return
    x = rect.left() + (last - low) / (high - low) * rect.width()
    role = _direction(row.change)
    painter.fillRect(QRectF(rect.left(), middle - 1.0, x - rect.left(), 2.0), paints.colour(role))
    painter.fillRect(QRectF(x - 1.5, middle - 4.0, 3.0, 8.0), paints.colour("text"))


def paint_spark(painter: QPainter, rect: QRectF, row: WatchRow, paints: Paints) -> None:
    """Paint the last hour as a line."""
    values = list(row.spark)
    if len(values) < 2:
        return
    low, high = min(values), max(values)
    scale = rect.height() / (high - low) if high > low else 0.0
    step = rect.width() / (len(values) - 1)
    base = rect.bottom() if scale else rect.center().y()
    points = [QPointF(rect.left() + i * step, base - (value - low) * scale) for i, value in enumerate(values)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(paints.pen(_direction(values[-1] - values[0])))
    painter.drawPolyline(QPolygonF(points))


def watch_columns() -> list[Column]:
    """Return every column; the first four fit a narrow dock."""
    right = Align.RIGHT
    return [
        Column(
            id="symbol", title="Symbol", width=88, stretch=1, live=False,
            cell=lambda row: Cell(row.instrument.id.symbol, "text", f"·{row.instrument.id.venue}"),
            value=lambda row: row.instrument.id.symbol,
            canonical=lambda row: str(row.instrument.id),
            detail=lambda row: f"{row.instrument.id} {row.instrument.name}".strip(),
        ),
        Column(
            id="last", title="Last", width=66, align=right, flash=True,
            cell=lambda row: _price(row, row.last), value=lambda row: row.last,
        ),
        Column(
            id="change_pct", title="Chg %", width=58, align=right,
            cell=lambda row: Cell(pct_text(row.change_pct), _direction(row.change_pct, 2)),
            value=lambda row: row.change_pct, hint="Change since the day's reference price, per cent",
        ),
        Column(
            id="volume", drop=1, title="Vol", width=48, align=right,
            cell=lambda row: _figure(compact(row.stats.volume if row.stats else None)),
            value=lambda row: row.stats.volume if row.stats else None, hint="Volume since 00:00 UTC, in units",
        ),
        Column(
            id="change", title="Chg", width=70, align=right, visible=False,
            cell=lambda row: Cell(
                fixed(row.change, row.instrument.price_decimals, signed=True), _direction(row.change)
            ),
            value=lambda row: row.change, hint="Change since the day's reference price",
        ),
        Column(
            id="bid", title="Bid", width=76, align=right, visible=False, flash=True,
            cell=lambda row: _price(row, row.quote.bid if row.quote else None, "buy"),
            value=lambda row: row.quote.bid if row.quote else None, hint="Bid — a click stages a sell draft",
        ),
        Column(
            id="ask", title="Ask", width=76, align=right, visible=False, flash=True,
            cell=lambda row: _price(row, row.quote.ask if row.quote else None, "sell"),
            value=lambda row: row.quote.ask if row.quote else None, hint="Ask — a click stages a buy draft",
        ),
        *_more_columns(),
    ]  # fmt: skip


def _more_columns() -> list[Column]:
    right = Align.RIGHT
    return [
        Column(
            id="spread", title="Spread", width=58, align=right, visible=False,
            cell=lambda row: _figure(NOTHING if row.spread_ticks is None else str(row.spread_ticks)),
            value=lambda row: row.spread_ticks, hint="Spread in ticks",
        ),
        Column(
            id="range", title="Day range", width=84, visible=False, paint=paint_range, cell=lambda row: Cell(""),
            value=lambda row: None, hint="Last price between the day's low and high", sortable=False,
        ),
        Column(
            id=SPARK, title="1 h", width=72, visible=False, paint=paint_spark, cell=lambda row: Cell(""),
            value=lambda row: None, hint="The last hour", sortable=False, live=False,
        ),
        Column(
            id="pos", title="Pos", width=78, visible=False, align=right, cell=_held, value=lambda row: row.held or None,
            hint="Position: L long, S short",
        ),
        Column(
            id="high", title="High", width=76, align=right, visible=False,
            cell=lambda row: _price(row, row.high, "text_muted"), value=lambda row: row.high,
        ),
        Column(
            id="low", title="Low", width=76, align=right, visible=False,
            cell=lambda row: _price(row, row.low, "text_muted"), value=lambda row: row.low,
        ),
        Column(
            id="open", title="Open", width=76, align=right, visible=False,
            cell=lambda row: _price(row, row.stats.open if row.stats else None, "text_muted"),
            value=lambda row: row.stats.open if row.stats else None,
        ),
        Column(
            id="age", title="Age", width=52, align=right, visible=False, cell=lambda row: _figure(age_text(_age(row))),
            value=_age, hint="Since the last quote",
        ),
        Column(
            id="venue", title="Venue", width=60, visible=False, live=False,
            cell=lambda row: Cell(row.instrument.id.venue, "text_muted"), value=lambda row: row.instrument.id.venue,
        ),
    ]  # fmt: skip
