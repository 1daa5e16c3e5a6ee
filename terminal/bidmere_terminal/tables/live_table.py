"""A table that lives: rows by key, repainted at 30 Hz where visible and changed, ordered at 1 Hz."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget

from bidmere_terminal.tables.columns import Cell, Column, Heading, Key, Row, SortBy
from bidmere_terminal.tables.empty_state import EmptyState
from bidmere_terminal.tables.export import as_tsv
from bidmere_terminal.tables.painting import PADDING_PX, Flashes, Paints
from bidmere_terminal.tables.row_model import RowModel
from bidmere_terminal.tables.row_order import Group
from bidmere_terminal.tables.table_menu import TableMenu
from bidmere_terminal.tables.table_view import TableView
from bidmere_terminal.theme import METRICS, Theme, theme_changes

FRAME_MS = 33
ORDER_S = 0.7
_SAME_WIDTH = str.maketrans("123456789", "000000000")  # tabular figures: one measure serves all


class LiveTable(QWidget):
    """Show keyed rows; panels put rows, touch those whose values changed, and listen.

    Signals carry row keys and column ids. `menu_about` is called with (menu, keys) before a context menu opens.
    """

    activated = Signal(object)
    clicked = Signal(object, str)
    button_pressed = Signal(object, str)
    double_clicked = Signal(object, str)
    current_changed = Signal(object)
    delete_pressed = Signal(list)
    edited = Signal(object, str, str)
    typed = Signal(str)
    failed = Signal(str)

    def __init__(
        self, name: str, columns: Sequence[Column], parent: QWidget | None = None, *, frame_ms: int = FRAME_MS
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.paints = Paints()
        self.flashes = Flashes()
        self.model = RowModel(columns, self)
        self.view = TableView(self.model, self.paints, self.flashes, self)
        self.view.setObjectName(f"{name}.rows")
        self.empty = EmptyState(name, self.view.viewport())
        self.filter_edit = QLineEdit(self)
        self.menu_about: Callable[[QMenu, list[Key]], None] | None = None
        self._menu = TableMenu(self)
        self._frame_ms = frame_ms
        self._dirty: set[Key] = set()
        self._flash_values: dict[tuple[Key, int], Any] = {}
        self._shapes: set[tuple[int, str]] = set()
        self._rows_changed = False
        self._order_forced = False
        self._order_stale = False
        self._editing = False
        self._ordered_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setObjectName(f"{name}.frame")
        self._timer.timeout.connect(self.refresh)
        self._lay_out(name)
        self._connect()

    def _lay_out(self, name: str) -> None:
        self.filter_edit.setObjectName(f"{name}.filter")
        self.filter_edit.setAccessibleName("Filter")
        self.filter_edit.setPlaceholderText("Filter — every word must occur")
        self.filter_edit.setClearButtonEnabled(True)
        self.filter_edit.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.filter_edit)
        layout.addWidget(self.view, 1)

    def _connect(self) -> None:
        view = self.view
        view.row_activated.connect(self.activated)
        view.row_clicked.connect(self._on_clicked)
        view.row_double_clicked.connect(self.double_clicked)
        view.current_row_changed.connect(self.current_changed)
        view.delete_pressed.connect(self.delete_pressed)
        view.text_typed.connect(self.typed)
        view.copy_pressed.connect(self.copy)
        view.filter_pressed.connect(self.open_filter)
        view.escape_pressed.connect(self.close_filter)
        view.hover_changed.connect(self._hover_changed)
        view.menu_wanted.connect(self.open_menu)
        view.columns_swapped.connect(self._measure)
        view.delegate.edited.connect(self.edited)
        view.delegate.editing_changed.connect(self._editing_changed)
        header = view.horizontalHeader()
        header.sectionClicked.connect(self._header_clicked)
        header.customContextMenuRequested.connect(self._header_menu)
        self.filter_edit.textChanged.connect(self.set_text)
        self.filter_edit.returnPressed.connect(view.setFocus)
        theme_changes().changed.connect(self._theme_changed)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, key: Key, row: Row) -> None:
        """Add a row or replace it."""
        self.model.put(key, row)
        self._dirty.add(key)
        self._rows_changed = True
        self._wake()

    def replace_all(self, rows: Mapping[Any, Row]) -> None:
        """Show exactly these rows, in this order where nothing is sorted."""
        self.model.replace_all(rows)
        self._dirty.update(rows)
        self._rows_changed = True
        self._wake()

    def discard(self, key: Key) -> None:
        """Take a row out."""
        self.model.discard(key)
        self._rows_changed = True
        self._wake()

    def touch(self, keys: Iterable[Key]) -> None:
        """Say whose values changed; the cost is one set operation."""
        self._dirty.update(keys)
        self._wake()

    def touch_all(self) -> None:
        """Say that every row may have changed."""
        self._dirty.update(self.model.rows)
        self._wake()

    def row(self, key: Key) -> Row:
        """Return a row by its key. Raises KeyError."""
        return self.model.rows[key]

    def set_wanted(self, wanted: Callable[[Row], bool] | None) -> None:
        """Show only the rows a predicate wants, at once."""
        self.model.wanted = wanted
        self._reorder_now()

    def set_group(self, group: Group | None) -> None:
        """Put rows under headings by (rank, title)."""
        self.model.group = group
        self._reorder_now()

    def set_sort(self, *by: SortBy) -> None:
        """Sort by these levels, at once."""
        known = {column.id for column in self.model.columns}
        self.model.sort_by = tuple(level for level in by if level.column in known)
        self.view.horizontalHeader().viewport().update()
        self._reorder_now()

    def set_text(self, text: str) -> None:
        """Show only rows that contain every word of a text, at once."""
        self.model.text_columns = self.text_columns()
        self.model.text = text
        self._reorder_now()

    def shown_keys(self) -> list[Key]:
        """Return the rows from top to bottom, without headings."""
        return [key for key in self.model.order if not isinstance(key, Heading)]

    def visible_keys(self) -> list[Key]:
        """Return the rows that are on the screen now."""
        first, last = self._visible_lines()
        return [key for key in self.model.order[first : last + 1] if not isinstance(key, Heading)]

    # ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _wake(self) -> None:
        if not self._timer.isActive() and self.isVisible():
            self._timer.start(self._frame_ms)

    @property
    def _frozen(self) -> bool:
        return self.view.hovered or self._editing

    def refresh(self) -> None:
        """Bring the screen up to date: order if due, then the changed visible cells, then ended flashes."""
        now = perf_counter()
        due = now - self._ordered_at >= ORDER_S
        if self._dirty and any(self._is_live(level.column) for level in self.model.sort_by):
            self._order_stale = True
        if self._rows_changed or self._order_forced or (self._order_stale and due and not self._frozen):
            self._reorder()
        if self._dirty:
            self._repaint_changed()
        for key, column in self.flashes.expired():
            self._update_cell(key, column)
        if self.flashes or (self._order_stale and not self._frozen):
            self._wake()

    def _is_live(self, column_id: str) -> bool:
        return any(column.id == column_id and column.live for column in self.model.columns)

    def _reorder_now(self) -> None:
        self._order_forced = True
        if self.isVisible():
            self._reorder()
        else:
            self._wake()

    def _reorder(self) -> None:
        model = self.model
        order = model.wanted_order()
        if self._frozen and not self._order_forced:
            present = set(model.order)
            order = model.order + [key for key in order if key not in present and not isinstance(key, Heading)]
            self._order_stale = True
        else:
            self._order_stale = False
        self._rows_changed = self._order_forced = False
        self._ordered_at = perf_counter()
        anchor = self._scroll_anchor()
        if model.set_order(order):
            self._restore_scroll(anchor)
            self._measure()
        if model.order:
            self.empty.hide()
        else:
            self.empty.setGeometry(self.view.viewport().rect())
            self.empty.show()

    def _scroll_anchor(self) -> tuple[Key, int] | None:
        bar = self.view.verticalScrollBar()
        line = self.view.rowAt(0)
        if bar.value() == 0 or not 0 <= line < len(self.model.order):
            return None
        return self.model.order[line], self.view.rowViewportPosition(line)

    def _restore_scroll(self, anchor: tuple[Key, int] | None) -> None:
        line = self.model.position(anchor[0]) if anchor is not None else None
        if anchor is not None and line is not None:
            bar = self.view.verticalScrollBar()
            bar.setMaximum(max(0, len(self.model.order) * METRICS.row_px - self.view.viewport().height()))
            bar.setValue(line * METRICS.row_px - anchor[1])

    def _visible_lines(self) -> tuple[int, int]:
        first, last = self.view.rowAt(0), self.view.rowAt(self.view.viewport().height() - 1)
        return max(0, first), last if last >= 0 else len(self.model.order) - 1

    def _repaint_changed(self) -> None:
        dirty, self._dirty = self._dirty, set()
        model, view = self.model, self.view
        first, last = self._visible_lines()
        shown = [(number, model.columns[number]) for number in view.shown_columns() if model.columns[number].live]
        seen: set[Key] = set()
        grown = False
        for line in range(first, last + 1):
            key = model.order[line]
            if key not in dirty:
                continue
            seen.add(key)
            cells = model.prepared(key)
            if cells is None:
                view.update_line(line)
                continue
            row = model.rows[key]
            for number, column in shown:
                cell = column.cell(row)
                if column.flash:
                    self._flash(key, number, column.value(row))
                if cell != cells[number] or column.paint is not None:
                    cells[number] = cell
                    grown = self._grow(number, cell) or grown
                    self._update_rect(line, number)
        model.forget_cells(dirty - seen)
        if grown:
            view.fit()

    def _measure(self) -> None:
        """Widen columns whose longest text does not fit; they never shrink by themselves."""
        numbers = self.view.shown_columns()
        grown = [self._grow(number, self.model.cell(key, number)) for key in self.visible_keys() for number in numbers]
        if any(grown):
            self.view.fit()

    def _grow(self, number: int, cell: Cell) -> bool:
        shape = (number, (cell.text + cell.suffix).translate(_SAME_WIDTH))
        if shape in self._shapes:
            return False
        self._shapes.add(shape)
        column = self.model.columns[number]
        width = self.paints.metrics.horizontalAdvance(cell.text) + 2 * PADDING_PX + 2
        if cell.suffix:
            width += self.paints.small_metrics.horizontalAdvance(cell.suffix)
        needed = self.view.needed
        if column.button or width <= needed.get(column.id, 0):
            return False
        needed[column.id] = width
        return True

    def _flash(self, key: Key, number: int, value: Any) -> None:
        before = self._flash_values.get((key, number))
        if value == before:
            return
        self._flash_values[key, number] = value
        if before is not None and value is not None:
            self.flashes.start(key, number, 1 if value > before else -1)

    def _update_rect(self, line: int, number: int) -> None:
        view = self.view
        left, top = view.columnViewportPosition(number), view.rowViewportPosition(line)
        view.viewport().update(left, top, view.columnWidth(number), METRICS.row_px)

    def _update_cell(self, key: Key, number: int) -> None:
        line = self.model.position(key)
        if line is not None:
            self._update_rect(line, number)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed while hidden."""
        super().showEvent(event)
        self.view.fit()
        self._rows_changed = True
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop painting."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the empty state in the middle."""
        super().resizeEvent(event)
        self.empty.setGeometry(self.view.viewport().rect())

    def _hover_changed(self, hovered: bool) -> None:
        if not hovered and self._order_stale:
            self._wake()

    def _editing_changed(self, editing: bool) -> None:
        self._editing = editing
        if not editing:
            self._wake()

    def _theme_changed(self, theme: Theme) -> None:
        self.paints.use(theme)
        self.model.forget_all_cells()
        self.view.viewport().update()
        self.view.horizontalHeader().viewport().update()

    # ── what the user does ───────────────────────────────────────────────────────────────────────────────────────────

    def _on_clicked(self, key: Key, column_id: str) -> None:
        column = next(column for column in self.model.columns if column.id == column_id)
        if column.button and column.cell(self.model.rows[key]).text:
            self.button_pressed.emit(key, column_id)
        else:
            self.clicked.emit(key, column_id)

    def _header_clicked(self, number: int) -> None:
        column = self.model.columns[number]
        if not column.sortable or column.button:
            return
        add = bool(QGuiApplication.keyboardModifiers() & self._menu.shift)
        self.sort_clicked(column.id, add=add)

    def sort_clicked(self, column_id: str, *, add: bool = False) -> None:
        """Sort by a column as its header does: first the natural way, then the other, then not; `add` adds a level."""
        column = next(column for column in self.model.columns if column.id == column_id)
        first = column.align.value == "right"
        levels = list(self.model.sort_by)
        place = next((number for number, level in enumerate(levels) if level.column == column_id), None)
        old = levels[place] if place is not None else None
        new = (
            SortBy(column_id, first)
            if old is None
            else SortBy(column_id, not first)
            if old.descending == first
            else None
        )
        if not add:
            levels = [new] if new is not None else []
        elif place is None:
            levels.append(SortBy(column_id, first))
        elif new is not None:
            levels[place] = new
        else:
            del levels[place]
        self.set_sort(*levels)

    def _header_menu(self, point: QPoint) -> None:
        self._menu.open_columns(self.view.horizontalHeader().mapToGlobal(point))

    def open_menu(self, where: QPoint) -> None:
        """Open the context menu at a place of the screen."""
        self._menu.open(where, self.view.selected_keys(), self.menu_about)

    def copy(self) -> None:
        """Copy the selected rows, or all when none is selected, as tab-separated plain numbers."""
        keys = self.view.selected_keys() or self.shown_keys()
        columns = self.text_columns()
        QGuiApplication.clipboard().setText(as_tsv(columns, [self.model.rows[key] for key in keys]))

    def text_columns(self) -> list[Column]:
        """Return the visible columns that hold text, from left to right."""
        columns = [self.model.columns[number] for number in self.view.shown_columns()]
        return [column for column in columns if not column.button]

    def open_filter(self) -> None:
        """Show the filter row."""
        self.filter_edit.show()
        self.filter_edit.setFocus()
        self.filter_edit.selectAll()

    def close_filter(self) -> None:
        """Hide the filter row and show everything again."""
        self.filter_edit.clear()
        self.filter_edit.hide()

    # ── state and dump ───────────────────────────────────────────────────────────────────────────────────────────────

    def columns_changed(self) -> None:
        """Take over a change of the visible columns."""
        self.model.forget_all_cells()
        self.view.fit()
        self.model.text_columns = self.text_columns()
        self.view.viewport().update()

    def save_state(self) -> dict[str, Any]:
        """Return columns (order, width, visibility), sort and filter as JSON-able values."""
        header, columns = self.view.horizontalHeader(), self.model.columns
        numbers = [header.logicalIndex(place) for place in range(header.count())]
        return {
            "columns": [
                [columns[number].id, self.view.wished[columns[number].id], number in self.view.chosen]
                for number in numbers
            ],
            "sort": [[level.column, level.descending] for level in self.model.sort_by],
            "filter": self.model.text,
        }

    def restore_state(self, state: Any) -> None:
        """Take a state saved before; parts that do not fit are left as they are."""
        if not isinstance(state, Mapping):
            return
        numbers = {column.id: number for number, column in enumerate(self.model.columns)}
        saved = state.get("columns")
        entries = [one for one in saved if _is_column(one, numbers)] if isinstance(saved, list) else []
        for place, (column_id, width, visible) in enumerate(entries):
            number = numbers[column_id]
            header = self.view.horizontalHeader()
            header.moveSection(header.visualIndex(number), place)
            if int(width) != self.model.columns[number].width:
                self.view.wished[column_id] = min(max(int(width), 24), 2_000)
                self.view.resized.add(column_id)
            self.view.choose(number, bool(visible))
        levels = state.get("sort")
        if isinstance(levels, list):
            pairs = [one for one in levels if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str)]
            self.set_sort(*(SortBy(column, bool(down)) for column, down in pairs))
        text = state.get("filter")
        if isinstance(text, str) and text:
            self.filter_edit.show()
            self.filter_edit.setText(text)
        self.columns_changed()

    def dump(self) -> list[dict[str, str]]:
        """Return the rows as shown, every column by its title, hidden ones included."""
        texts = [column for column in self.model.columns if not column.button and column.paint is None]
        rows = [self.model.rows[key] for key in self.shown_keys()]
        return [{column.title: "".join(column.cell(row)[0:3:2]) for column in texts} for row in rows]


def _is_column(entry: Any, numbers: Mapping[str, int]) -> bool:
    return isinstance(entry, list) and len(entry) == 3 and entry[0] in numbers and isinstance(entry[1], int | float)
