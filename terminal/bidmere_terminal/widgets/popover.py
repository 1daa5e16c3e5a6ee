"""A small window under the thing that was pressed; a click elsewhere or Esc closes it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget


class Popover(QWidget):
    """Hold any content beside an anchor; it lives as a child of the window, so it needs no window manager."""

    def __init__(self, anchor: QWidget, content: QWidget, name: str) -> None:
        super().__init__(anchor.window())
        self.setObjectName(name)
        self.setProperty("surface", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowFlags(Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._anchor = anchor
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(content)

    def open(self) -> None:
        """Show it below the anchor, or above where there is no room."""
        self.adjustSize()
        window = self._anchor.window()
        at = self._anchor.mapToGlobal(QPoint(0, self._anchor.height() + 2))
        bottom_right = window.mapToGlobal(QPoint(window.width(), window.height()))
        x = max(window.mapToGlobal(QPoint(0, 0)).x(), min(at.x(), bottom_right.x() - self.width() - 4))
        y = at.y()
        if y + self.height() > bottom_right.y():
            y = self._anchor.mapToGlobal(QPoint(0, 0)).y() - self.height() - 2
        self.move(x, y)
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
