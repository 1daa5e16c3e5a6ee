"""The button that sends: its text is the order, on one or two lines, never cut off (U-84)."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton

from bidmere.model.market import Side
from bidmere_terminal.panels.ticket.fields import set_property
from bidmere_terminal.theme.apply import current, ui_font

_SIZES = (13, 12, 11)
_LINE_GAP = 1


def wrapped(text: str, width: int) -> tuple[int, list[str]]:
    """Return the font size and the lines (at most three) in which a text fits a width."""
    words = text.split(" ")
    for lines_allowed in (1, 2, 3):
        for px in _SIZES:
            metrics = QFontMetrics(ui_font(px, 600))
            lines = _broken(words, metrics, width)
            if len(lines) <= lines_allowed and all(metrics.horizontalAdvance(line) <= width for line in lines):
                return px, lines
    return _SIZES[-1], _broken(words, QFontMetrics(ui_font(_SIZES[-1], 600)), width)


def _broken(words: list[str], metrics: QFontMetrics, width: int) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.horizontalAdvance(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class SubmitButton(QPushButton):
    """Paint its whole text over the styled button; changing the text repaints and lays nothing out again."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("kind", "buy")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(42)

    def sizeHint(self) -> QSize:
        return QSize(200, 42)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 42)

    def put(self, text: str, side: Side, *, enabled: bool) -> None:
        """Show an order, or the reason why there is none."""
        set_property(self, "kind", side.value)
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text)
            self.setToolTip(text)
        self.setEnabled(enabled)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            option = QStyleOptionButton()
            self.initStyleOption(option)
            option.text = ""
            self.style().drawControl(QStyle.ControlElement.CE_PushButton, option, painter, self)
            theme = current()
            px, lines = wrapped(self.text(), self.width() - 16)
            painter.setFont(ui_font(px, 600))
            painter.setPen(QColor(theme.on_fill if self.isEnabled() else theme.text_muted))
            height = px + 3 + _LINE_GAP
            top = (self.height() - height * len(lines)) // 2
            for number, line in enumerate(lines):
                box = QRect(8, top + number * height, self.width() - 16, height)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, line)
        finally:
            painter.end()
