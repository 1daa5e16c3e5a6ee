"""The command palette: one box for symbols, commands, panels, workspaces and orders (UX §10). Never modal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from bidmere_terminal.commands.search import Entry
from bidmere_terminal.theme.apply import current, ui_font
from bidmere_terminal.widgets.labels import plain_label, set_tone
from bidmere_terminal.widgets.pills import Pill
from bidmere_terminal.widgets.raised import Raised

WIDTH, ROW_PX, MOST_ROWS = 640, 28, 12
_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Reading:
    """What the typed text means now: chips of an order or a sentence, an error with fixes, and found entries."""

    entries: Sequence[Entry] = ()
    chips: Sequence[str] = ()
    hint: str = ""
    error: str = ""
    fixes: Sequence[str] = ()
    span: tuple[int, int] = (0, 0)


Read = Callable[[str], Reading]
Accept = Callable[[str, Entry | None, bool], bool]
"""(text, chosen entry or None, send at once) → whether the palette may close."""

_Index = QModelIndex | QPersistentModelIndex


class _Results(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: Sequence[Entry] = ()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return len(self.entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == _ENTRY:
            return entry
        return entry.title if role == Qt.ItemDataRole.DisplayRole else None


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(WIDTH - 20, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme, entry = current(), index.data(_ENTRY)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        try:
            if state & QStyle.StateFlag.State_Selected:
                painter.fillRect(rect, QColor(theme.selection))
            middle = int(Qt.AlignmentFlag.AlignVCenter)
            painter.setFont(ui_font(11))
            painter.setPen(QColor(theme.text_faint))
            painter.drawText(rect.adjusted(12, 0, 0, 0), middle, entry.kind)
            painter.drawText(rect.adjusted(0, 0, -12, 0), middle | int(Qt.AlignmentFlag.AlignRight), entry.hint)
            painter.setFont(ui_font(12, 500))
            painter.setPen(QColor(theme.text))
            width = rect.width() - 100 - painter.fontMetrics().horizontalAdvance(entry.hint) - 24
            title = painter.fontMetrics().elidedText(entry.title, Qt.TextElideMode.ElideRight, width)
            painter.drawText(rect.adjusted(100, 0, 0, 0), middle, title)
        finally:
            painter.restore()


class Palette(Raised):
    """The overlay. `read` says what a text means, `accept` acts on Enter; Esc or a click elsewhere closes it."""

    opened = QtSignal()
    closed = QtSignal()

    def __init__(self, parent: QWidget, read: Read, accept: Accept) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("palette")
        self._read, self._accept = read, accept
        self._reading = Reading()
        self._history: list[str] = []
        self._history_at = 0
        self._back_to: QWidget | None = None
        self._line = QLineEdit()
        self._line.setObjectName("palette.line.input")
        self._line.setAccessibleName("Symbol, command or order")
        self._line.setPlaceholderText("Symbol, command or order — for example BTCUSDT B 0.1 @ 65000")
        self._line.setMaxLength(400)
        self._line.setMinimumHeight(30)
        self._chips = QWidget()
        self._chip_row = QHBoxLayout(self._chips)
        self._chip_row.setContentsMargins(12, 2, 12, 2)
        self._chip_row.setSpacing(6)
        self._message = plain_label("", "muted", "palette.message")
        self._message.setContentsMargins(12, 2, 12, 4)
        self._message.setWordWrap(True)
        self._results = _Results()
        self._list = QListView()
        self._list.setObjectName("palette.results.list")
        self._list.setAccessibleName("Results")
        self._list.setModel(self._results)
        self._list.setItemDelegate(_Painter(self._list))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setUniformItemSizes(True)
        self._list.setStyleSheet("background: transparent;")
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.clicked.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 8, 1, 6)
        layout.setSpacing(4)
        top = QHBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.addWidget(self._line)
        layout.addLayout(top)
        for widget in (self._chips, self._message, self._list):
            layout.addWidget(widget)
        self._line.textChanged.connect(self._on_text)
        self._line.installEventFilter(self)
        self.hide()

    # ---- opening and closing
    def open_with(self, text: str = "", select: bool = False) -> None:
        """Show the palette with a text to go on from."""
        if not self.isVisible():
            self._back_to = self.window().focusWidget()
        self.show()
        self.raise_()
        self._history_at = len(self._history)
        self._line.setText(text)
        self._on_text(text)
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)
        if select:
            self._line.selectAll()
        else:
            self._line.end(False)
        self.opened.emit()

    def shut(self) -> None:
        """Hide the palette and give the keyboard back."""
        if not self.isVisible():
            return
        self.hide()
        back, self._back_to = self._back_to, None
        if back is not None and back.isVisible():
            back.setFocus()
        self.closed.emit()

    @property
    def text(self) -> str:
        """What is typed."""
        return self._line.text()

    def texts(self) -> dict[str, object]:
        """Return what is shown, for the dump."""
        return {
            "text": self._line.text(),
            "chips": list(self._reading.chips),
            "message": self._message.text(),
            "results": [f"{one.kind}: {one.title}" for one in self._reading.entries],
        }

    def submit(self, send: bool = False) -> None:
        """Act on what is typed or chosen."""
        text = self._line.text().strip()
        entries = self._reading.entries
        row = self._list.currentIndex().row()
        entry = entries[row] if 0 <= row < len(entries) else None
        if text and text not in self._history[-1:]:
            self._history = [*self._history, text][-50:]
        if self._accept(text, entry, send):
            self.shut()
        elif self.isVisible():
            self._on_text(self._line.text())

    def say(self, text: str, tone: str = "") -> None:
        """Show a sentence under the box."""
        self._message.setText(text)
        set_tone(self._message, tone)
        self._message.setVisible(bool(text))
        self._fit()

    def show_reading(self, reading: Reading) -> None:
        """Show what a text was worked out to mean; comes after typing."""
        self._reading = reading
        self._results.show_entries(reading.entries)
        if reading.entries:
            self._list.setCurrentIndex(self._results.index(0))
        self._show_chips()
        self.say(reading.error or reading.hint, "danger" if reading.error else "")

    # ---- typing
    def _on_text(self, text: str) -> None:
        self.show_reading(self._read(text))

    def _show_chips(self) -> None:
        while (item := self._chip_row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for text in self._reading.chips:
            tone = {"BUY": "buy", "SELL": "sell"}.get(text, "text")
            pill = Pill()
            self._chip_row.addWidget(pill)
            pill.show_text(text, colour=tone, back="hover", border="border_strong")
        for index, fix in enumerate(self._reading.fixes[:4]):
            button = QPushButton(fix)
            button.setObjectName(f"palette.fix.{index + 1}")
            button.setAccessibleName(f"Replace by {fix}")
            button.setProperty("kind", "chip")
            button.clicked.connect(lambda _checked=False, fix=fix: self.take_fix(fix))
            self._chip_row.addWidget(button)
        self._chip_row.addStretch(1)
        self._chips.setVisible(bool(self._reading.chips or self._reading.fixes))

    def take_fix(self, fix: str) -> None:
        """Replace the wrong word by what was offered."""
        start, end = self._reading.span
        text = self._line.text()
        self._line.setText(text[:start] + fix + text[end:])
        self._line.setFocus()

    def _fit(self) -> None:
        count = len(self._reading.entries)
        self._list.setVisible(count > 0)
        self._list.setFixedHeight(min(count, MOST_ROWS) * ROW_PX + 4 if count else 0)
        width = min(WIDTH, self._over.width() - 32)
        self._message.setFixedWidth(width - 4)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((self._over.width() - width) // 2, 50)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._line:
            if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._on_key(event)
            if event.type() == QEvent.Type.FocusOut and self.isVisible():
                focus = self.window().focusWidget()
                if self.window().isActiveWindow() and focus is not None and not self.isAncestorOf(focus):
                    self._back_to = None
                    self.shut()
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.shut()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.submit(bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif key == Qt.Key.Key_Up and self._list.currentIndex().row() <= 0 and self._history:
            self._recall(-1)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = -1 if key == Qt.Key.Key_Up else 1
            row = max(0, min(self._list.currentIndex().row() + step, len(self._reading.entries) - 1))
            self._list.setCurrentIndex(self._results.index(row))
        elif key == Qt.Key.Key_Tab:
            entry = self._list.currentIndex().data(_ENTRY) if self._reading.entries else None
            if isinstance(entry, Entry):
                self._line.setText(f"{entry.title} ")
        else:
            return False
        return True

    def _recall(self, step: int) -> None:
        self._history_at = max(0, min(self._history_at + step, len(self._history) - 1))
        self._line.setText(self._history[self._history_at])

    def _on_clicked(self, index: QModelIndex) -> None:
        self._list.setCurrentIndex(index)
        self.submit()
