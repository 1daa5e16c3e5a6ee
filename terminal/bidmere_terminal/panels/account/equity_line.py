"""The account's equity since the desk was started, as a small line."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from bidmere.desk.words import money_text
from bidmere_terminal.tables.painting import Paints
from bidmere_terminal.theme import Theme, theme_changes

_KEPT = 1_200


class EquityLine(QWidget):
    """Paint equity values; when there are too many every second one is dropped, so that the whole session stays."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Equity of this session")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(48)
        self.values: list[float] = []
        self.currency = ""
        self._every = 1
        self._skipped = 0
        self._paints = Paints()
        theme_changes().changed.connect(self._theme_changed)

    def begin(self, currency: str) -> None:
        """Start anew for another account."""
        self.values.clear()
        self.currency, self._every, self._skipped = currency, 1, 0
        self.update()

    def add(self, value: float) -> None:
        """Add a value; the last one always counts."""
        self._skipped += 1
        if self._skipped >= self._every or not self.values:
            self.values.append(value)
            self._skipped = 0
        else:
            self.values[-1] = value
        if len(self.values) > _KEPT:
            self.values = self.values[::2]
            self._every *= 2
        self.update()

    def sizeHint(self) -> QSize:
        """Prefer a wide strip."""
        return QSize(320, 90)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line, its first value as a dashed level, and its highest and lowest values."""
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        paints, values = self._paints, self.values
        painter.setFont(paints.small)
        painter.setPen(paints.pen("text_faint"))
        if len(values) < 2 or self.width() < 60:
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), "Equity is drawn from its first change.")
            return
        low, high = min(values), max(values)
        texts = [money_text(value, self.currency) for value in (high, low)]
        room = max(paints.small_metrics.horizontalAdvance(text) for text in texts) + 8
        plot = QRectF(0, 8, self.width() - room, self.height() - 16)
        scale = plot.height() / (high - low) if high > low else 0.0

        def y(value: float) -> float:
            return plot.bottom() - (value - low) * scale if scale else plot.center().y()

        for value, text in zip((high, low), texts, strict=True):
            box = QRectF(plot.right() + 6, y(value) - 8, room, 16)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
            if not scale:
                break
        painter.setPen(paints.pen("border_strong"))
        painter.drawLine(QPointF(plot.left(), y(values[0])), QPointF(plot.right(), y(values[0])))
        step = plot.width() / (len(values) - 1)
        line = QPolygonF([QPointF(plot.left() + i * step, y(value)) for i, value in enumerate(values)])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(paints.pen("profit" if values[-1] >= values[0] else "loss"))
        painter.drawPolyline(line)

    def _theme_changed(self, theme: Theme) -> None:
        self._paints.use(theme)
        self.update()
