"""A window of its own for panels, with the status badges it must never lose (U-1, U-16)."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from bidmere_terminal.window.dock_area import DockArea
from bidmere_terminal.window.mode_badges import ModeBadges

LEAST = (200, 120)


def on_screen(rect: tuple[int, int, int, int], screens: list[QRect]) -> QRect:
    """Return a rectangle that lies fully on a screen and is at least 200×120 (U-154)."""
    wanted = QRect(rect[0], rect[1], max(LEAST[0], rect[2]), max(LEAST[1], rect[3]))
    if not screens:
        return wanted
    home = max(screens, key=lambda screen: _area(screen.intersected(wanted)))
    width, height = min(wanted.width(), home.width()), min(wanted.height(), home.height())
    x = min(max(wanted.x(), home.left()), home.left() + home.width() - width)
    y = min(max(wanted.y(), home.top()), home.top() + home.height() - height)
    return QRect(QPoint(x, y), wanted.size()).intersected(QRect(x, y, width, height))


def _area(rect: QRect) -> int:
    return max(0, rect.width()) * max(0, rect.height())


def screens() -> list[QRect]:
    """Return the usable part of every screen."""
    return [screen.availableGeometry() for screen in QGuiApplication.screens()]


class FloatWindow(QWidget):
    """Hold one tree of panels beside the main window."""

    closing = Signal(object)
    changed = Signal()

    def __init__(self, owner: QWidget, area: DockArea, badges: ModeBadges) -> None:
        super().__init__(owner, Qt.WindowType.Window)
        self.area = area
        self.badges = badges
        self.quiet = False
        self.setProperty("surface", "bg")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar = QWidget()
        bar.setFixedHeight(28)
        row = QHBoxLayout(bar)
        row.setContentsMargins(8, 2, 8, 2)
        row.addWidget(badges)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(bar)
        layout.addWidget(area, 1)

    def rect_tuple(self) -> tuple[int, int, int, int]:
        """Return the geometry as numbers."""
        rect = self.geometry()
        return rect.x(), rect.y(), rect.width(), rect.height()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.quiet:
            super().closeEvent(event)
            return
        event.ignore()
        self.closing.emit(self)

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.changed.emit()
