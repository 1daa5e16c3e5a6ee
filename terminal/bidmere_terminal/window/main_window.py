"""The main window: it puts the parts together and is what commands act on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from bidmere.desk.lines import NavLine
from bidmere.errors import BidmereError, StorageError
from bidmere.kernel.clock import Clock
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import OrderIntent
from bidmere.settings.schema import DeskSettings
from bidmere.settings.store import SettingsStore
from bidmere_terminal.bridge.bridge import Bridge
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.commands.keymap import Keymap
from bidmere_terminal.commands.palette import Palette
from bidmere_terminal.commands.table import CommandTable
from bidmere_terminal.notices import Notices
from bidmere_terminal.panels.spec import LinkGroup, PanelContext
from bidmere_terminal.theme.apply import apply_theme, current
from bidmere_terminal.theme.icons import app_icon
from bidmere_terminal.theme.tokens import THEMES
from bidmere_terminal.widgets.cards import ErrorCard
from bidmere_terminal.window.actions import fill_table
from bidmere_terminal.window.banner import AlarmBanner, StartStrip
from bidmere_terminal.window.desk_actions import DeskActions
from bidmere_terminal.window.dock_host import DockHost
from bidmere_terminal.window.header import Header
from bidmere_terminal.window.layout_store import LayoutStore
from bidmere_terminal.window.line_runner import LineRunner, sentence
from bidmere_terminal.window.links import LinkGroups
from bidmere_terminal.window.menus import fill_appearance_menu, fill_main_menu, fill_trading_menu
from bidmere_terminal.window.overlays import Overlays
from bidmere_terminal.window.palette_desk import PaletteDesk
from bidmere_terminal.window.panel_actions import PanelActions
from bidmere_terminal.window.status_bar import StatusBar
from bidmere_terminal.window.status_feed import StatusFeed
from bidmere_terminal.window.ticket_link import TicketLink
from bidmere_terminal.window.trade_keys import TradeKeys
from bidmere_terminal.window.trade_orders import TradeOrders
from bidmere_terminal.window.workspaces import Workspaces

log = logging.getLogger(__name__)
LEAST = QSize(960, 600)
_SETTLED_MS = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowParts:
    """What the window is built from; the application makes these."""

    bridge: Bridge
    model: DeskModel
    settings: SettingsStore[DeskSettings]
    notices: Notices
    clock: Clock
    profile_dir: Path
    replaying: bool = False


class MainWindow(QMainWindow):
    """The desk. `closing` asks the application to stop the engine first (Q-6); `retry` to start it again."""

    closing = Signal()
    retry = Signal()

    def __init__(self, parts: WindowParts) -> None:
        super().__init__()
        self.bridge, self.model, self.settings = parts.bridge, parts.model, parts.settings
        self.notices, self.clock = parts.notices, parts.clock
        self._replaying = parts.replaying
        self.may_close = False
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLED_MS)
        self._settling.timeout.connect(self.bridge.forget_lag)
        self.setObjectName("desk")
        self.setWindowTitle("Bidmere")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(LEAST)
        self.links = LinkGroups(self)
        self.docks = DockHost(self, self.links, self._context)
        self.panels = PanelActions(self, self.docks, self.notices, self.active_group)
        self.ticket = TicketLink(
            self.docks, self.panels, self.model, self.notices, self.account, self.active_symbol
        )
        self.desk_actions = DeskActions(self.bridge, self.model, self.notices, self.account)
        self.trade_keys = TradeKeys(self._focused_panel_id, self._idle_ms, self)
        self.orders = TradeOrders(
            self.bridge, self.model, self.notices, self.account, self.active_symbol, self.ticket.draft
        )
        self.table = CommandTable(
            lambda text: self.notices(text, level="warning", key="command"),
            lambda: self.settings.value.duplicate_window_ms,
        )
        self._build()
        fill_table(self.table, self)
        self.keymap = Keymap(self, self.table, self.contain)
        self.overlays = Overlays(
            self, self.table, self.keymap, self.docks, self.notices, self.header, self.banner, self._run
        )
        self.runner = LineRunner(self, self.bridge, self.model, self.notices)
        layouts = LayoutStore(parts.profile_dir / "layouts", parts.clock)
        self.workspaces = Workspaces(
            self.docks, self.links, self.model, layouts, self.notices, self.docks.area.size, parts.replaying
        )
        self.lines = PaletteDesk(self, self.runner, self.model, self.bridge, self.table, self.workspaces.names)
        self.palette_box = Palette(self, self.lines.read, self.lines.accept)
        self.lines.bind(self.palette_box)
        self.status_feed = StatusFeed(
            self.model, self.bridge, self.header, self.status, self.notices, self.clock, self.account,
            self.active_symbol, self,
        )  # fmt: skip
        self._connect()

    def _build(self) -> None:
        self.header, self.status = Header(), StatusBar()
        self.banner, self.strip = AlarmBanner(), StartStrip()
        self.engine_card = ErrorCard("engine.error", "Retry", self.retry.emit)
        self.middle = QStackedWidget()
        self.middle.addWidget(self.docks.area)
        self.middle.addWidget(self.engine_card)
        centre = QWidget()
        centre.setProperty("surface", "bg")
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.header, self.banner, self.strip):
            layout.addWidget(widget)
        layout.addSpacing(2)
        layout.addWidget(self.middle, 1)
        layout.addSpacing(2)
        layout.addWidget(self.status)
        self.setCentralWidget(centre)
        self.strip.setVisible(not self.settings.value.start_strip_dismissed)
        self.strip.show_done(self.settings.value.start_steps_done)
        self.strip.show_source(self._replaying)

    def _connect(self) -> None:
        fill_main_menu(self.header.menu_button, self.table, self._run)
        fill_trading_menu(self.header.trading_button, self.table, self._run)
        fill_appearance_menu(self.header.settings_button, self.table, self._run)
        self.header.search.clicked.connect(lambda: self.open_palette(""))
        self.header.workspace_chosen.connect(self.open_workspace)
        self.header.account_chosen.connect(self.choose_account)
        self.header.bell.clicked.connect(self.overlays.open_messages)
        self.header.flatten.confirmed.connect(lambda: self._run("account.flatten"))
        self.strip.dismissed.connect(lambda: self._dismiss_strip(True))
        self.strip.asked.connect(self._run)
        self.bridge.failed.connect(self._on_failed)
        self.keymap.group_chosen.connect(self.panels.link_focused)
        self.trade_keys.changed.connect(self._on_trade_keys)
        self.trade_keys.pressed.connect(self._run)
        self.palette_box.opened.connect(self._on_palette)
        self.workspaces.switched.connect(self._on_workspace)
        self.docks.moved.connect(lambda: self.step_done("workspace"))
        self.model.fills_added.connect(lambda _fills: self.step_done("order"))
        self.status.set_action("messages", "Open the messages", self.overlays.open_messages)
        self.status.set_action("risk", "Show the risk panel", lambda: self.panels.show_panel("risk"))
        self.status.set_action("strategies", "Show the strategies", lambda: self.panels.show_panel("strategies"))

    # ---- what others ask
    def is_ready(self) -> bool:
        """The engine answers."""
        return self.model.ready

    def account(self) -> str:
        """Return the chosen account, the first one where none was chosen."""
        chosen = self.settings.value.account
        return chosen if chosen in self.model.accounts else next(iter(self.model.accounts), "")

    def active_group(self) -> LinkGroup:
        """Return the group of the panel with the keyboard, A where it has none."""
        slot = self.docks.focused()
        return slot.group if slot is not None and slot.group is not None else self.links.groups["A"]

    def active_symbol(self) -> InstrumentId | None:
        """Return the symbol in focus."""
        return self.active_group().instrument

    def _focused_panel_id(self) -> str:
        slot = self.docks.focused(now=True)
        return slot.panel_id if slot is not None else ""

    def _idle_ms(self) -> int:
        return self.settings.value.trade_keys_idle_min * 60_000

    def _context(self, instance: str, group: LinkGroup | None, state: Mapping[str, Any]) -> PanelContext:
        return PanelContext(
            instance=instance,
            bridge=self.bridge,
            model=self.model,
            notify=self.notices,
            account=self.account,
            run_command=self.run_command,
            setting=self.setting,
            set_setting=self.set_setting,
            group=group,
            state=state,
        )

    def setting(self, name: str) -> Any:
        """Return a setting of the desk, or what a panel kept under a name of its own (None: nothing)."""
        value = self.settings.value
        return getattr(value, name) if name in value.__dataclass_fields__ else value.panels.get(name)

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a setting of the desk, or of a panel under a name of its own."""
        known = name in self.settings.value.__dataclass_fields__
        self._save_setting(name if known else "panels", value if known else {**self.settings.value.panels, name: value})

    def _save_setting(self, name: str, value: Any) -> None:
        try:
            self.settings.set(name, value)
        except StorageError as error:
            self.notices(str(error), level="error", key="settings.save")
        except BidmereError as error:
            self.notices(str(error), level="warning")

    def run_command(self, command_id: str, **details: Any) -> None:
        """Run a command of the table for a panel."""
        self._run(command_id, **details)

    def _run(self, command_id: str, **details: Any) -> None:
        try:
            self.table.run(command_id, **details)
        except Exception as error:  # noqa: BLE001 - contained and reported; a slot must not raise
            self.contain(error)

    def contain(self, error: BaseException) -> None:
        """Tell an error of a command or slot; the desk goes on (U-22)."""
        if not isinstance(error, BidmereError):
            log.error("A command failed.", exc_info=error)
        self.notices(sentence(error), level="warning" if isinstance(error, BidmereError) else "error")

    # ---- engine
    def engine_ready(self) -> None:
        """Bring the panels to life."""
        self.middle.setCurrentWidget(self.docks.area)
        self.workspaces.writable = True
        self.workspaces.restore_groups()
        self.docks.set_modes(self.model.data_mode, self.model.execution_mode)
        self.docks.set_ready(True)
        if self._replaying and not self.docks.panels("replay"):
            self.panels.show_panel("replay")
        self.panels.focus_first()
        self._settling.start()
        self.status_feed.refresh()
        self.status_feed.show_account()

    def engine_failed(self, error: BaseException, details: str) -> None:
        """Show why there is no engine, with a way to try again."""
        self.engine_card.show_error("The desk could not start", sentence(error), details)
        self.middle.setCurrentWidget(self.engine_card)
        self.status_feed.message = ("engine not running", "bad")
        self.engine_card.retry_button.setFocus()
        self.status_feed.refresh()

    def engine_starting(self) -> None:
        """Show that the engine is on its way."""
        self.middle.setCurrentWidget(self.docks.area)
        self.status_feed.message = ("Starting the engine…", "off")
        self.status_feed.refresh()

    # ---- palette and lines (LineShell)
    def open_palette(self, text: str) -> None:
        """Open the palette with a text."""
        self.palette_box.open_with(text)

    def open_order_line(self) -> None:
        """Open the palette with the active symbol in it."""
        symbol = self.active_symbol()
        self.palette_box.open_with(f"{symbol.symbol} " if symbol is not None else "")

    def look(self, line: NavLine) -> None:
        """Show what a line names."""
        if line.workspace:
            self.open_workspace(line.workspace)
            return
        group = self.links.groups.get(line.group) or self.active_group()
        if line.view:
            self.panels.show_panel(line.view)
            slot = self.docks.focused()
            group = slot.group if slot is not None and slot.group is not None else group
        if line.timeframe is not None:
            group.set_timeframe(line.timeframe)
        if line.symbol is not None:
            group.set_instrument(line.symbol)

    def stage(self, intent: OrderIntent) -> bool:
        """Put an intent into the ticket; False when there is none."""
        return self.ticket.stage(intent)

    def hold_kill(self) -> None:
        """Open the ring of the kill switch."""
        self.overlays.hold_kill()

    def trade_order(self, side: Side, market: bool) -> None:
        """Send what a trade key means."""
        self.orders.order(side, market)

    def trade_close(self, fraction: str) -> None:
        """Close a part of the symbol in focus."""
        self.orders.close(Decimal(fraction))

    def trade_cancel(self) -> None:
        """Cancel the entries of the symbol in focus."""
        self.orders.cancel()

    # ---- workspaces
    def open_workspace(self, name: str) -> None:
        """Switch to a workspace; an unknown name is said."""
        known = {one.lower(): one for one in self.workspaces.names()}
        found = known.get(name.lower())
        if found is None:
            self.notices(f"There is no workspace {name}: {', '.join(known.values())}.", level="warning")
            return
        if found != self.workspaces.name:
            self.trade_keys.turn_off("the workspace changed")
            self.workspaces.open(found)

    def open_workspace_number(self, number: int) -> None:
        """Switch to the n-th workspace."""
        names = self.workspaces.names()
        if number <= len(names):
            self.open_workspace(names[number - 1])

    def save_workspace(self) -> None:
        """Save now and say so."""
        if self.workspaces.save():
            self.notices(f"Workspace {self.workspaces.name} saved.", key="workspace.save")

    def copy_workspace(self) -> None:
        """Go on with a copy of the workspace under a free name."""
        names = set(self.workspaces.names())
        number = next(one for one in range(2, 1_000) if f"{self.workspaces.name} {one}" not in names)
        self.workspaces.save_as(f"{self.workspaces.name} {number}")

    def reset_workspace(self) -> None:
        """Go back to the workspace as it ships."""
        self.workspaces.reset()
        self.notices("The workspace is as it ships. Ctrl+Z brings yours back.", key="workspace.reset")

    def _on_workspace(self, name: str) -> None:
        self._save_setting("workspace", name)
        self.header.show_workspaces(self.workspaces.names(), name)
        self.setWindowTitle(f"{name} — Bidmere")

    # ---- small things
    def choose_account(self, account: str) -> None:
        """Trade with another account from now on."""
        self.trade_keys.turn_off("the account changed")
        self._save_setting("account", account)
        self.status_feed.show_account()

    def set_theme(self, name: str) -> None:
        """Change the colours; an unknown name is said."""
        if name not in THEMES:
            self.notices(f"There is no theme {name}: {', '.join(THEMES)}.", level="warning")
            return
        app = QApplication.instance()
        if isinstance(app, QApplication) and current().id != name:
            apply_theme(app, THEMES[name])
        self._save_setting("theme", name)

    def set_density(self, name: str) -> None:
        """Change how high rows are, for panels made from now on."""
        self._save_setting("density", name)
        for slot in self.docks.slots().values():
            slot.reload()

    def step_done(self, step: str) -> None:
        """Tick off a first step."""
        done = self.settings.value.start_steps_done
        if step not in done:
            self._save_setting("start_steps_done", (*done, step))
            self.strip.show_done((*done, step))

    def show_start_strip(self) -> None:
        """Bring the first steps back."""
        self._dismiss_strip(False)

    def _dismiss_strip(self, away: bool) -> None:
        self._save_setting("start_strip_dismissed", away)
        self.strip.setVisible(not away)

    def _on_palette(self) -> None:
        self.trade_keys.turn_off("the palette took the keyboard")
        self.step_done("palette")

    def _on_trade_keys(self, on: bool, why: str) -> None:
        self.header.show_keys(on)
        if why:
            self.notices(f"Trade keys are off: {why}.", key="trade-keys")

    def _on_failed(self, name: str, error: object) -> None:
        if isinstance(error, BaseException):
            level = "warning" if isinstance(error, BidmereError) else "error"
            self.notices(sentence(error), level=level, detail=name)

    # ---- end
    def close_desk(self) -> None:
        """Quit as the close button does."""
        self.close()

    def release(self) -> None:
        """Save and let go of everything; called once the engine has stopped or is about to."""
        self._settling.stop()
        self.workspaces.stop()
        self.status_feed.stop()
        self.keymap.release()
        self.trade_keys.release()
        self.overlays.toasts.clear()
        self.docks.shutdown()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.may_close:
            event.accept()
            return
        event.ignore()
        self.closing.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.strip.set_narrow(self.width() < 1100)
        self.overlays.toasts.place()
