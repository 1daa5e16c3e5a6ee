"""The menus of a table: what can be done with rows, which columns are shown, copies and exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from bidmere_terminal.tables.columns import Key
from bidmere_terminal.tables.export import as_csv

if TYPE_CHECKING:
    from bidmere_terminal.tables.live_table import LiveTable


class TableMenu:
    """Build and open the menus of one table."""

    shift = Qt.KeyboardModifier.ShiftModifier

    def __init__(self, table: LiveTable) -> None:
        self._table = table

    def open(self, where: QPoint, keys: list[Key], about: Callable[[QMenu, list[Key]], None] | None) -> QMenu:
        """Open the menu of rows: the panel's own actions first."""
        menu = self._menu()
        if about is not None:
            about(menu, keys)
            if menu.actions():
                menu.addSeparator()
        table = self._table
        menu.addAction("Copy rows\tCtrl+C" if keys else "Copy all rows\tCtrl+C", table.copy)
        menu.addAction("Export as CSV…", self.export)
        menu.addAction("Filter…\tCtrl+F", table.open_filter)
        self._fill_columns(menu.addMenu("Columns"))
        menu.popup(where)
        return menu

    def open_columns(self, where: QPoint) -> QMenu:
        """Open the column chooser."""
        menu = self._menu()
        self._fill_columns(menu)
        menu.popup(where)
        return menu

    def _menu(self) -> QMenu:
        menu = QMenu(self._table)
        menu.setObjectName(f"{self._table.objectName()}.menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _fill_columns(self, menu: QMenu) -> None:
        view = self._table.view
        for number, column in enumerate(self._table.model.columns):
            action = menu.addAction(column.hint.partition(" — ")[0] if not column.title else column.title)
            action.setCheckable(True)
            action.setChecked(number in view.chosen)
            action.toggled.connect(lambda on, number=number: self._show_column(number, on))
        menu.addSeparator()
        menu.addAction("Reset columns", self._reset)

    def _show_column(self, number: int, on: bool) -> None:
        view = self._table.view
        if on or len(view.chosen) > 1:
            view.choose(number, on)
            self._table.columns_changed()

    def _reset(self) -> None:
        view, columns = self._table.view, self._table.model.columns
        header = view.horizontalHeader()
        for number, column in enumerate(columns):
            header.moveSection(header.visualIndex(number), number)
            view.choose(number, column.visible)
            view.wished[column.id] = column.width
        view.resized.clear()
        self._table.columns_changed()

    def export(self) -> None:
        """Ask for a file and write every shown row into it."""
        dialog = QFileDialog(self._table, "Export as CSV")
        dialog.setObjectName(f"{self._table.objectName()}.export")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("CSV files (*.csv)")
        dialog.setDefaultSuffix("csv")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.write)
        dialog.open()

    def write(self, name: str) -> None:
        """Write the shown rows and columns as CSV; says so when the disk refuses."""
        table = self._table
        rows = [table.model.rows[key] for key in table.shown_keys()]
        try:
            Path(name).write_text(as_csv(table.text_columns(), rows), encoding="utf-8", newline="")
        except OSError as error:
            table.failed.emit(f"The table was not exported to {name}: {error.strerror}.")
