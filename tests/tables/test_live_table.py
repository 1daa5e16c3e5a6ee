"""The live table through real widgets: repaint, order, freeze, editing, copies, filter, columns, state."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from bidmere_terminal.tables.columns import Align, Cell, Column, SortBy
from bidmere_terminal.tables.live_table import LiveTable
from bidmere_terminal.tables.painting import FLASH_S, Flashes


@dataclass
class Line:
    name: str
    price: float
    calls: int = 0


def price_cell(line: Line) -> Cell:
    line.calls += 1
    return Cell(f"{line.price:,.2f}")


def columns() -> list[Column]:
    return [
        Column(id="name", title="Name", width=90, stretch=1, live=False, cell=lambda r: Cell(r.name),
               value=lambda r: r.name),
        Column(id="price", title="Price", width=80, align=Align.RIGHT, flash=True, cell=price_cell,
               value=lambda r: r.price, editable=lambda r: True),
        Column(id="close", title="", hint="Close", width=50, button=True, cell=lambda r: Cell("Close")),
        Column(id="extra", title="Extra", width=60, visible=False, cell=lambda r: Cell("x"), value=lambda r: "x"),
    ]  # fmt: skip


@pytest.fixture
def table(qtbot: QtBot) -> LiveTable:
    made = LiveTable("test.table", columns())
    qtbot.addWidget(made)
    made.resize(320, 240)
    made.replace_all({number: Line(f"row {number}", 100.0 + number) for number in range(50)})
    made.show()
    qtbot.waitExposed(made)
    made.refresh()
    return made


def enter(table: LiveTable) -> None:
    here = QPointF(20, 20)
    QApplication.sendEvent(table.view.viewport(), QEnterEvent(here, here, here))


def leave(table: LiveTable) -> None:
    QApplication.sendEvent(table.view.viewport(), QEvent(QEvent.Type.Leave))


def centre(table: LiveTable, key: int, column: str) -> QPoint:
    number = next(n for n, one in enumerate(table.model.columns) if one.id == column)
    line = table.model.position(key)
    assert line is not None
    return table.view.visualRect(table.model.index(line, number)).center()


def test_only_visible_changed_rows_are_prepared_again(table: LiveTable) -> None:
    table.grab()
    for line in table.model.rows.values():
        line.calls = 0
    visible = table.visible_keys()
    assert 0 < len(visible) < 50
    table.touch([visible[1], 49])
    table.refresh()
    table.grab()
    assert table.row(visible[1]).calls == 1
    assert table.row(49).calls == 0
    assert table.row(visible[2]).calls == 0


def test_shown_text_is_always_the_rows_value(table: LiveTable) -> None:
    rng = random.Random(4)
    for _ in range(40):
        for key in rng.sample(range(50), 12):
            table.row(key).price = rng.uniform(1, 90_000)
            table.touch([key])
        if rng.random() < 0.3:
            table.view.verticalScrollBar().setValue(rng.randrange(0, 600))
        table.refresh()
        table.grab()
        for line, key in enumerate(table.shown_keys()):
            assert table.model.data(table.model.index(line, 1)) == f"{table.row(key).price:,.2f}"


def test_u27_order_stands_still_under_the_mouse_and_values_do_not(table: LiveTable) -> None:
    table.set_sort(SortBy("price", True))
    before = table.shown_keys()
    enter(table)
    table.row(0).price = 10_000.0
    table.touch([0])
    table._ordered_at = 0.0
    table.refresh()
    table.put(99, Line("new", 20_000.0))
    table.discard(5)
    table.refresh()
    assert table.shown_keys() == [*before, 99]
    leave(table)
    table._ordered_at = 0.0
    table.refresh()
    assert table.shown_keys()[:2] == [99, 0]
    assert 5 not in table.shown_keys()


def test_u27_selection_and_scroll_survive_updates(table: LiveTable) -> None:
    table.view.select_key(20)
    table.view.verticalScrollBar().setValue(20 * 22)
    top = table.visible_keys()[0]
    table.set_sort(SortBy("name", False))
    assert table.view.selected_keys() == [20]
    table.set_sort()
    table.view.verticalScrollBar().setValue(20 * 22)
    table.put(60, Line("later", 1.0))
    table.discard(0)
    table.refresh()
    assert table.view.selected_keys() == [20]
    assert table.visible_keys()[0] == top


def edit(table: LiveTable, qtbot: QtBot, key: int, text: str) -> QLineEdit:
    qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(table, key, "price"))
    qtbot.mouseDClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=centre(table, key, "price"))
    editor = next(one for one in table.view.findChildren(QLineEdit) if one.isVisible())
    qtbot.keyClicks(editor, text)
    return editor


def test_enter_sends_an_edit_and_live_updates_do_not_disturb_it(table: LiveTable, qtbot: QtBot) -> None:
    sent: list[tuple[Any, ...]] = []
    table.edited.connect(lambda *what: sent.append(what))
    editor = edit(table, qtbot, 3, "250.5")
    table.row(3).price = 7.0
    table.touch([3])
    table.put(77, Line("a", 1.0))
    table.refresh()
    assert editor.text() == "250.5"
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert sent == [(3, "price", "250.5")]


def test_escape_and_leaving_drop_an_edit(table: LiveTable, qtbot: QtBot) -> None:
    sent: list[tuple[Any, ...]] = []
    table.edited.connect(lambda *what: sent.append(what))
    qtbot.keyClick(edit(table, qtbot, 3, "1"), Qt.Key.Key_Escape)
    editor = edit(table, qtbot, 4, "2")
    QApplication.sendEvent(editor, QEvent(QEvent.Type.FocusOut))
    assert sent == []


def test_button_reports_one_press_and_a_double_click_is_one(table: LiveTable, qtbot: QtBot) -> None:
    pressed: list[tuple[Any, ...]] = []
    clicked: list[tuple[Any, ...]] = []
    table.button_pressed.connect(lambda *what: pressed.append(what))
    table.clicked.connect(lambda *what: clicked.append(what))
    where = centre(table, 2, "close")
    viewport = table.view.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=where)
    assert pressed == [(2, "close")]
    assert clicked == []


def test_u26_copy_gives_selected_rows_as_plain_numbers(table: LiveTable, qtbot: QtBot) -> None:
    table.row(1).price = 1234567.5
    table.view.select_key(1)
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Name\tPrice\nrow 1\t1234567.5"


def test_u26_filter_row_opens_with_ctrl_f_and_closes_with_escape(table: LiveTable, qtbot: QtBot) -> None:
    qtbot.keyClick(table.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert table.filter_edit.isVisible()
    qtbot.keyClicks(table.filter_edit, "row 4")
    assert table.shown_keys() == [key for key in range(50) if "4" in f"{key} {100 + key:,.2f}"]
    qtbot.keyClick(table.view, Qt.Key.Key_Escape)
    assert len(table.shown_keys()) == 50
    assert not table.filter_edit.isVisible()


def test_u26_header_sorts_and_shift_adds_levels(table: LiveTable) -> None:
    table.sort_clicked("price")
    assert table.model.sort_by == (SortBy("price", True),)
    assert table.shown_keys()[0] == 49
    table.sort_clicked("name", add=True)
    assert table.model.sort_by == (SortBy("price", True), SortBy("name", False))
    table.sort_clicked("price")
    assert table.model.sort_by == (SortBy("price", False),)
    table.sort_clicked("price")
    assert table.model.sort_by == ()


def test_u26_column_state_returns(table: LiveTable, qtbot: QtBot) -> None:
    header = table.view.horizontalHeader()
    header.moveSection(0, 1)
    table.view.choose(3, True)
    header.resizeSection(1, 133)
    table.set_sort(SortBy("name", True))
    other = LiveTable("other", columns())
    qtbot.addWidget(other)
    other.restore_state(table.save_state())
    assert other.save_state() == table.save_state()
    assert [other.model.columns[n].id for n in other.view.shown_columns()] == ["price", "name", "close", "extra"]


@pytest.mark.parametrize("state", [None, 5, {"columns": 3, "sort": "x"}, {"columns": [["price", "wide", 1], 7]}])
def test_broken_column_state_changes_nothing(qtbot: QtBot, state: Any) -> None:
    made = LiveTable("broken", columns())
    qtbot.addWidget(made)
    before = made.save_state()
    made.restore_state(state)
    assert made.save_state() == before


def test_u25_menu_opens_with_shift_f10_and_offers_the_panels_actions_first(table: LiveTable, qtbot: QtBot) -> None:
    asked: list[list[Any]] = []

    def about(menu: QMenu, keys: list[Any]) -> None:
        asked.append(keys)
        menu.addAction("Own")

    table.menu_about = about
    table.view.select_key(7)
    qtbot.keyClick(table.view, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert asked == [[7]]
    menu = table.findChild(QMenu, "test.table.menu")
    assert isinstance(menu, QMenu)
    assert menu.actions()[0].text() == "Own"
    menu.close()


def test_u29_flash_ends_and_starts_at_most_three_times_a_second() -> None:
    now = [0.0]
    flashes = Flashes(lambda: now[0])
    flashes.start("a", 1, 1)
    assert flashes.direction("a", 1) == 1
    now[0] = FLASH_S + 0.001
    assert flashes.direction("a", 1) == 0
    assert flashes.expired() == [("a", 1)]
    starts = 0
    for step in range(1_000):
        now[0] = 1.0 + step / 1_000
        before = flashes._cells.get(("a", 1))
        flashes.start("a", 1, -1)
        starts += flashes._cells[("a", 1)] is not before
    assert starts <= 3
    flashes.enabled = False
    flashes.start("b", 1, 1)
    assert flashes.direction("b", 1) == 0


def test_empty_table_says_so_and_acts(qtbot: QtBot) -> None:
    done: list[bool] = []
    made = LiveTable("empty", columns())
    qtbot.addWidget(made)
    made.empty.say("Nothing here.", "Do", lambda: done.append(True))
    made.show()
    assert made.empty.isVisible()
    made.empty.button.click()
    assert done == [True]
    made.put(1, Line("a", 1.0))
    made.refresh()
    assert not made.empty.isVisible()


def test_no_column_is_clipped_where_there_is_room(table: LiveTable) -> None:
    table.row(3).price = 123_456_789.25
    table.touch([3])
    table.refresh()
    widths = [table.view.columnWidth(number) for number in table.view.shown_columns()]
    assert sum(widths) == table.view.viewport().width()
    needed = table.paints.metrics.horizontalAdvance("123,456,789.25") + 14
    assert table.view.columnWidth(1) >= needed


def test_export_writes_what_is_shown_and_says_when_it_cannot(table: LiveTable, tmp_path: Path) -> None:
    said: list[str] = []
    table.failed.connect(said.append)
    table._menu.write(str(tmp_path / "rows.csv"))
    lines = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "Name,Price"
    assert lines[1] == "row 0,100.0"
    assert len(lines) == 51
    table._menu.write(str(tmp_path / "missing" / "rows.csv"))
    assert len(said) == 1
    assert "not exported" in said[0]


def test_columns_leave_by_their_rank_and_come_back(qtbot: QtBot) -> None:
    def column(name: str, drop: int) -> Column:
        return Column(id=name, title=name, width=100, drop=drop, cell=lambda r: Cell(r.name), value=lambda r: r.name)

    made = LiveTable("narrow", [column("a", 0), column("b", 2), column("c", 1), column("d", 0)])
    qtbot.addWidget(made)
    made.put(1, Line("x", 1.0))
    made.resize(420, 100)
    made.show()

    def shown() -> str:
        return "".join(made.model.columns[number].id for number in made.view.shown_columns())

    seen = []
    for width in (420, 340, 240, 140, 420):
        made.resize(width, 100)
        seen.append(shown())
    assert seen == ["abcd", "acd", "ad", "ad", "abcd"]
    made.resize(240, 100)
    assert [visible for _id, _width, visible in made.save_state()["columns"]] == [True] * 4
