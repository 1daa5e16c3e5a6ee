"""Gauges: each limit as a number, a bar and words, so that colour is never the only sign (U-234)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from bidmere.desk.api import RiskRow
from bidmere_terminal.theme import Theme, current, theme_changes, ui_font

WARN_SHARE, HOT_SHARE = 0.75, 0.9
_HIGH, _WIDE, _GAP = 39, 108, 14
_SHORT_BELOW = 168
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def level_words(share: float) -> str:
    """Return what a used share means: `12 % used`, `warning: 80 %`, `limit reached`."""
    percent = f"{share * 100:.0f} %"
    if share >= 1:
        return "limit reached"
    if share >= HOT_SHARE:
        return f"close to the limit: {percent}"
    return f"warning: {percent}" if share >= WARN_SHARE else f"{percent} used"


def level_mark(share: float) -> str:
    """Return the same in few characters: `12 %`, `⚠ 80 %`, `✖ 100 %`."""
    mark = "✖ " if share >= HOT_SHARE else "⚠ " if share >= WARN_SHARE else ""
    return f"{mark}{share * 100:.0f} %"


class Gauges(QWidget):
    """Paint the limits that have a share, in as many columns as there is room for."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Risk gauges")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.rows: tuple[RiskRow, ...] = ()
        theme_changes().changed.connect(self._repaint)

    def put(self, rows: Sequence[RiskRow]) -> None:
        """Show these rows; the ones without a share are for the table alone."""
        shown = tuple(row for row in rows if row.share is not None)
        if shown != self.rows:
            self.rows = shown
            self.setFixedHeight(self._needed())
            self.setAccessibleDescription("; ".join(f"{row.title} {row.now}" for row in shown))
            self.update()

    def _columns(self) -> int:
        fit = max(1, (self.width() + _GAP) // (_WIDE + _GAP))
        return min(fit, max(1, -(-len(self.rows) // 2)), 4)

    def _needed(self) -> int:
        lines = -(-len(self.rows) // self._columns())
        return max(1, lines * _HIGH)

    def _repaint(self, _theme: Theme) -> None:
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(2 * _WIDE + _GAP, self._needed())

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDE, _HIGH)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.height() != self._needed():
            self.setFixedHeight(self._needed())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        columns = self._columns()
        wide = (self.width() - _GAP * (columns - 1)) / columns
        painter = QPainter(self)
        try:
            for number, row in enumerate(self.rows):
                box = QRectF((number % columns) * (wide + _GAP), number // columns * _HIGH, wide, _HIGH - 4)
                self._paint(painter, theme, box, row)
        finally:
            painter.end()

    def _paint(self, painter: QPainter, theme: Theme, box: QRectF, row: RiskRow) -> None:
        share = row.share or 0.0
        tone = theme.danger if share >= HOT_SHARE else theme.warn if share >= WARN_SHARE else theme.accent
        painter.setFont(ui_font(11))
        metrics = painter.fontMetrics()
        words = level_words(share) if box.width() >= _SHORT_BELOW else level_mark(share)
        room = int(box.width() - metrics.horizontalAdvance(words) - 4)
        top = QRectF(box.x(), box.y(), box.width(), 14)
        painter.setPen(QColor(theme.text_muted if share < WARN_SHARE else tone))
        painter.drawText(top, _RIGHT, words)
        painter.setPen(QColor(theme.text_faint))
        painter.drawText(top, _LEFT, metrics.elidedText(row.title, Qt.TextElideMode.ElideRight, room))
        painter.setFont(ui_font(12, 600))
        painter.setPen(QColor(theme.text))
        now = painter.fontMetrics().elidedText(row.now, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(QRectF(box.x(), box.y() + 14, box.width(), 16), _LEFT, now)
        bar = QRectF(box.x(), box.y() + 31, box.width(), 4)
        painter.fillRect(bar, QColor(theme.border))
        painter.fillRect(QRectF(bar.x(), bar.y(), bar.width() * min(1.0, max(0.0, share)), 4), QColor(tone))
        painter.fillRect(QRectF(bar.x() + bar.width() * WARN_SHARE, bar.y() - 1, 1, 6), QColor(theme.text_faint))
