"""A button that acts only when it is held for a second; letting go early does nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton

from bidmere_terminal.theme import current

HOLD_S = 1.0
_FRAME_MS = 33


class HoldButton(QPushButton):
    """Emit `held` once per full hold, by mouse or with Space; the fill and the words show what is left."""

    held = Signal()

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setProperty("kind", "danger")
        self.setToolTip("Hold for one second")
        self.seconds: Callable[[], float] = time.monotonic
        self._text = text
        self._began: float | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self.advance)
        self.pressed.connect(self._begin)
        self.released.connect(self.let_go)

    def set_text(self, text: str) -> None:
        """Change the words of the resting button."""
        self._text = text
        if self._began is None:
            self.setText(text)

    def advance(self) -> None:
        """Look at the time; act when the second is full."""
        if self._began is None:
            return
        left = HOLD_S - (self.seconds() - self._began)
        if left <= 0:
            self.let_go()
            self.held.emit()
        else:
            self.setText(f"Hold {left:.1f} s")
            self.update()

    def let_go(self) -> None:
        """Stop: nothing happens."""
        self._began = None
        self._timer.stop()
        self.setText(self._text)

    def _begin(self) -> None:
        self._began = self.seconds()
        self._timer.start()
        self.advance()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            super().keyReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            super().keyPressEvent(event)

    def hideEvent(self, event: QEvent) -> None:
        self.let_go()
        super().hideEvent(event)  # type: ignore[arg-type]

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._began is None:
            return
        share = min(1.0, (self.seconds() - self._began) / HOLD_S)
        painter = QPainter(self)
        try:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(current().danger))
            painter.drawRect(QRectF(2, self.height() - 5, (self.width() - 4) * share, 3))
        finally:
            painter.end()
