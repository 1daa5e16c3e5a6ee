"""What a panel shows when there is nothing to show: one sentence and one way on (UX §4)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget


class EmptyState(QWidget):
    """A quiet sentence in the middle, with a button when there is something to do about it."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}.empty")
        self._act: Callable[[], object] | None = None
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setProperty("role", "muted")
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = QPushButton(self)
        self.button.setObjectName(f"{name}.empty.action")
        self.button.hide()
        self.button.clicked.connect(self._pressed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addStretch(1)
        layout.addWidget(self.label)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)

    def say(self, text: str, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Set the sentence, and the button with what it does."""
        self.label.setText(text)
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self._act = act

    def _pressed(self) -> None:
        if self._act is not None:
            self._act()
