"""Messages that come and go at the lower left of the working area; they never take the keyboard (U-216)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from bidmere_terminal.theme.apply import current
from bidmere_terminal.theme.icons import icon_pixmap
from bidmere_terminal.widgets.labels import plain_label

MOST = 3
SHOWN_MS = 5_000
_ICONS = {
    "info": ("info", "link"),
    "order": ("circle-check", "ok"),
    "warning": ("triangle-alert", "warn"),
    "error": ("circle-x", "danger"),
    "critical": ("octagon-x", "danger"),
}


class Toast(QWidget):
    """One message; a click on it opens the message centre."""

    pressed = Signal()

    def __init__(self, level: str, text: str, key: str) -> None:
        super().__init__()
        self.key = key
        self.level = level
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setObjectName("toast.card")
        self._icon = QLabel()
        self._label = plain_label(text, "", "toast.text")
        self._label.setWordWrap(True)
        self._label.setFixedWidth(262)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 9, 14, 9)
        layout.setSpacing(10)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._label, 1)
        name, role = _ICONS.get(level, _ICONS["info"])
        self._icon.setPixmap(icon_pixmap(name, role, 16, self.devicePixelRatioF()))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MS)
        self._timer.start()

    @property
    def timer(self) -> QTimer:
        """Ends the toast."""
        return self._timer

    @property
    def text(self) -> str:
        """The message as shown."""
        return self._label.text()

    def show_text(self, text: str) -> None:
        """Replace the message and begin its time anew."""
        self._label.setText(text)
        self._timer.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        edge = {"order": theme.ok, "warning": theme.warn}.get(self.level, theme.border_strong)
        if self.level in ("error", "critical"):
            edge = theme.danger
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.border_strong))
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            painter.fillRect(QRectF(0, 4, 3, self.height() - 8), QColor(edge))
        finally:
            painter.end()


class ToastStack(QWidget):
    """At most three toasts and a count of the others; `corner` says where their lower left corner is."""

    pressed = Signal()

    def __init__(self, parent: QWidget, corner: Callable[[], QPoint]) -> None:
        super().__init__(parent)
        self.setObjectName("toasts")
        self._corner = corner
        self._toasts: list[Toast] = []
        self._hidden = 0
        self._more = plain_label("", "muted", "toasts.more")
        self._more.setContentsMargins(14, 3, 14, 3)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._layout.addWidget(self._more)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._hidden:
            return
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(current().border_strong))
            painter.setBrush(QColor(current().raised))
            ground = QRectF(self._more.geometry()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(ground, 5, 5)
        finally:
            painter.end()

    def place(self) -> None:
        """Go to the corner again after the window has changed."""
        self._fit()

    def show_toast(self, level: str, text: str, key: str) -> None:
        """Show a message, or change the one with the same key."""
        for toast in self._toasts:
            if key and toast.key == key:
                toast.show_text(text)
                self._fit()
                return
        if len(self._toasts) == MOST:
            self._hidden += 1
            self._drop(self._toasts[0])
        toast = Toast(level, text, key)
        toast.timer.timeout.connect(lambda: self._drop(toast))
        toast.pressed.connect(self.pressed)
        self._toasts.append(toast)
        self._layout.addWidget(toast)
        self._fit()

    def texts(self) -> list[str]:
        """Return the messages shown."""
        return [toast.text for toast in self._toasts]

    def clear(self) -> None:
        """Take every toast away."""
        for toast in list(self._toasts):
            self._drop(toast)

    def _drop(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            toast.timer.stop()
            toast.hide()
            toast.deleteLater()
        if not self._toasts:
            self._hidden = 0
        self._fit()

    def _fit(self) -> None:
        self._more.setText(f"+{self._hidden} in the message centre" if self._hidden else "")
        self._more.setVisible(bool(self._hidden))
        self.setVisible(bool(self._toasts))
        self.adjustSize()
        corner = self._corner()
        self.move(corner.x(), corner.y() - self.height())
        self.raise_()
