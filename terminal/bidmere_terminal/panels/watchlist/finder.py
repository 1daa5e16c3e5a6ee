"""Type to find a symbol of the list or to add one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from bidmere.model.instrument import Instrument


class SymbolFinder(QLineEdit):
    """A line that offers every instrument; Enter or a choice emits `chosen(text)`, Escape closes it."""

    chosen = Signal(str)
    looked_for = Signal(str)
    closed = Signal()

    def __init__(self, name: str, instruments: Callable[[], Iterable[Instrument]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Find or add a symbol")
        self.setPlaceholderText("Find or add a symbol")
        self._instruments = instruments
        self._offers = QStringListModel(self)
        completer = QCompleter(self._offers, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(12)
        completer.activated.connect(self._take)
        self.setCompleter(completer)
        self.returnPressed.connect(lambda: self._take(self.text()))
        self.textEdited.connect(self.looked_for)
        self.installEventFilter(self)
        self.hide()

    def begin(self, text: str) -> None:
        """Open with the first letter typed."""
        self._offers.setStringList([str(one.id) for one in self._instruments()])
        self.show()
        self.setFocus()
        self.setText(text)
        self.looked_for.emit(text)
        self.completer().setCompletionPrefix(text)
        self.completer().complete()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close on Escape."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._close()
            return True
        return super().eventFilter(watched, event)

    def _take(self, text: str) -> None:
        if self.isVisible() and text.strip():
            self._close()
            self.chosen.emit(text.strip())

    def _close(self) -> None:
        popup = self.completer().popup()
        if popup is not None:
            popup.hide()
        self.hide()
        self.clear()
        self.closed.emit()
