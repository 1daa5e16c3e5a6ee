"""The list behind the bell: every message with time, level and details (U-180, U-220)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from bidmere.desk.words import time_text
from bidmere_terminal.notices import Notice, Notices
from bidmere_terminal.theme.apply import current
from bidmere_terminal.widgets.labels import plain_label

_WORDS = {"info": "info", "order": "order", "warning": "warning", "error": "error", "critical": "alarm"}
_COLOURS = {"info": "text_faint", "order": "ok", "warning": "warn", "error": "danger", "critical": "danger"}
_SHOWN = 100


class _Row(QWidget):
    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self._colour = _COLOURS[notice.level]
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain_label(time_text(notice.ts, millis=False), "caption"))
        head.addWidget(plain_label(_WORDS[notice.level], "caption"))
        if notice.count > 1:
            head.addWidget(plain_label(f"× {notice.count}", "caption"))
        head.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 10, 6)
        layout.setSpacing(2)
        layout.addLayout(head)
        for text, role in ((notice.text, ""), (notice.detail, "muted")):
            if text:
                label: QLabel = plain_label(text, role)
                label.setWordWrap(True)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                layout.addWidget(label)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.fillRect(QRectF(4, 8, 3, self.height() - 16), QColor(theme.colour(self._colour)))
            painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(theme.border))
        finally:
            painter.end()


class MessageCentre(QWidget):
    """Show the messages, newest first, with a filter; opening it counts them as read."""

    def __init__(self, notices: Notices) -> None:
        super().__init__()
        self.setObjectName("messages")
        self._notices = notices
        self._filter = QLineEdit()
        self._filter.setObjectName("messages.filter.input")
        self._filter.setAccessibleName("Filter messages")
        self._filter.setPlaceholderText("Filter")
        self._filter.textChanged.connect(self._fill)
        clear = QPushButton("Mark all read")
        clear.setObjectName("messages.read.button")
        clear.clicked.connect(self._notices.mark_read)
        top = QHBoxLayout()
        top.setContentsMargins(12, 10, 12, 4)
        top.addWidget(plain_label("Messages", "title"))
        top.addWidget(self._filter, 1)
        top.addWidget(clear)
        self._area = QScrollArea()
        self._area.setObjectName("messages.list.area")
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.addLayout(top)
        layout.addWidget(self._area, 1)
        self._fill()

    def sizeHint(self) -> QSize:
        return QSize(440, 460)

    def _fill(self, _text: str = "") -> None:
        needle = self._filter.text().lower()
        shown = [one for one in reversed(self._notices.items) if needle in f"{one.text} {one.detail}".lower()][:_SHOWN]
        rows = QWidget()
        layout = QVBoxLayout(rows)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for notice in shown:
            layout.addWidget(_Row(notice))
        if not shown:
            empty = plain_label("No messages." if not needle else "No message fits the filter.", "muted")
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(empty)
        layout.addStretch(1)
        self._area.setWidget(rows)
