"""What lies over the desk: messages, toasts, sheets, the hold ring and the panel menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMainWindow, QWidget

from bidmere_terminal.commands.keymap import Keymap
from bidmere_terminal.commands.table import Command, CommandTable
from bidmere_terminal.notices import Notice, Notices
from bidmere_terminal.widgets.hold_ring import HoldRing
from bidmere_terminal.widgets.popover import Popover
from bidmere_terminal.widgets.toasts import ToastStack
from bidmere_terminal.window.banner import AlarmBanner
from bidmere_terminal.window.dock_host import DockHost
from bidmere_terminal.window.header import Header
from bidmere_terminal.window.menus import panel_menu
from bidmere_terminal.window.message_centre import MessageCentre
from bidmere_terminal.window.sheets import Row, Sheet, go_rows, key_rows, panel_rows

KILL_TITLE = "Kill switch: block new orders, cancel all"
KILL_HOLD_S = 1.0
_LAYOUT_ROWS: tuple[Row, ...] = (
    ("Drag a title bar", "to an edge of another panel: beside it; to its middle: as a tab; outside: own window", ""),
    ("Drag a gap", "between panels to change their sizes", ""),
    ("Coloured chip", "panels with the same letter show the same symbol", ""),
    ("Double-click", "a title bar to maximise, again to restore", ""),
    ("Ctrl+Z", "takes a change of the layout back, also a closed panel", ""),
)


class Overlays(QObject):
    """Open and place everything that floats over the window; nothing here is modal or takes the keyboard unasked."""

    def __init__(
        self, window: QMainWindow, table: CommandTable, keymap: Keymap, docks: DockHost, notices: Notices,
        header: Header, banner: AlarmBanner, run: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._window = window
        self._table, self._keymap, self._docks, self._notices = table, keymap, docks, notices
        self._header, self._banner, self._run = header, banner, run
        self._sheet: Sheet | None = None
        self.toasts = ToastStack(window, self._toast_corner)
        self.ring = HoldRing(window)
        notices.added.connect(self._on_notice)
        notices.changed.connect(self._on_notices)
        banner.acknowledged.connect(notices.acknowledge)
        self.toasts.pressed.connect(self.open_messages)
        keymap.hold_began.connect(self._on_hold)
        keymap.hold_ended.connect(self._on_hold_ended)
        keymap.going.connect(self._on_going)
        self.ring.held.connect(self._on_held)
        docks.menu_asked.connect(self._on_panel_menu)

    # ---- messages
    def open_messages(self) -> None:
        """Open the message centre under the bell."""
        Popover(self._header.bell, MessageCentre(self._notices), "messages.popover").open()
        self._notices.mark_read()

    def _on_notice(self, notice: Notice) -> None:
        if notice.level != "critical" and notice.key not in ("engine-back",):
            self.toasts.show_toast(notice.level, notice.text, notice.key)

    def _on_notices(self) -> None:
        self._header.show_unread(self._notices.unread)
        self._banner.show_alarms(self._notices.critical())

    def _toast_corner(self) -> QPoint:
        """Return the lower left of the working area, away from ticket and ladder (U-216)."""
        area = self._docks.area
        return area.mapTo(self._window, QPoint(10, area.height() - 10))

    # ---- the kill switch
    def hold_kill(self) -> None:
        """Open the ring and wait for a hold; typing KILL alone does nothing."""
        self.ring.wait(KILL_TITLE, KILL_HOLD_S)

    def _on_hold(self, command: Command) -> None:
        self.ring.begin(command.title.removesuffix(" (hold)"), command.hold_s)

    def _on_hold_ended(self, _done: bool) -> None:
        self.ring.end()

    def _on_held(self) -> None:
        self._run("trading.kill")

    # ---- sheets
    def show_keys(self) -> None:
        """Show every key."""
        self._open("keys.sheet", "All keys", key_rows(self._table))

    def show_panel_keys(self) -> None:
        """Show the keys of the panel in focus."""
        slot = self._docks.focused()
        title = f"Keys of {slot.title}" if slot is not None else "Keys of a panel"
        self._open("keys.panel", title, panel_rows(slot.panel_id if slot is not None else ""), columns=1)

    def explain_layout(self) -> None:
        """Show how panels are arranged."""
        self._open("help.layout", "Arrange the desk", _LAYOUT_ROWS, columns=1)

    def _on_going(self, begun: bool) -> None:
        self.close_sheet()
        if begun:
            self._open("keys.go", "Go to …", go_rows(self._table), focus=False)

    def _open(self, name: str, title: str, rows: Sequence[Row], *, columns: int = 2, focus: bool = True) -> None:
        self.close_sheet()
        sheet = Sheet(self._window, name, title, rows, columns)
        sheet.destroyed.connect(self._forget_sheet)
        self._sheet = sheet
        sheet.open(focus)

    def close_sheet(self) -> None:
        """Close the sheet that is open."""
        sheet, self._sheet = self._sheet, None
        if sheet is not None:
            sheet.destroyed.disconnect(self._forget_sheet)
            sheet.shut()

    def _forget_sheet(self) -> None:
        self._sheet = None

    @property
    def sheet(self) -> QWidget | None:
        """The sheet that is open."""
        return self._sheet

    # ---- the ⋯ of a title bar
    def _on_panel_menu(self, instance: str, position: QPoint) -> None:
        slot = self._docks.slot(instance)
        if slot is not None:
            slot.focus_panel()
            panel_menu(self._window, slot, self._docks, self._table, self._run).popup(position)
