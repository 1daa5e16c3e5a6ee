"""A surface that lies over others: raised colour, a thin border, round corners."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from bidmere_terminal.theme.apply import current


class Raised(QWidget):
    """Base of the palette, sheets and other overlays; it paints itself, so no style rule can undo the border."""

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), QColor(theme.raised))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.text_faint))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        finally:
            painter.end()
