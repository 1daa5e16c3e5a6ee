"""Cards that fill a panel or the window when there is nothing else to show: error, empty, loading."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from bidmere_terminal.theme.apply import theme_changes
from bidmere_terminal.theme.icons import icon_pixmap
from bidmere_terminal.widgets.labels import plain_label


class Card(QWidget):
    """An icon, what happened, why and what to do, and up to three buttons, in the middle of the space."""

    def __init__(self, name: str, icon_name: str, role: str = "text_faint") -> None:
        super().__init__()
        self.setObjectName(name)
        self._icon_name, self._icon_role = icon_name, role
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = self._label("title", f"{name}.title")
        self._why = self._label("muted", f"{name}.why")
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        self._buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(6)
        layout.addStretch(1)
        for widget in (self._icon, self._title, self._why):
            layout.addWidget(widget)
        layout.addSpacing(6)
        layout.addLayout(self._buttons)
        layout.addStretch(1)
        theme_changes().changed.connect(self._draw_icon)
        self._draw_icon()

    def _draw_icon(self) -> None:
        self._icon.setPixmap(icon_pixmap(self._icon_name, self._icon_role, 28, self.devicePixelRatioF()))

    def _label(self, role: str, name: str) -> QLabel:
        label = plain_label("", role, name)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        return label

    def show_text(self, title: str, why: str = "") -> None:
        """Set both sentences."""
        self._title.setText(title)
        self._why.setText(why)
        self._why.setVisible(bool(why))

    def texts(self) -> tuple[str, str]:
        """Return both sentences."""
        return self._title.text(), self._why.text()

    def add_button(self, text: str, part: str, act: Callable[[], None], kind: str = "") -> QPushButton:
        """Add a button named `CARD.part`."""
        button = QPushButton(text)
        button.setObjectName(f"{self.objectName()}.{part}")
        if kind:
            button.setProperty("kind", kind)
        button.clicked.connect(lambda _checked=False: act())
        self._buttons.insertWidget(self._buttons.count() - 1, button)
        return button


class ErrorCard(Card):
    """What failed, why, what to do; `details` can be copied."""

    def __init__(self, name: str, retry_text: str, retry: Callable[[], None]) -> None:
        super().__init__(name, "triangle-alert", "warn")
        self._details = ""
        self.retry_button = self.add_button(retry_text, "retry", retry, "primary")
        self.add_button("Copy details", "copy", self._copy)

    def show_error(self, title: str, why: str, details: str) -> None:
        """Show an error; `details` may hold a traceback and goes to the clipboard only."""
        self.show_text(title, why)
        self._details = f"{title}\n{why}\n\n{details}".strip()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
