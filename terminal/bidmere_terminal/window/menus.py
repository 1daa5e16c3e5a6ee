"""Menus made from the command table: the main menu, the small ones of the header, and a panel's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from bidmere_terminal.commands.table import Command, CommandTable
from bidmere_terminal.widgets.link_chip import LETTERS, group_icon
from bidmere_terminal.window.dock_host import DockHost
from bidmere_terminal.window.slot import PanelSlot

Run = Callable[[str], None]


def _add(menu: QMenu, commands: Iterable[Command], run: Run) -> None:
    group = QActionGroup(menu)
    group.setExclusive(False)
    for command in commands:
        keys = command.keys or (f"Ctrl+G, {command.go_key}" if command.go_key else "")
        # The text after a tab is shown at the right; a real shortcut here would fire twice beside the keymap's.
        action = QAction(f"{command.title}\t{keys}" if keys else command.title, menu)
        action.setObjectName(f"menu.{command.id}")
        action.triggered.connect(lambda _checked=False, one=command.id: run(one))
        menu.addAction(action)
        if command.checked_when is not None:
            action.setCheckable(True)

    def refresh() -> None:
        for action in menu.actions():
            name = action.objectName().removeprefix("menu.")
            command = next((one for one in commands if one.id == name), None)
            if command is not None:
                action.setEnabled(command.enabled_when())
                if command.checked_when is not None:
                    action.setChecked(command.checked_when())

    menu.aboutToShow.connect(refresh)


def fill_main_menu(button: QToolButton, table: CommandTable, run: Run) -> None:
    """Give the menu button every group of the table as a submenu."""
    menu = QMenu(button)
    menu.setObjectName("header.menu.menu")
    for title, commands in table.groups().items():
        submenu = menu.addMenu(title)
        submenu.setObjectName(f"header.menu.{title.lower()}")
        _add(submenu, commands, run)
    button.setMenu(menu)


def fill_trading_menu(button: QToolButton, table: CommandTable, run: Run) -> None:
    """Give the trading state its choices; clearing the kill switch is only here."""
    menu = QMenu(button)
    menu.setObjectName("header.trading.menu")
    names = ("trading.on", "trading.reduce", "trading.halt", "trading.clear-kill")
    _add(menu, [table.get(name) for name in names], run)
    button.setMenu(menu)


def fill_appearance_menu(button: QToolButton, table: CommandTable, run: Run) -> None:
    """Give the settings button themes and densities."""
    menu = QMenu(button)
    menu.setObjectName("header.settings.menu")
    themes = [one for one in table if one.id.startswith("theme.")]
    _add(menu, themes, run)
    menu.addSeparator()
    _add(menu, [one for one in table if one.id.startswith("density.")], run)
    button.setMenu(menu)


def panel_menu(window: QWidget, slot: PanelSlot, docks: DockHost, table: CommandTable, run: Run) -> QMenu:
    """Return the menu of a panel: what can be done with its frame, its link group, and the panels of its kind."""
    menu = QMenu(window)
    menu.setObjectName(f"frame.{slot.instance}.menu.menu")
    menu.aboutToHide.connect(menu.deleteLater)
    for text, act in (
        ("Maximise or restore\tAlt+Enter", docks.maximise),
        ("Own window, or back", docks.float_panel),
    ):
        menu.addAction(text).triggered.connect(partial(_call, act, slot.instance))
    menu.addAction("Reload").triggered.connect(lambda _checked=False: slot.reload())
    if slot.spec is not None and slot.spec.linked:
        links = menu.addMenu("Link group")
        for letter in ("", *LETTERS):
            action = links.addAction(group_icon(letter), f"Group {letter}" if letter else "Not linked")
            action.triggered.connect(partial(_call_group, docks, slot.instance, letter))
    menu.addSeparator()
    add = menu.addMenu("Open panel")
    _add(add, [one for one in table if one.group == "Panels"], run)
    menu.addSeparator()
    menu.addAction("Close\tCtrl+W").triggered.connect(partial(_call, docks.close_panel, slot.instance))
    return menu


def _call(act: Callable[[str], None], instance: str, _checked: bool = False) -> None:
    act(instance)


def _call_group(docks: DockHost, instance: str, letter: str, _checked: bool = False) -> None:
    docks.set_group(instance, letter)
