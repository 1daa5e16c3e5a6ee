"""What can be done with panels from keys, menus and the palette."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMainWindow

from bidmere_terminal.panels.registry import panel_spec
from bidmere_terminal.panels.spec import LinkGroup, Notify
from bidmere_terminal.window import tree
from bidmere_terminal.window.dock_host import DockHost
from bidmere_terminal.window.tree import PanelEntry


class PanelActions:
    """Show, open, cycle, maximise, reload, link and bring back panels."""

    def __init__(
        self, window: QMainWindow, docks: DockHost, notify: Notify, active_group: Callable[[], LinkGroup]
    ) -> None:
        self._window = window
        self._docks = docks
        self._notify = notify
        self._active_group = active_group

    def show_panel(self, panel_id: str) -> None:
        """Show a panel, opening it where it is not there."""
        spec = panel_spec(panel_id)
        if spec is None:
            self._notify(f"There is no panel {panel_id}.", level="warning")
            return
        existing = self._docks.panels(panel_id)
        if existing:
            self._docks.show_panel(existing[0])
        else:
            self.open_panel(panel_id)

    def new_panel(self, panel_id: str) -> None:
        """Open one more panel of a kind."""
        self.open_panel(panel_id)

    def open_panel(self, panel_id: str) -> None:
        spec = panel_spec(panel_id)
        if spec is None:
            return
        slot = self._docks.focused()
        beside = [slot.instance] if slot is not None else []
        beside += [name for name, one in self._docks.slots().items() if one.spec and one.spec.area == spec.area]
        group = self._active_group().letter if spec.linked else ""
        name = self._docks.open_panel(panel_id, spec.many, PanelEntry(panel=panel_id, group=group), beside)
        self._docks.show_panel(name)

    def cycle_panels(self, step: int) -> None:
        """Give the keyboard to the next panel in front."""
        fronts = [stack.front for stack in tree.stacks(self._docks.area.node())]
        fronts += [stack.front for one in self._docks.floats() for stack in tree.stacks(one.area.node())]
        slot = self._docks.focused()
        at = fronts.index(slot.instance) if slot is not None and slot.instance in fronts else -1 if step > 0 else 0
        if fronts:
            self._docks.show_panel(fronts[(at + step) % len(fronts)])

    def focus_first(self) -> None:
        """Give the keyboard to the watchlist, or to whatever panel comes first, where nobody has it yet."""
        fronts = [stack.front for stack in tree.stacks(self._docks.area.node())]
        if self._docks.focused(now=True) is None and fronts:
            self._docks.show_panel(next((name for name in fronts if name.startswith("watchlist")), fronts[0]))

    def next_tab(self) -> None:
        """Bring the next tab of the stack in focus to the front."""
        slot = self._docks.focused()
        view = self._docks.area.view_of(slot.instance) if slot is not None else None
        if view is not None:
            view.pick((view.current + 1) % len(view.slots_))
            view.front.focus_panel()

    def toggle_maximised(self) -> None:
        """Maximise the panel in focus, or restore."""
        slot = self._docks.focused()
        self._docks.maximise("" if self._docks.maximised else slot.instance if slot is not None else "")

    def reload_panel(self) -> None:
        """Make the panel in focus anew."""
        slot = self._docks.focused()
        if slot is not None:
            slot.reload()

    def undo_layout(self) -> None:
        """Take back the last change of the layout and say which."""
        label = self._docks.undo()
        self._notify(f"Undone: {label}." if label else "There is nothing to undo.", key="undo")

    def link_focused(self, letter: str) -> None:
        """Put the panel in focus into a link group."""
        slot = self._docks.focused()
        if slot is not None and slot.spec is not None and slot.spec.linked:
            self._docks.set_group(slot.instance, letter)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()
