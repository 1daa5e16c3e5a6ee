"""The columns of the limits table and of the event list."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from bidmere.desk.api import Alarm, RiskRow
from bidmere.desk.words import iso_time, time_text
from bidmere_terminal.panels.risk.gauges import HOT_SHARE, WARN_SHARE
from bidmere_terminal.tables.columns import Align, Cell, Column
from bidmere_terminal.tables.painting import Paints

_ROLES = {"P-A": "danger", "P-B": "warn", "P-C": "text", "P-D": "text_muted"}
_WORDS = {"P-A": "Act now", "P-B": "Warning", "P-C": "Notice", "P-D": "Note"}


def _role(share: float | None) -> str:
    if share is None or share < WARN_SHARE:
        return "text"
    return "danger" if share >= HOT_SHARE else "warn"


def _paint_share(painter: QPainter, rect: QRectF, row: RiskRow, paints: Paints) -> None:
    if row.share is None:
        return
    bar = QRectF(rect.x() + 8, rect.center().y() - 2, max(8.0, rect.width() - 16), 4)
    painter.fillRect(bar, paints.colour("border"))
    filled = QRectF(bar.x(), bar.y(), bar.width() * min(1.0, max(0.0, row.share)), 4)
    painter.fillRect(filled, paints.colour("accent" if _role(row.share) == "text" else _role(row.share)))


def limit_columns() -> list[Column]:
    """Return the columns of the limits; a row is a RiskRow."""
    return [
        Column(id="title", title="Limit", width=126, min_width=90, stretch=1, live=False, cell=lambda r: Cell(r.title),
               value=lambda r: r.title),
        Column(id="scope", title="Scope", width=62, live=False, cell=lambda r: Cell(r.scope, "text_muted"),
               value=lambda r: r.scope),
        Column(id="now", title="Now", width=110, align=Align.RIGHT, cell=lambda r: Cell(r.now, _role(r.share)),
               value=lambda r: r.share, canonical=lambda r: r.now),
        Column(id="used", title="Used", width=70, cell=lambda r: Cell(""), value=lambda r: r.share,
               paint=_paint_share),
        Column(id="warn", title="Warn at", width=100, align=Align.RIGHT, cell=lambda r: Cell(r.warn_at, "text_muted"),
               value=lambda r: r.warn_at),
        Column(id="stop", title="Stop at", width=100, align=Align.RIGHT, cell=lambda r: Cell(r.stop_at),
               value=lambda r: r.stop_at),
        Column(id="action", title="Action", width=110, live=False, cell=lambda r: Cell(r.action, "text_muted"),
               value=lambda r: r.action),
        Column(id="code", title="Code", width=80, visible=False, live=False, cell=lambda r: Cell(r.code, "text_faint"),
               value=lambda r: r.code),
    ]  # fmt: skip


def event_columns() -> list[Column]:
    """Return the columns of the event list; a row is an Alarm."""
    return [
        Column(id="time", title="Time", width=68, live=False, hint="UTC", value=lambda a: a.ts,
               cell=lambda a: Cell(time_text(a.ts, millis=False), "text_muted"), canonical=lambda a: iso_time(a.ts)),
        Column(id="kind", title="Kind", width=66, live=False, value=lambda a: a.priority,
               cell=lambda a: Cell(_WORDS.get(a.priority, a.priority), _ROLES.get(a.priority, "text"))),
        Column(id="text", title="Event", width=220, min_width=80, stretch=1, live=False, cell=lambda a: Cell(a.text),
               value=lambda a: a.text, detail=_detail),
    ]  # fmt: skip


def _detail(alarm: Alarm) -> str:
    return f"{alarm.text}\n{alarm.detail}".strip()
