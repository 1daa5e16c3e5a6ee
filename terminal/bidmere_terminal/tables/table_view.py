"""The view of a live table: what the mouse and the keyboard do in it, and how its width is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from bidmere_terminal.tables.columns import Align, Heading, Key
from bidmere_terminal.tables.fitting import Wish, fitted
from bidmere_terminal.tables.header import TableHeader
from bidmere_terminal.tables.painting import CellDelegate, Flashes, Paints
from bidmere_terminal.tables.row_model import RowModel
from bidmere_terminal.theme import METRICS

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class TableView(QTableView):
    """Show a RowModel densely; report what the user does by row key and column id."""

    row_activated = Signal(object)
    row_clicked = Signal(object, str)
    row_double_clicked = Signal(object, str)
    current_row_changed = Signal(object)
    delete_pressed = Signal(list)
    copy_pressed = Signal()
    filter_pressed = Signal()
    escape_pressed = Signal()
    undo_pressed = Signal()
    columns_swapped = Signal()
    text_typed = Signal(str)
    hover_changed = Signal(bool)
    menu_wanted = Signal(QPoint)

    def __init__(self, model: RowModel, paints: Paints, flashes: Flashes, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.hovered = False
        self.wished: dict[str, int] = {column.id: column.width for column in model.columns}
        self.needed: dict[str, int] = {}
        self.resized: set[str] = set()
        self._fitting = False
        self.takes_text = False
        self.can_undo: Callable[[], bool] = lambda: False
        self.setModel(model)
        self.delegate = CellDelegate(model, paints, flashes, self)
        self.delegate.left_edge = self._left_edge
        self.setItemDelegate(self.delegate)
        self._header = TableHeader(model, paints, self)
        self.setHorizontalHeader(self._header)
        self._set_up()
        self._header.sectionResized.connect(self._section_resized)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._double_clicked)
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.chosen = {number for number, column in enumerate(model.columns) if column.visible}
        for number in range(len(model.columns)):
            self.setColumnHidden(number, number not in self.chosen)

    def _set_up(self) -> None:
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(METRICS.row_px)
        self.verticalHeader().setDefaultSectionSize(METRICS.row_px)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setAutoScroll(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)

    # ── keys of rows ─────────────────────────────────────────────────────────────────────────────────────────────────

    def key_at(self, line: int) -> Key | None:
        """Return the key of a line, None for headings and nothing."""
        if not 0 <= line < len(self._model.order):
            return None
        key = self._model.order[line]
        return None if isinstance(key, Heading) else key

    def current_key(self) -> Key | None:
        """Return the row the keyboard is on."""
        return self.key_at(self.currentIndex().row())

    def selected_keys(self) -> list[Key]:
        """Return the selected rows from top to bottom."""
        lines = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [key for key in map(self.key_at, lines) if key is not None]

    def select_key(self, key: Key) -> bool:
        """Make a row the current one and show it; False when it is not in the table."""
        line = self._model.position(key)
        if line is None:
            return False
        if self.current_key() != key or self.selected_keys() != [key]:
            column = max(0, self._header.logicalIndexAt(1))
            self.setCurrentIndex(self._model.index(line, column))
        return True

    # ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def shown_columns(self) -> list[int]:
        """Return the visible columns' numbers from left to right."""
        order = (self._header.logicalIndex(place) for place in range(self._header.count()))
        return [number for number in order if not self.isColumnHidden(number)]

    def choose(self, number: int, on: bool) -> None:
        """Show or hide a column for good; `fit` has the last word on what there is room for."""
        (self.chosen.add if on else self.chosen.discard)(number)
        self.setColumnHidden(number, not on)

    def fit(self) -> None:
        """Share the width among the chosen columns, leaving out what there is no room for."""
        order = (self._header.logicalIndex(place) for place in range(self._header.count()))
        wishes = {number: self._wish(number) for number in order if number in self.chosen}
        room = self.viewport().width()
        columns = self._model.columns
        for number in sorted(wishes, key=lambda one: columns[one].drop, reverse=True):
            if not columns[number].drop or sum(wish.least for wish in wishes.values()) <= room:
                break
            del wishes[number]
        changed = False
        self._fitting = True
        try:
            for number in range(len(columns)):
                if self.isColumnHidden(number) == (number in wishes):
                    self.setColumnHidden(number, number not in wishes)
                    changed = True
            for number, width in zip(wishes, fitted(list(wishes.values()), room), strict=True):
                if self.columnWidth(number) != width:
                    self.setColumnWidth(number, width)
        finally:
            self._fitting = False
        if changed:
            self._model.forget_all_cells()
            self.columns_swapped.emit()

    def _wish(self, number: int) -> Wish:
        column = self._model.columns[number]
        wish = self.wished[column.id]
        if column.id not in self.resized:
            wish = max(wish, min(self.needed.get(column.id, 0), 2 * wish))
        least = min(wish, column.min_width) if column.min_width and column.align is Align.LEFT else wish
        return Wish(wish, least, column.stretch)

    def _section_resized(self, number: int, _old: int, new: int) -> None:
        if not self._fitting and new > 0:
            self.wished[self._model.columns[number].id] = new
            self.resized.add(self._model.columns[number].id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        self.fit()

    def _left_edge(self) -> int:
        return -self.horizontalOffset()

    # ── mouse ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _clicked(self, index: QModelIndex) -> None:
        key = self.key_at(index.row())
        if key is not None:
            self.row_clicked.emit(key, self._model.columns[index.column()].id)

    def _double_clicked(self, index: QModelIndex) -> None:
        key = self.key_at(index.row())
        if key is not None:
            self.row_double_clicked.emit(key, self._model.columns[index.column()].id)

    def _current_changed(self, index: QModelIndex, _previous: QModelIndex) -> None:
        self.current_row_changed.emit(self.key_at(index.row()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the row under the mouse."""
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        self._hover(index.row(), index.column())

    def _hover(self, line: int, column: int) -> None:
        delegate = self.delegate
        if (line, column) == (delegate.hover_row, delegate.hover_column):
            return
        lines = {delegate.hover_row, line}
        delegate.hover_row, delegate.hover_column = line, column
        for one in lines:
            self.update_line(one)
        if column >= 0:
            hand = self._model.columns[column].button and self.key_at(line) is not None
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)

    def update_line(self, line: int) -> None:
        """Repaint one line."""
        if 0 <= line < len(self._model.order):
            self.viewport().update(0, self.rowViewportPosition(line), self.viewport().width(), METRICS.row_px)

    def viewportEvent(self, event: QEvent) -> bool:
        """Know whether the mouse is over the rows: the order stands still while it is (U-27)."""
        kind = event.type()
        if kind == QEvent.Type.Enter or kind == QEvent.Type.Leave:
            self.hovered = kind == QEvent.Type.Enter
            if not self.hovered:
                self._hover(-1, -1)
            self.hover_changed.emit(self.hovered)
        elif kind == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            if not index.isValid() or self._model.columns[index.column()].detail is None:
                event.ignore()
                return True
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu at the mouse, or at the current row when the keyboard asked."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._menu_at_current()
        else:
            index = self.indexAt(event.pos())
            if index.isValid() and not self.selectionModel().isRowSelected(index.row(), QModelIndex()):
                self.setCurrentIndex(index)
            self.menu_wanted.emit(event.globalPos())
        event.accept()

    def _menu_at_current(self) -> None:
        rect = self.visualRect(self.currentIndex())
        point = rect.bottomLeft() + QPoint(12, 0) if rect.isValid() else QPoint(12, 12)
        self.menu_wanted.emit(self.viewport().mapToGlobal(point))

    # ── keyboard ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def event(self, event: QEvent) -> bool:
        """Keep the keys of tables for the table that has the keyboard, whatever a window binds them to."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._keeps(event):
            event.accept()
            return True
        return super().event(event)

    def _keeps(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.Undo):
            return self.can_undo()
        return event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.Find)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter acts, Del deletes, Ctrl+C copies, Ctrl+F filters, Shift+F10 opens the menu, letters are passed on."""
        done = self._pressed(event)
        if done is None:
            super().keyPressEvent(event)
        else:
            done()
            event.accept()

    def _pressed(self, event: QKeyEvent) -> Callable[[], Any] | None:
        key, held = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        plain = held == Qt.KeyboardModifier.NoModifier
        if key in _ENTER and plain:
            current = self.current_key()
            return (lambda: self.row_activated.emit(current)) if current is not None else None
        if key in _DELETE and plain:
            keys = self.selected_keys()
            return (lambda: self.delete_pressed.emit(keys)) if keys and not event.isAutoRepeat() else lambda: None
        if event.matches(QKeySequence.StandardKey.Copy):
            return self.copy_pressed.emit
        if event.matches(QKeySequence.StandardKey.Find):
            return self.filter_pressed.emit
        if event.matches(QKeySequence.StandardKey.Undo) and self.can_undo():
            return self.undo_pressed.emit
        if key == Qt.Key.Key_Menu or (key == Qt.Key.Key_F10 and held == Qt.KeyboardModifier.ShiftModifier):
            return self._menu_at_current
        if key == Qt.Key.Key_Escape and plain:
            return self.escape_pressed.emit
        text = event.text()
        if self.takes_text and text.isalnum() and not held & ~Qt.KeyboardModifier.ShiftModifier:
            return lambda: self.text_typed.emit(text)
        return None

    def keyboardSearch(self, search: str) -> None:
        """Leave letters to the panel; Qt's own search would jump to another row."""
