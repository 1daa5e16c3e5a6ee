"""Bare keys that trade, off until switched on, and off again at the first doubt (U-141, U-148)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

PANELS = frozenset(("chart", "ladder", "positions"))
_TEXT_FIELDS = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox)
_Key = Qt.Key
KEYS: dict[tuple[int, bool], str] = {
    (_Key.Key_B, False): "trade.buy-bid",
    (_Key.Key_S, False): "trade.sell-ask",
    (_Key.Key_B, True): "trade.buy-market",
    (_Key.Key_S, True): "trade.sell-market",
    (_Key.Key_C, False): "trade.cancel-symbol",
    (_Key.Key_Z, False): "trade.close-half",
    (_Key.Key_F, False): "trade.flatten-symbol",
}
"""(key, with Shift) → command; everything else reaches the panel untouched."""


def is_text_field(widget: QWidget | None) -> bool:
    """Say whether a widget takes typing."""
    return isinstance(widget, _TEXT_FIELDS) or (
        widget is not None and widget.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
    )


class TradeKeys(QObject):
    """Hold whether the keys are on; `pressed` carries the command of a key that may act now."""

    changed = Signal(bool, str)
    pressed = Signal(str)

    def __init__(self, focused_panel: Callable[[], str], idle_ms: Callable[[], int], parent: QObject) -> None:
        super().__init__(parent)
        self._focused_panel = focused_panel
        self._idle_ms = idle_ms
        self.on = False
        self._idle = QTimer(self)
        self._idle.setObjectName("trade-keys.idle")
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(lambda: self.turn_off("they were not used for a while"))
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def release(self) -> None:
        """Stop listening."""
        self._idle.stop()
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)

    def toggle(self) -> None:
        """Switch on or off by hand."""
        if self.on:
            self.turn_off("")
            return
        self.on = True
        self._idle.start(self._idle_ms())
        self.changed.emit(True, "")

    def turn_off(self, why: str) -> None:
        """Switch off; `why` is empty when the user did it."""
        self._idle.stop()
        if self.on:
            self.on = False
            self.changed.emit(False, why)

    @property
    def armed(self) -> bool:
        """A key would act now: on, a trading panel has the keyboard, and no text field is being edited."""
        return self.on and self._focused_panel() in PANELS and not is_text_field(QApplication.focusWidget())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ApplicationDeactivate:
            self.turn_off("the window lost the keyboard")
        elif self.on and isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            wanted = kind in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
            return wanted and self.armed and self._on_key(event)
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        shift = modifiers == Qt.KeyboardModifier.ShiftModifier
        if modifiers not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
            return False
        command = KEYS.get((event.key(), shift))
        if command is None:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        self._idle.start(self._idle_ms())
        if not event.isAutoRepeat():
            self.pressed.emit(command)
        return True
