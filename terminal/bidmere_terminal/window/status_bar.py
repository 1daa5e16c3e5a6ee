"""The status bar: every health figure as shape, word and colour; a press explains it (UX §20)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from bidmere_terminal.theme.apply import current, ui_font
from bidmere_terminal.widgets.labels import plain_label
from bidmere_terminal.widgets.pills import LEVEL_COLOURS, LEVEL_SHAPES, paint_shape
from bidmere_terminal.widgets.popover import Popover

STATUS_PX = 24


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure: its level (ok, warn, bad, off or empty for a plain figure), its text and what it means."""

    text: str
    level: str = ""
    explain: tuple[str, ...] = ()


class StatusItem(QPushButton):
    """A shape and a few words; a press opens the explanation."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"status.{name}.button")
        self.setProperty("kind", "status")
        self.setFlat(True)
        self.setFixedHeight(STATUS_PX - 2)
        self.setFont(ui_font(11))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.name = name
        self.reading = Reading("")
        self._fullest = 0
        self.hide()

    def show_reading(self, reading: Reading) -> None:
        """Show a figure; an empty text hides the item."""
        if reading == self.reading:
            return
        self.reading = reading
        # The item only grows, so that its neighbours stand still while digits change.
        wanted = self.fontMetrics().horizontalAdvance(reading.text)
        if wanted > self._fullest or wanted < self._fullest - 40:
            self._fullest = wanted
            self.updateGeometry()
        self.setAccessibleName(f"{reading.level} {reading.text}".strip())
        self.setToolTip("\n".join(reading.explain))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._fullest + (26 if self.reading.level else 14), STATUS_PX - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.underMouse() or self.hasFocus():
                painter.setPen(QColor(theme.focus) if self.hasFocus() else Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.hover))
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            left = 7
            level = self.reading.level
            if level:
                colour = theme.colour(LEVEL_COLOURS[level])
                paint_shape(painter, LEVEL_SHAPES[level], QRectF(left, self.height() / 2 - 3.5, 7, 7), colour)
                left += 12
            role = LEVEL_COLOURS[level] if level in ("warn", "bad") else "text_muted"
            painter.setPen(QColor(theme.colour(role)))
            painter.setFont(self.font())
            box = self.rect().adjusted(left, 0, 0, 0)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), self.reading.text)
        finally:
            painter.end()


class StatusBar(QWidget):
    """Hold the items; `left` ones lead, the others follow at the right. What does not fit is left out from the end."""

    ORDER = ("feed", "orders", "engine", "recording", "strategies", "risk", "messages")
    RIGHT = ("lag", "cpu", "rate", "drift", "clock")
    FIRST_TO_GO = ("rate", "recording", "drift", "cpu", "engine", "orders", "strategies", "lag", "messages")

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setFixedHeight(STATUS_PX)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.items = {name: StatusItem(name) for name in (*self.ORDER, *self.RIGHT)}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 1, 6, 1)
        self._row.setSpacing(2)
        for name in self.ORDER:
            self._row.addWidget(self.items[name])
        self._row.addStretch(1)
        for name in self.RIGHT:
            self._row.addWidget(self.items[name])
        self._actions: dict[str, tuple[str, Callable[[], None]]] = {}
        for item in self.items.values():
            item.clicked.connect(lambda _checked=False, item=item: self._explain(item))

    def show_readings(self, readings: dict[str, Reading]) -> None:
        """Show several figures at once; a name that is new becomes another feed item at the left."""
        for name, reading in readings.items():
            if name not in self.items:
                item = StatusItem(name)
                item.clicked.connect(lambda _checked=False, item=item: self._explain(item))
                self.items[name] = item
                self._row.insertWidget(1, item)
            self.items[name].show_reading(reading)
        self._fit()

    def set_action(self, name: str, title: str, act: Callable[[], None]) -> None:
        """Offer a button in the explanation of an item."""
        self._actions[name] = (title, act)

    def texts(self) -> dict[str, dict[str, object]]:
        """Return every figure, for the dump."""
        return {
            name: {"text": item.reading.text, "level": item.reading.level, "visible": item.isVisible()}
            for name, item in self.items.items()
            if item.reading.text
        }

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = [name for name, item in self.items.items() if item.reading.text]
        room = self.width() - 30
        for name in self.FIRST_TO_GO:
            if sum(self.items[one].sizeHint().width() + 2 for one in shown) <= room:
                break
            if name in shown:
                shown.remove(name)
        for name, item in self.items.items():
            item.setVisible(name in shown)

    def _explain(self, item: StatusItem) -> None:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(14, 10, 14, 12)
        layout.setSpacing(4)
        title: QLabel = plain_label(item.reading.text, "title")
        layout.addWidget(title)
        for line in item.reading.explain:
            layout.addWidget(plain_label(line, "muted"))
        popover = Popover(item, content, f"status.{item.name}.popover")
        action = self._actions.get(item.name)
        if action is not None:
            button = QPushButton(action[0])
            button.setObjectName(f"status.{item.name}.action")
            button.clicked.connect(popover.close)
            button.clicked.connect(lambda _checked=False: action[1]())
            layout.addSpacing(4)
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        popover.open()
