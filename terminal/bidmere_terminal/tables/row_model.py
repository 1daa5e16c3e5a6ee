"""The rows of a live table as Qt sees them: our own order, our own dirty set, no proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from bidmere_terminal.tables.columns import Align, Cell, Column, Heading, Key, Row, SortBy
from bidmere_terminal.tables.row_order import Group, table_order

_Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_ROLE = Qt.ItemDataRole


class RowModel(QAbstractTableModel):
    """Hold rows by key, the order they are shown in, and the prepared cells of those that were painted."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.rows: dict[Key, Row] = {}
        self.order: list[Key] = []
        self.sort_by: tuple[SortBy, ...] = ()
        self.wanted: Callable[[Row], bool] | None = None
        self.group: Group | None = None
        self.text = ""
        self.text_columns: Sequence[Column] = self.columns
        self._gone: set[Key] = set()
        self._positions: dict[Key, int] = {}
        self._cells: dict[Key, list[Cell | None]] = {}

    # ── what Qt asks ─────────────────────────────────────────────────────────────────────────────────────────────────

    def rowCount(self, parent: _Index = _NO_INDEX) -> int:
        """Return how many lines are shown."""
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: _Index = _NO_INDEX) -> int:
        """Return how many columns there are, hidden ones included."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        """Return texts for screen readers, tips and tests; painting goes by `cell`."""
        if not index.isValid() or index.row() >= len(self.order):
            return None
        key = self.order[index.row()]
        if isinstance(key, Heading):
            return key.text if role == _ROLE.DisplayRole and index.column() == 0 else None
        column = self.columns[index.column()]
        if role == _ROLE.DisplayRole or role == _ROLE.AccessibleTextRole:
            cell = self.cell(key, index.column())
            return cell.text + cell.suffix
        if role == _ROLE.ToolTipRole:
            return column.detail(self.rows[key]) if column.detail is not None else None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        """Return column titles and hints."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == _ROLE.DisplayRole:
            return column.title
        if role == _ROLE.ToolTipRole:
            return column.hint or column.title
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Headings cannot be chosen; some cells can be edited."""
        if not index.isValid() or isinstance(self.order[index.row()], Heading):
            return Qt.ItemFlag.NoItemFlags
        result = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        editable = self.columns[index.column()].editable
        if editable is not None and editable(self.rows[self.order[index.row()]]):
            result |= Qt.ItemFlag.ItemIsEditable
        return result

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, key: Key, row: Row) -> None:
        """Add a row or replace it; it is shown at the next `reorder`."""
        self.rows[key] = row
        self._gone.discard(key)

    def replace_all(self, rows: Mapping[Any, Row]) -> None:
        """Hold exactly these rows, in this natural order; others stay readable until `set_order` drops them."""
        leaving = {key: row for key, row in self.rows.items() if key not in rows and key in self._positions}
        self._gone = set(leaving)
        self.rows = {**rows, **leaving}

    def discard(self, key: Key) -> None:
        """Take a row out; it stays readable until the next `set_order` no longer shows it."""
        if key in self._positions:
            self._gone.add(key)
        else:
            self.rows.pop(key, None)

    def forget_cells(self, keys: Iterable[Key]) -> None:
        """Drop the prepared cells of changed rows."""
        cells = self._cells
        if cells:
            for key in keys:
                cells.pop(key, None)

    def forget_all_cells(self) -> None:
        """Drop every prepared cell."""
        self._cells.clear()

    def cell(self, key: Key, column: int) -> Cell:
        """Return a prepared cell, preparing it when needed."""
        cells = self._cells.get(key)
        if cells is None:
            cells = self._cells[key] = [None] * len(self.columns)
        found = cells[column]
        if found is None:
            found = cells[column] = self.columns[column].cell(self.rows[key])
        return found

    def prepared(self, key: Key) -> list[Cell | None] | None:
        """Return the cells prepared so far, None when the row was not painted since it changed."""
        return self._cells.get(key)

    def position(self, key: Key) -> int | None:
        """Return the line of a row, None when it is not shown."""
        return self._positions.get(key)

    def wanted_order(self) -> list[Key]:
        """Return the order the rows should have now."""
        gone = self._gone
        return table_order(
            {key: row for key, row in self.rows.items() if key not in gone} if gone else self.rows,
            self.columns,
            sort=self.sort_by,
            wanted=self.wanted,
            text=self.text,
            text_columns=self.text_columns,
            group=self.group,
        )

    def set_order(self, order: list[Key]) -> bool:
        """Show another order with removals, moves and insertions, so that selection and editors survive (U-27)."""
        if order == self.order:
            return False
        kept = set(order)
        self._remove_missing(kept)
        present = set(self.order)
        self._permute([key for key in order if key in present])
        self._insert_new(order, present)
        self._index()
        return True

    def _index(self) -> None:
        self._positions = {key: line for line, key in enumerate(self.order)}

    def _remove_missing(self, kept: set[Key]) -> None:
        line = len(self.order) - 1
        while line >= 0:
            if self.order[line] in kept:
                line -= 1
                continue
            last = line
            while line >= 0 and self.order[line] not in kept:
                line -= 1
            self.beginRemoveRows(_NO_INDEX, line + 1, last)
            gone = self.order[line + 1 : last + 1]
            del self.order[line + 1 : last + 1]
            for key in gone:
                self._cells.pop(key, None)
                if key in self._gone:
                    self._gone.discard(key)
                    self.rows.pop(key, None)
            self.endRemoveRows()

    def _permute(self, order: list[Key]) -> None:
        if order == self.order:
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        moved = {key: line for line, key in enumerate(order)}
        new = [self.index(moved[self.order[index.row()]], index.column()) for index in old]
        self.order = order
        self._index()
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()

    def _insert_new(self, order: list[Key], present: set[Key]) -> None:
        line = 0
        while line < len(order):
            if order[line] in present:
                line += 1
                continue
            first = line
            while line < len(order) and order[line] not in present:
                line += 1
            self.beginInsertRows(_NO_INDEX, first, line - 1)
            self.order[first:first] = order[first:line]
            self.endInsertRows()


def alignment(column: Column) -> Qt.AlignmentFlag:
    """Return Qt's flags for a column's alignment."""
    side = {
        Align.LEFT: Qt.AlignmentFlag.AlignLeft,
        Align.RIGHT: Qt.AlignmentFlag.AlignRight,
        Align.CENTRE: Qt.AlignmentFlag.AlignHCenter,
    }[column.align]
    return side | Qt.AlignmentFlag.AlignVCenter
