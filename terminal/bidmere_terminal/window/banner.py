"""Bars under the header: the alarm that stays until acknowledged (U-218), and the first-run strip (U-163)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from bidmere_terminal.notices import Notice
from bidmere_terminal.theme.apply import current
from bidmere_terminal.theme.icons import bind_icon, icon_pixmap
from bidmere_terminal.widgets.labels import ElidedLabel, plain_label


class AlarmBanner(QWidget):
    """Show the newest alarm in words on red; `acknowledged` carries its number."""

    acknowledged = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("alarm")
        self.setFixedHeight(34)
        self._number = 0
        self._icon = QLabel()
        self._text = ElidedLabel("", "alarm.text")
        self._text.setProperty("tone", "danger")
        self._more = plain_label("", "muted", "alarm.more")
        self._button = QPushButton("Acknowledge")
        self._button.setObjectName("alarm.acknowledge.button")
        self._button.setProperty("kind", "danger")
        self._button.clicked.connect(self._on_pressed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 3, 10, 3)
        layout.setSpacing(10)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._more)
        layout.addWidget(self._button)
        self.hide()

    @property
    def text(self) -> str:
        """The alarm shown, empty when there is none."""
        return self._text.text() if not self.isHidden() else ""

    def show_alarms(self, alarms: list[Notice]) -> None:
        """Show the newest of the alarms, or hide."""
        self.setVisible(bool(alarms))
        if not alarms:
            return
        self._number = alarms[0].number
        self._icon.setPixmap(icon_pixmap("octagon-x", "danger", 16, self.devicePixelRatioF()))
        self._text.setText(alarms[0].text)
        self._text.setToolTip(alarms[0].detail)
        self._more.setText(f"and {len(alarms) - 1} more" if len(alarms) > 1 else "")

    def _on_pressed(self) -> None:
        self.acknowledged.emit(self._number)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), QColor(theme.danger_soft))
            painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(theme.danger_border))
        finally:
            painter.end()


STEPS = (
    ("order", "Place a paper order", "ticket.focus"),
    ("palette", "Try the palette (Ctrl+K)", "palette.open"),
    ("workspace", "Arrange the desk: drag a title bar", "help.layout"),
)


class StartStrip(QWidget):
    """Three first steps that tick off wherever they are done; dismissing is for ever."""

    dismissed = Signal()
    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("start")
        self.setFixedHeight(32)
        self._buttons: dict[str, QPushButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 2, 8, 2)
        layout.setSpacing(8)
        layout.addWidget(plain_label("Start here", "figure"))
        for number, (step, text, command) in enumerate(STEPS, 1):
            button = QPushButton(f"{number}  {text}")
            button.setObjectName(f"start.{step}.button")
            button.setProperty("kind", "chip")
            button.clicked.connect(lambda _checked=False, command=command: self.asked.emit(command))
            self._buttons[step] = button
            layout.addWidget(button)
        layout.addStretch(1)
        self._note = plain_label("Simulated market, paper money: nothing here is real", "muted")
        layout.addWidget(self._note)
        close = QToolButton()
        close.setObjectName("start.dismiss.button")
        close.setAccessibleName("Hide the first steps for good")
        close.setToolTip("Hide the first steps for good")
        bind_icon(close, "x", "text_faint", 14)
        close.clicked.connect(self.dismissed)
        layout.addWidget(close)

    def show_done(self, done: tuple[str, ...]) -> None:
        """Tick off steps."""
        for number, (step, text, _) in enumerate(STEPS, 1):
            self._buttons[step].setText(f"✓  {text}" if step in done else f"{number}  {text}")
            self._buttons[step].setEnabled(step not in done)

    def show_source(self, replaying: bool) -> None:
        """Say what kind of market this is."""
        market = "Recorded market" if replaying else "Simulated market"
        self._note.setText(f"{market}, paper money: nothing here is real")

    def set_narrow(self, narrow: bool) -> None:
        """Leave the note out where there is no room."""
        self._note.setVisible(not narrow)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), QColor(theme.accent_soft))
            painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(theme.border))
        finally:
            painter.end()
