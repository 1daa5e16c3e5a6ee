"""How cells are painted: one delegate, prepared colours and fonts, nothing made inside a paint."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from bidmere_terminal.tables.columns import Align, Cell, Column, Heading, Key
from bidmere_terminal.tables.export import canonical_cell
from bidmere_terminal.tables.row_model import RowModel, alignment
from bidmere_terminal.theme import METRICS, Theme, current, ui_font

PADDING_PX = 6
FLASH_S = 0.24
FLASH_GAP_S = 0.34
_TEXT_FLAGS = int(Qt.TextFlag.TextSingleLine)
_State = QStyle.StateFlag


class Paints:
    """Colours, pens and fonts of the current theme, made once per theme."""

    def __init__(self) -> None:
        self.use(current())

    def use(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.theme = theme
        self._colours: dict[str, QColor] = {}
        self._pens: dict[str, QPen] = {}
        self.font = ui_font()
        self.strong = ui_font(weight=600)
        self.small = ui_font(METRICS.caption_px)
        self.metrics = QFontMetrics(self.font)
        self.small_metrics = QFontMetrics(self.small)

    def colour(self, role: str) -> QColor:
        """Return a token's colour."""
        found = self._colours.get(role)
        if found is None:
            found = self._colours[role] = QColor(self.theme.colour(role))
        return found

    def pen(self, role: str) -> QPen:
        """Return a one-pixel pen of a token's colour."""
        found = self._pens.get(role)
        if found is None:
            found = self._pens[role] = QPen(self.colour(role))
        return found


class Flashes:
    """Remember which cells just changed and in what direction; at most three starts a second per cell (U-29)."""

    def __init__(self, now: Callable[[], float] = perf_counter) -> None:
        self._now = now
        self._cells: dict[tuple[Key, int], tuple[float, int]] = {}
        self.enabled = True

    def start(self, key: Key, column: int, direction: int) -> None:
        """Flash a cell unless it flashed a moment ago."""
        if not self.enabled:
            return
        now = self._now()
        last = self._cells.get((key, column))
        if last is None or now - last[0] >= FLASH_GAP_S:
            self._cells[key, column] = (now, direction)

    def direction(self, key: Key, column: int) -> int:
        """Return +1 or -1 while a cell flashes, else 0."""
        found = self._cells.get((key, column))
        return found[1] if found is not None and self._now() - found[0] < FLASH_S else 0

    def expired(self) -> list[tuple[Key, int]]:
        """Return the cells that have just stopped flashing, and forget those that may flash again."""
        now, ended = self._now(), []
        for cell, (began, direction) in list(self._cells.items()):
            if direction and now - began >= FLASH_S:
                ended.append(cell)
                self._cells[cell] = (began, 0)
            elif now - began >= FLASH_GAP_S:
                del self._cells[cell]
        return ended

    def __bool__(self) -> bool:
        return bool(self._cells)


