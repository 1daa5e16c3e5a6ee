"""The rows of the command table: what the window can do, from which key, and of which class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from bidmere.model.market import Side
from bidmere_terminal.commands.table import ActionClass, Command, CommandTable
from bidmere_terminal.panels.registry import PANELS
from bidmere_terminal.theme.tokens import THEMES
from bidmere_terminal.window.overlays import KILL_HOLD_S

if TYPE_CHECKING:
    from bidmere_terminal.window.main_window import MainWindow

N, S, R, X, A = ActionClass
DENSITIES = ("compact", "normal", "roomy")


def fill_table(table: CommandTable, window: MainWindow) -> None:
    """Add every command of the window."""
    table.add(*_palette(window), *_panels(window), *_layout(window), *_workspaces(window))
    table.add(*_trading(window), *_trade_keys(window), *_appearance(window), *_help(window))


def _palette(window: MainWindow) -> list[Command]:
    return [
        Command(id="palette.open", title="Search or type a command", action_class=N, keys="Ctrl+K", group="Go",
                run=partial(window.open_palette, ""), words="palette command find symbol"),
        Command(id="palette.order", title="Type an order for the active symbol", action_class=S, keys="Ctrl+Shift+K",
                group="Go", run=window.open_order_line, words="order line buy sell"),
    ]  # fmt: skip


def _panels(window: MainWindow) -> list[Command]:
    rows = [
        Command(id=f"panel.{spec.id}", title=f"Show {spec.title}", action_class=N, go_key=spec.key, group="Panels",
                run=partial(window.panels.show_panel, spec.id), words=f"panel open {spec.id}")
        for spec in PANELS
    ]  # fmt: skip
    rows += [
        Command(id=f"panel.new.{spec.id}", title=f"New {spec.title}", action_class=N, group="Panels",
                run=partial(window.panels.new_panel, spec.id), words="add another panel")
        for spec in PANELS
        if spec.many
    ]  # fmt: skip
    return rows


def _layout(window: MainWindow) -> list[Command]:
    docks = window.docks

    def on_focused(act: Callable[[str], None]) -> Callable[[], None]:
        def run() -> None:
            slot = docks.focused()
            if slot is not None:
                act(slot.instance)

        return run

    def has_focus() -> bool:
        return docks.focused() is not None

    why = "Click into a panel first."
    return [
        Command(id="panel.next", title="Next panel", action_class=N, keys="F6", group="View",
                run=partial(window.panels.cycle_panels, 1)),
        Command(id="panel.previous", title="Previous panel", action_class=N, keys="Shift+F6", group="View",
                run=partial(window.panels.cycle_panels, -1)),
        Command(id="panel.next-tab", title="Next tab", action_class=N, keys="Ctrl+Tab", group="View",
                run=window.panels.next_tab),
        Command(id="panel.maximise", title="Maximise or restore the panel", action_class=N, keys="Alt+Return",
                group="View", run=window.panels.toggle_maximised),
        Command(id="panel.float", title="Move the panel to its own window", action_class=N, group="View",
                run=on_focused(docks.float_panel), enabled_when=has_focus, why_not=why, words="detach dock float"),
        Command(id="panel.close", title="Close the panel", action_class=N, keys="Ctrl+W", group="View",
                run=on_focused(docks.close_panel), enabled_when=has_focus, why_not=why),
        Command(id="panel.reload", title="Reload the panel", action_class=N, group="View",
                run=window.panels.reload_panel, enabled_when=has_focus, why_not=why),
        Command(id="layout.undo", title="Undo the last change of the layout", action_class=N, keys="Ctrl+Z",
                group="View", run=window.panels.undo_layout),
        Command(id="window.full-screen", title="Full screen", action_class=N, keys="F11", group="View",
                run=window.panels.toggle_full_screen),
        *(Command(id=f"link.{letter or 'none'}", action_class=N, enabled_when=has_focus, why_not=why,
                  title=f"Link the panel to group {letter}" if letter else "Unlink the panel",
                  run=partial(window.panels.link_focused, letter)) for letter in ("", *"ABCDEFGH")),
    ]  # fmt: skip


def _workspaces(window: MainWindow) -> list[Command]:
    rows = [
        Command(id=f"workspace.{number}", title=f"Workspace {number}", action_class=N, keys=f"Ctrl+{number}",
                run=partial(window.open_workspace_number, number))
        for number in range(1, 10)
    ]  # fmt: skip
    return [
        *rows,
        Command(id="workspace.save", title="Save the workspace", action_class=N, keys="Ctrl+S", group="Workspace",
                run=window.save_workspace),
        Command(id="workspace.copy", title="Copy the workspace under a new name", action_class=N, group="Workspace",
                keys="Ctrl+Shift+S", run=window.copy_workspace, words="new save as"),
        Command(id="workspace.reset", title="Reset the workspace", action_class=N, group="Workspace",
                run=window.reset_workspace, words="default layout"),
    ]  # fmt: skip


def _trading(window: MainWindow) -> list[Command]:
    desk = window.desk_actions
    ready = window.is_ready
    why = "The engine is not running."
    return [
        Command(id="ticket.focus", title="New order (go to the ticket)", action_class=S, keys="F9", group="Trading",
                run=window.ticket.focus, words="order ticket buy sell"),
        Command(id="ticket.stage", title="Fill the ticket", action_class=S, run=window.ticket.stage_details,
                words="draft ticket"),
        Command(id="orders.cancel-entries", title="Cancel all entries (exits stay)", action_class=R,
                keys="Ctrl+Shift+X", group="Trading", run=desk.cancel_entries, enabled_when=ready, why_not=why),
        Command(id="account.flatten", title="Flatten the account", action_class=R, run=desk.flatten, group="Trading",
                enabled_when=ready, why_not=why, words="close all positions"),
        Command(id="trading.on", title="Let new orders through", action_class=X, group="Trading",
                run=partial(desk.trading_state, "ACTIVE"), enabled_when=ready, why_not=why, words="active resume"),
        Command(id="trading.reduce", title="Let only reducing orders through", action_class=R, group="Trading",
                run=partial(desk.trading_state, "REDUCING"), enabled_when=ready, why_not=why),
        Command(id="trading.halt", title="Halt trading: no new orders", action_class=R, group="Trading",
                run=partial(desk.trading_state, "HALTED"), enabled_when=ready, why_not=why, words="stop pause"),
        Command(id="trading.kill", title="Kill switch (hold)", action_class=R, keys="Ctrl+Shift+Backspace",
                hold_s=KILL_HOLD_S, group="Trading", run=desk.kill, enabled_when=ready, why_not=why,
                words="emergency stop everything"),
        Command(id="trading.clear-kill", title="Clear the kill switch", action_class=A, run=desk.clear_kill,
                enabled_when=ready, why_not=why),
        Command(id="trade-keys.toggle", title="Trade keys on or off", action_class=N, keys="Ctrl+Shift+T",
                group="Trading", run=window.trade_keys.toggle, checked_when=lambda: window.trade_keys.on),
    ]  # fmt: skip


def _trade_keys(window: MainWindow) -> list[Command]:
    order = window.trade_order
    return [
        Command(id="trade.buy-bid", title="Buy at the bid", action_class=X, keys="B", scope="trade",
                run=partial(order, Side.BUY, False)),
        Command(id="trade.sell-ask", title="Sell at the ask", action_class=X, keys="S", scope="trade",
                run=partial(order, Side.SELL, False)),
        Command(id="trade.buy-market", title="Buy at market", action_class=X, keys="Shift+B", scope="trade",
                run=partial(order, Side.BUY, True)),
        Command(id="trade.sell-market", title="Sell at market", action_class=X, keys="Shift+S", scope="trade",
                run=partial(order, Side.SELL, True)),
        Command(id="trade.cancel-symbol", title="Cancel the symbol's entries", action_class=R, keys="C", scope="trade",
                run=window.trade_cancel),
        Command(id="trade.close-half", title="Close half of the position", action_class=R, keys="Z", scope="trade",
                run=partial(window.trade_close, "0.5")),
        Command(id="trade.flatten-symbol", title="Close the position of the symbol", action_class=R, keys="F",
                scope="trade", run=partial(window.trade_close, "1")),
    ]  # fmt: skip


def _appearance(window: MainWindow) -> list[Command]:
    rows = [
        Command(id=f"theme.{theme.id}", title=f"Theme: {theme.title}", action_class=N, group="Appearance",
                run=partial(window.set_theme, theme.id), words="colours appearance",
                checked_when=lambda theme=theme: window.settings.value.theme == theme.id)  # type: ignore[misc]
        for theme in THEMES.values()
    ]  # fmt: skip
    rows += [
        Command(id=f"density.{name}", title=f"Rows: {name}", action_class=N, group="Appearance",
                run=partial(window.set_density, name), words="density",
                checked_when=lambda name=name: window.settings.value.density == name)  # type: ignore[misc]
        for name in DENSITIES
    ]  # fmt: skip
    return rows


def _help(window: MainWindow) -> list[Command]:
    return [
        Command(id="messages.open", title="Show the messages", action_class=N, group="Help",
                run=lambda: window.overlays.open_messages()),
        Command(id="help.keys", title="All keys", action_class=N, keys="F1", group="Help",
                run=lambda: window.overlays.show_keys(), words="shortcuts hotkeys sheet"),
        Command(id="help.scope-keys", title="Keys of this panel", action_class=N, keys="Shift+F1", group="Help",
                run=lambda: window.overlays.show_panel_keys()),
        Command(id="help.layout", title="How to arrange the desk", action_class=N, group="Help",
                run=lambda: window.overlays.explain_layout()),
        Command(id="help.start", title="Show the first steps again", action_class=N, group="Help",
                run=window.show_start_strip, words="tour start"),
        Command(id="app.quit", title="Quit", action_class=N, keys="Ctrl+Q", group="Help", run=window.close_desk),
    ]  # fmt: skip
