"""The ring that fills while a key or button is held, with its progress in words (U-146)."""

from __future__ import annotations

import time

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from bidmere_terminal.theme.apply import current, ui_font

FRAME_MS = 33


class HoldRing(QWidget):
    """Shown over the window while a command is held.

    Opened with `wait`, it waits for the hold itself: the mouse or Enter on it; `held` then tells that the time is
    full. Releasing early does nothing.
    """

    held = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hold.ring.button")
        self.setAccessibleName("Hold to confirm")
        self._over = parent
        self._title, self._seconds = "", 1.0
        self._began = 0.0
        self._waiting = False
        self._own = False
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._on_frame)
        self.setFixedSize(300, 150)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()

    @property
    def text(self) -> str:
        """The words shown."""
        if not self.isVisible():
            return ""
        if self._waiting:
            return f"{self._title} — hold Enter or the mouse here for {self._seconds:g} s, Esc leaves"
        return f"{self._title} — keep holding, {max(0.0, self._seconds - self._elapsed()):.1f} s left"

    def begin(self, title: str, seconds: float) -> None:
        """Fill the ring for a key that is held elsewhere."""
        self._open(title, seconds)
        self._began = time.perf_counter()
        self._timer.start()

    def wait(self, title: str, seconds: float) -> None:
        """Show the ring empty and wait for a hold on it."""
        self._open(title, seconds)
        self._waiting, self._own = True, True
        self.setFocus()

    def end(self) -> None:
        """Hide the ring."""
        self._timer.stop()
        self._own = False
        self.hide()

    def _open(self, title: str, seconds: float) -> None:
        self._title, self._seconds, self._waiting, self._own = title, seconds, False, False
        self.move((self._over.width() - self.width()) // 2, (self._over.height() - self.height()) // 2)
        self.show()
        self.raise_()

    def _elapsed(self) -> float:
        return 0.0 if self._waiting else time.perf_counter() - self._began

    def _press(self) -> None:
        if self._own:
            self._waiting = False
            self._began = time.perf_counter()
            self._timer.start()

    def _release(self) -> None:
        if self._own:
            self._timer.stop()
            self._waiting = True
            self.update()

    def _on_frame(self) -> None:
        self.setAccessibleDescription(self.text)
        self.update()
        if self._own and self._elapsed() >= self._seconds:
            self.end()
            self.held.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and not event.isAutoRepeat():
            self._press()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and self._own and self._timer.isActive():
            self._release()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._own and self._timer.isActive():
            self._release()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.danger_border))
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
            ring = QRectF(self.width() / 2 - 28, 16, 56, 56)
            painter.setPen(QPen(QColor(theme.border_strong), 6))
            painter.drawEllipse(ring)
            share = min(1.0, self._elapsed() / self._seconds)
            painter.setPen(QPen(QColor(theme.danger), 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawArc(ring, 90 * 16, -round(share * 360 * 16))
            painter.setPen(QColor(theme.text))
            painter.setFont(ui_font(12, 500))
            text = QRectF(12, 78, self.width() - 24, 66)
            painter.drawText(text, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self.text)
        finally:
            painter.end()
