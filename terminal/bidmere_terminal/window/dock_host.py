"""The working area: one workspace, its panels, their windows, moves by mouse, and what can be undone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, QRect, Signal
from PySide6.QtWidgets import QApplication, QWidget

from bidmere_terminal.panels.spec import Panel
from bidmere_terminal.window import tree
from bidmere_terminal.window.dock_area import DockArea
from bidmere_terminal.window.floating import FloatWindow, on_screen, screens
from bidmere_terminal.window.links import LinkGroups
from bidmere_terminal.window.mode_badges import ModeBadges
from bidmere_terminal.window.slot import MakeContext, PanelSlot
from bidmere_terminal.window.stack_view import StackView
from bidmere_terminal.window.tree import Floating, PanelEntry, Workspace, Zone

log = logging.getLogger(__name__)
_UNDO_KEPT = 50


class DockHost(QObject):
    """Show a workspace and carry out changes of it.

    `changed`: worth saving. `arranged`: panels came or went. `moved`: a panel was put elsewhere by hand.
    `menu_asked` carries (instance, global position).
    """

    changed = Signal()
    arranged = Signal()
    menu_asked = Signal(str, object)
    moved = Signal()

    def __init__(self, window: QWidget, links: LinkGroups, context: MakeContext) -> None:
        super().__init__(window)
        self._window = window
        self._links = links
        self._make_context = context
        self._slots: dict[str, PanelSlot] = {}
        self._floats: list[FloatWindow] = []
        self._workspace = Workspace(name="", root=None)
        self._undo: list[tuple[str, Workspace]] = []
        self._ready = False
        self._last_focused = ""
        self._modes = ("SIM", "PAPER")
        self.area = self._new_area()
        links.changed.connect(self.changed)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    # ---- what there is
    def workspace(self) -> Workspace:
        """Return the workspace as it is now, panel states and floating windows included."""
        now = self._read()
        panels = {
            name: PanelEntry(
                panel=slot.panel_id,
                group=slot.group.letter if slot.group is not None else "",
                state=slot.state(),
            )
            for name, slot in self._slots.items()
        }
        return replace(now, panels={**now.panels, **panels}, groups=self._links.state())

    def slots(self) -> dict[str, PanelSlot]:
        """Return every slot by instance."""
        return dict(self._slots)

    def slot(self, instance: str) -> PanelSlot | None:
        """Return the slot of a panel."""
        return self._slots.get(instance)

    def panels(self, panel_id: str) -> list[str]:
        """Return the instances of a panel, in the order of the tree."""
        order = tree.instances(self._workspace)
        return [name for name in order if name in self._slots and self._slots[name].panel_id == panel_id]

    def floats(self) -> list[FloatWindow]:
        """Return the windows beside the main one."""
        return list(self._floats)

    def focused(self, *, now: bool = False) -> PanelSlot | None:
        """Return the slot that holds the keyboard, or held it last; with `now` only the first."""
        slot = _slot_of(QApplication.focusWidget())
        if slot is not None or now:
            return slot
        return self._slots.get(self._last_focused)

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        slot = _slot_of(new)
        if slot is not None:
            self._last_focused = slot.instance

    @property
    def maximised(self) -> str:
        """The panel shown alone, empty when all are."""
        return self._workspace.maximised

    # ---- showing
    def show_workspace(self, workspace: Workspace) -> None:
        """Replace everything by a workspace."""
        self._close_floats()
        self.area.clear()
        for slot in self._slots.values():
            slot.shutdown()
            slot.setParent(None)
            slot.deleteLater()
        self._slots = {}
        self._undo.clear()
        self._workspace = workspace
        self._render()

    def set_ready(self, ready: bool) -> None:
        """Let panels be made: the desk answers."""
        self._ready = ready
        for slot in self._slots.values():
            slot.set_ready(ready)

    def set_modes(self, data: str, execution: str) -> None:
        """Show the modes in every floating window."""
        self._modes = (data, execution)
        for window in self._floats:
            window.badges.show_modes(data, execution)

    def shutdown(self) -> None:
        """Release every panel."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.disconnect(self._on_focus)
        self._close_floats()
        for slot in self._slots.values():
            slot.shutdown()

    # ---- changes; each can be undone
    def open_panel(self, panel_id: str, many: bool, entry: PanelEntry, beside: Iterable[str]) -> str:
        """Show a panel: the one that is there, or a new one as a tab with the first of `beside` that is there."""
        existing = self.panels(panel_id)
        if existing and not many:
            self.show_panel(existing[0])
            return existing[0]
        name = tree.free_instance(self._workspace, panel_id) if many else panel_id
        now = tree.added(self._read(), name, entry)
        placed = tree.instances(now)
        target = next((one for one in beside if one in placed), "")
        now = tree.docked(now, name, target, Zone.CENTRE) if target else tree.at_edge(now, name, Zone.BOTTOM)
        self._change(f"open {panel_id}", now)
        return name

    def show_panel(self, instance: str) -> None:
        """Bring a panel to the front and give it the keyboard."""
        slot = self._slots.get(instance)
        if slot is None:
            return
        if self._workspace.maximised and self._workspace.maximised != instance:
            self.maximise("")
        for area in self._areas():
            view = area.view_of(instance)
            if view is not None:
                view.pick(view.slots_.index(slot))
                if isinstance(area.window(), FloatWindow):
                    area.window().raise_()
                    area.window().activateWindow()
        slot.focus_panel()

    def close_panel(self, instance: str) -> None:
        """Close a panel; `undo` brings it back with its state (U-155)."""
        if instance in self._slots:
            self._change(f"close {self._slots[instance].title}", tree.closed(self._read(), instance))

    def float_panel(self, instance: str) -> None:
        """Give a panel its own window, or put one back that has one."""
        now = self._read()
        if any(instance in stack.panels for one in now.floats for stack in tree.stacks(one.root)):
            self._change("dock", tree.at_edge(now, instance, Zone.RIGHT))
            return
        slot = self._slots.get(instance)
        if slot is None:
            return
        corner = slot.mapToGlobal(QPoint(24, 24))
        size = (max(360, slot.width()), max(280, slot.height()))
        self._change("float", tree.floated(now, instance, (corner.x(), corner.y(), *size)))

    def move_panel(self, instance: str, target: str, zone: Zone) -> None:
        """Put a panel beside or into the stack of another."""
        self._change("move", tree.docked(self._read(), instance, target, zone))
        self.moved.emit()

    def maximise(self, instance: str) -> None:
        """Show one panel alone; an empty name or the same one again restores."""
        now = self._read()
        wanted = "" if instance in ("", now.maximised) or instance not in self._slots else instance
        self._workspace = replace(now, maximised=wanted)
        self._render()
        self.changed.emit()

    def set_group(self, instance: str, letter: str) -> None:
        """Put a panel into a link group, or out of all."""
        slot = self._slots.get(instance)
        if slot is not None:
            slot.set_group(self._links.get(letter))
            self.changed.emit()

    def replace_all(self, label: str, workspace: Workspace) -> None:
        """Show another arrangement; undoable (`Reset workspace`)."""
        before = self.workspace()
        undo = [*self._undo, (label, before)]
        self.show_workspace(workspace)
        self._undo = undo[-_UNDO_KEPT:]
        self.changed.emit()

    def undo(self) -> str:
        """Take back the last change; returns what it was, empty when there is nothing."""
        if not self._undo:
            return ""
        label, before = self._undo.pop()
        for name, slot in self._slots.items():
            if name in before.panels:
                entry = before.panels[name]
                slot.set_group(self._links.get(entry.group))
        self._workspace = before
        self._render()
        self.changed.emit()
        return label

    # ---- inside
    def _change(self, label: str, after: Workspace) -> None:
        self._undo = [*self._undo, (label, self.workspace())][-_UNDO_KEPT:]
        self._workspace = after
        self._render()
        self.changed.emit()

    def _read(self) -> Workspace:
        """Take shares, tabs and window places from the widgets."""
        now = self._workspace
        if not now.maximised:
            now = replace(now, root=self.area.node())
        floats = []
        for window in self._floats:
            node = window.area.node()
            if node is not None:
                floats.append(Floating(window.rect_tuple(), node))
        self._workspace = replace(now, floats=tuple(floats))
        return self._workspace

    def _render(self) -> None:
        placed = tree.instances(self._workspace)
        for name in placed:
            if name not in self._slots:
                self._slots[name] = self._new_slot(name)
        self._close_floats()
        self.area.render_tree(self._workspace.root, self._workspace.maximised)
        for one in self._workspace.floats:
            self._open_float(one)
        for name in [name for name in self._slots if name not in placed]:
            slot = self._slots.pop(name)
            slot.shutdown()
            slot.setParent(None)
            slot.deleteLater()
        self.arranged.emit()

    def _new_slot(self, name: str) -> PanelSlot:
        entry = self._workspace.panels.get(name, PanelEntry(panel=name))
        slot = PanelSlot(name, entry.panel, self._links.get(entry.group), entry.state, self._make_context)
        slot.set_ready(self._ready)
        return slot

    def _new_area(self) -> DockArea:
        area = DockArea(lambda name: self._slots[name], self._connect)
        area.changed.connect(self.changed)
        return area

    def _areas(self) -> list[DockArea]:
        return [self.area, *(window.area for window in self._floats)]

    def _connect(self, view: StackView) -> None:
        view.bar.asked.connect(self._on_asked)
        view.bar.group_chosen.connect(self.set_group)
        view.bar.dragged.connect(self._on_drag)

    def _open_float(self, one: Floating) -> None:
        badges = ModeBadges(f"float{len(self._floats) + 1}.mode")
        badges.show_modes(*self._modes)
        window = FloatWindow(self._window, self._new_area(), badges)
        window.area.render_tree(one.root)
        names = [self._slots[name].title for stack in tree.stacks(one.root) for name in stack.panels]
        window.setWindowTitle(f"{', '.join(names)} — Bidmere")
        window.setGeometry(on_screen(one.rect, screens()))
        window.closing.connect(self._on_float_closing)
        window.changed.connect(self.changed)
        self._floats.append(window)
        window.show()

    def _close_floats(self) -> None:
        for window in self._floats:
            window.quiet = True
            window.area.clear()
            window.close()
            window.deleteLater()
        self._floats = []

    def _on_float_closing(self, window: FloatWindow) -> None:
        node = window.area.node()
        now = self._read()
        for stack in tree.stacks(node):
            for name in stack.panels:
                now = tree.closed(now, name)
        self._change("close window", now)

    def _on_asked(self, part: str, instance: str) -> None:
        actions: dict[str, Callable[[str], None]] = {
            "float": self.float_panel,
            "maximise": self.maximise,
            "close": self.close_panel,
        }
        if part in actions:
            actions[part](instance)
        elif part == "menu":
            view = next((found for area in self._areas() if (found := area.view_of(instance)) is not None), None)
            if view is not None:
                self.menu_asked.emit(instance, view.bar.mapToGlobal(QPoint(view.bar.width() - 90, view.bar.height())))

    def _on_drag(self, step: str, instance: str, position: QPoint) -> None:
        if self._workspace.maximised:
            return
        found = next(((area, hit) for area in self._areas() if (hit := area.zone_at(position)) is not None), None)
        rect: QRect | None = None
        if found is not None:
            _, (view, zone, rect) = found
            alone = len(view.slots_) == 1 and view.slots_[0].instance == instance
            if alone or (zone is Zone.CENTRE and any(slot.instance == instance for slot in view.slots_)):
                rect = None
        for one in self._areas():
            one.show_drop(rect if found is not None and one is found[0] and step == "move" else None)
        if step != "drop":
            return
        if found is None:
            size = self._slots[instance].size()
            where = (position.x() - 40, position.y() - 10, max(360, size.width()), max(280, size.height()))
            self._change("float", tree.floated(self._read(), instance, where))
        elif rect is not None:
            view, zone, _ = found[1]
            target = next(slot.instance for slot in view.slots_ if slot.instance != instance)
            self.move_panel(instance, target, zone)

    def panel(self, instance: str) -> Panel | None:
        """Make sure a panel exists and return it."""
        slot = self._slots.get(instance)
        return slot.ensure() if slot is not None else None


def _slot_of(widget: QWidget | None) -> PanelSlot | None:
    while widget is not None:
        if isinstance(widget, PanelSlot):
            return widget
        if isinstance(widget, StackView):
            return widget.front
        widget = widget.parentWidget()
    return None
