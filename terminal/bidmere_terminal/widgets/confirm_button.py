"""A button that asks in place: the first press changes its words, a second within five seconds acts (UX §15.1)."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPushButton

OPEN_MS = 5_000
APART_S = 0.25


class ConfirmButton(QPushButton):
    """Emit `confirmed` after two presses at least 250 ms apart; Esc, 5 s or leaving takes it back (U-176)."""

    confirmed = Signal()

    def __init__(self, text: str, question: str, name: str, kind: str = "danger") -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setProperty("kind", kind)
        self.setAutoRepeat(False)
        self._text, self._question = text, question
        self._asked_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(OPEN_MS)
        self._timer.timeout.connect(self.take_back)
        self.clicked.connect(self._on_press)

    @property
    def asking(self) -> bool:
        """The first press has happened."""
        return self._timer.isActive()

    def take_back(self) -> None:
        """Return to the first state."""
        self._timer.stop()
        self.setText(self._text)

    def _on_press(self) -> None:
        if not self.asking:
            self._asked_at = time.perf_counter()
            self._timer.start()
            self.setText(self._question)
            return
        if time.perf_counter() - self._asked_at >= APART_S:
            self.take_back()
            self.confirmed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.asking:
            self.take_back()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.take_back()
        super().focusOutEvent(event)
