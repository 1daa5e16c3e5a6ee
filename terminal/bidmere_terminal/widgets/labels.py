"""Text that knows how to be short, and small two-line figures."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from bidmere_terminal.theme.apply import ui_font


def plain_label(text: str = "", role: str = "", name: str = "") -> QLabel:
    """Return a label that never interprets its text as markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        label.setProperty("role", role)
    if name:
        label.setObjectName(name)
    return label


def set_tone(widget: QWidget, tone: str) -> None:
    """Change the `tone` a style sheet rule looks at, only when it differs."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class ElidedLabel(QLabel):
    """A label that ends in … when there is no room; the whole text is its tool tip."""

    def __init__(self, text: str = "", name: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self.text() if text != self.text() else "")
        painter = QPainter(self)
        try:
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.setFont(self.font())
            painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)
        finally:
            painter.end()


class Figure(QWidget):
    """A caption over a number, as in the header."""

    def __init__(self, caption: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._caption = plain_label(caption, "caption", f"{name}.caption")
        self._value = plain_label("—", "figure", f"{name}.value")
        self._caption.setFont(ui_font(11))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(0)
        layout.addWidget(self._caption)
        layout.addWidget(self._value)

    @property
    def text(self) -> str:
        """The number as shown."""
        return self._value.text()

    def show_value(self, text: str, tone: str = "") -> None:
        """Show a number, coloured by tone (profit, loss, warn, danger or none)."""
        if text != self._value.text():
            self._value.setText(text)
            self.setAccessibleName(f"{self._caption.text()} {text}")
        set_tone(self._value, tone)