class CellDelegate(QStyledItemDelegate):
    """Paint every cell of a table from its prepared Cell, and edit those that may be edited."""

    edited = Signal(object, str, str)
    editing_changed = Signal(bool)

    def __init__(self, model: RowModel, paints: Paints, flashes: Flashes, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        self._model = model
        self._paints = paints
        self._flashes = flashes
        self._flags = [int(alignment(column)) | _TEXT_FLAGS for column in model.columns]
        self.hover_row = -1
        self.hover_column = -1
        self.left_edge: Callable[[], int] = lambda: 0

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint background, flash and text of one cell."""
        line, number = index.row(), index.column()
        model, paints = self._model, self._paints
        rect: QRect = option.rect
        key = model.order[line]
        if isinstance(key, Heading):
            self._paint_heading(painter, rect, key.text)
            return
        column = model.columns[number]
        cell = model.cell(key, number)
        selected = bool(option.state & _State.State_Selected)
        if selected:
            painter.fillRect(rect, paints.colour("selection"))
        elif line == self.hover_row:
            painter.fillRect(rect, paints.colour("raised"))
        if column.flash and (way := self._flashes.direction(key, number)):
            painter.fillRect(rect.adjusted(0, 1, 0, -1), paints.colour("up_soft" if way > 0 else "down_soft"))
        if column.paint is not None:
            painter.save()
            column.paint(painter, QRectF(rect).adjusted(PADDING_PX, 3, -PADDING_PX, -3), model.rows[key], paints)
            painter.restore()
        elif column.button:
            if cell.text:
                self._paint_button(painter, rect, cell, line == self.hover_row and number == self.hover_column)
        else:
            self._paint_text(painter, rect, cell, column, self._flags[number])

    def _paint_text(self, painter: QPainter, rect: QRect, cell: Cell, column: Column, flags: int) -> None:
        paints = self._paints
        if cell.fill:
            width = paints.metrics.horizontalAdvance(cell.text) + 10
            left = (
                rect.right() - PADDING_PX + 5 - width if column.align is Align.RIGHT else rect.left() + PADDING_PX - 5
            )
            painter.fillRect(QRect(left, rect.top() + 3, width, rect.height() - 6), paints.colour(cell.fill))
        inner = rect.adjusted(PADDING_PX, 0, -PADDING_PX, 0)
        text = cell.text
        painter.setFont(paints.font)
        if not cell.suffix:
            if paints.metrics.horizontalAdvance(text) > inner.width():
                text = paints.metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
            painter.setPen(paints.pen(cell.role))
            painter.drawText(inner, flags, text)
            return
        room = paints.small_metrics.horizontalAdvance(cell.suffix)
        length = paints.metrics.horizontalAdvance(text)
        if length + room > inner.width():
            if column.align is Align.LEFT:  # the name before its suffix
                self._paint_text(painter, rect, cell._replace(suffix=""), column, flags)
                return
            text = paints.metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, inner.width() - room))
            length = paints.metrics.horizontalAdvance(text)
        left = inner.right() + 1 - room - length if column.align is Align.RIGHT else inner.left()
        box = QRect(left, inner.top(), length + 1, inner.height())
        painter.setPen(paints.pen(cell.role))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter) | _TEXT_FLAGS, text)
        painter.setFont(paints.small)
        painter.setPen(paints.pen("text_faint"))
        box.setLeft(left + length)
        box.setWidth(room + 2)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter) | _TEXT_FLAGS, cell.suffix)

    def _paint_heading(self, painter: QPainter, rect: QRect, text: str) -> None:
        """Paint the part of a group heading that falls into one cell, so that it reads across all of them."""
        paints = self._paints
        painter.save()
        painter.setClipRect(rect)
        painter.setFont(paints.small)
        painter.setPen(paints.pen("text_faint"))
        left = self.left_edge()
        box = QRect(left + PADDING_PX, rect.top() + 2, 600, rect.height() - 2)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter) | _TEXT_FLAGS, text)
        painter.setPen(paints.pen("border"))
        start = left + PADDING_PX + paints.small_metrics.horizontalAdvance(text) + 8
        middle = rect.center().y() + 1
        if start < rect.right():
            painter.drawLine(max(start, rect.left()), middle, rect.right(), middle)
        painter.restore()

    def _paint_button(self, painter: QPainter, rect: QRect, cell: Cell, hovered: bool) -> None:
        paints = self._paints
        box = QRectF(rect).adjusted(3, 3, -3, -3)
        boxed = cell.role != "danger"  # a quiet × shows its frame only under the mouse
        if hovered:
            painter.fillRect(box, paints.colour("danger_soft" if cell.role == "danger" else "pressed"))
        elif boxed:
            painter.fillRect(box, paints.colour("raised"))
        if boxed or hovered:
            painter.setPen(paints.pen("danger_border" if cell.role == "danger" and hovered else "border_strong"))
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setFont(paints.small if len(cell.text) > 1 else paints.font)
        painter.setPen(paints.pen(cell.role))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter) | _TEXT_FLAGS, cell.text)

    # ── editing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        """Open a line edit with the plain number, selected."""
        editor = QLineEdit(parent)
        column = self._model.columns[index.column()]
        editor.setObjectName(f"{self._view.objectName()}.edit.{column.id}")
        editor.setAccessibleName(column.title)
        editor.setAlignment(alignment(column))
        editor.setFont(self._paints.font)
        self.editing_changed.emit(True)
        editor.destroyed.connect(self._editor_gone)
        return editor

    def _editor_gone(self) -> None:
        self.editing_changed.emit(False)

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        """Fill the editor once; live updates never overwrite what is being typed (U-27)."""
        if isinstance(editor, QLineEdit) and not editor.isModified() and not editor.text():
            key = self._model.order[index.row()]
            editor.setText(canonical_cell(self._model.columns[index.column()], self._model.rows[key]))
            editor.selectAll()

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Fill the cell."""
        editor.setGeometry(option.rect)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Enter sends, Escape and leaving drop: a change never leaves by accident."""
        if isinstance(editor, QLineEdit):
            if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    self._send(editor)
                    self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)
                    return True
                if event.key() == Qt.Key.Key_Escape:
                    self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.RevertModelCache)
                    return True
            if event.type() == QEvent.Type.FocusOut:
                self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.RevertModelCache)
                return False
        return False

    def _send(self, editor: QLineEdit) -> None:
        index = self._view.indexAt(editor.geometry().center())
        key = self._model.order[index.row()] if index.isValid() else None
        if key is not None and not isinstance(key, Heading):
            self.edited.emit(key, self._model.columns[index.column()].id, editor.text().strip())
