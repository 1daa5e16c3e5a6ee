"""Workspaces in use: opened, saved two seconds after a change at the latest, switched, reset, brought back."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, QTimer, Signal

from bidmere.errors import StorageError
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.spec import Notify
from bidmere_terminal.window.defaults import SHIPPED, shipped
from bidmere_terminal.window.dock_host import DockHost
from bidmere_terminal.window.layout_store import LayoutStore
from bidmere_terminal.window.links import LinkGroups
from bidmere_terminal.window.tree import Workspace

log = logging.getLogger(__name__)
SAVE_MS = 1_500


class Workspaces(QObject):
    """Keep one workspace on the screen and all of them on disk.

    Nothing is written before `writable`: until the engine holds the profile, another desk may be using it.
    """

    switched = Signal(str)

    def __init__(
        self, docks: DockHost, links: LinkGroups, model: DeskModel, store: LayoutStore, notify: Notify,
        size: Callable[[], QSize], replaying: bool,
    ) -> None:  # fmt: skip
        super().__init__(docks)
        self._docks = docks
        self._links = links
        self._model = model
        self._store = store
        self._notify = notify
        self._size = size
        self._replaying = replaying
        self._opening = False
        self._saver = QTimer(self)
        self._saver.setObjectName("workspaces.save")
        self._saver.setSingleShot(True)
        self._saver.setInterval(SAVE_MS)
        self._saver.timeout.connect(self.save)
        self.name = ""
        self.writable = False
        docks.changed.connect(self._on_changed)

    def names(self) -> list[str]:
        """Return the shipped workspaces and those a person made."""
        return [*SHIPPED, *(name for name in self._store.names() if name not in SHIPPED)]

    def open(self, name: str) -> None:
        """Show a workspace, as it was left or as it ships."""
        if self.name:
            self.save()
        loaded = self._store.load(name)
        if loaded.problem:
            self._notify(loaded.problem, level="warning", key="layout")
        self._show(loaded.workspace or self._shipped(name))
        self.switched.emit(self.name)

    def restore_groups(self) -> None:
        """Set the link groups once the instruments are known; every group gets some symbol."""
        workspace = self._restoring
        self._links.restore(workspace.groups, self._model.instruments)
        defaults = self._shipped(workspace.name).groups
        missing = {
            letter: pair for letter, pair in defaults.items() if self._links.groups[letter].instrument is None
        }
        self._links.restore(missing, self._model.instruments)
        if self._model.instruments:
            first = next(iter(self._model.instruments))
            for letter in {entry.group for entry in workspace.panels.values() if entry.group} | set(defaults):
                if self._links.groups[letter].instrument is None:
                    self._links.groups[letter].set_instrument(first)

    def reset(self) -> None:
        """Go back to the workspace as it ships; undoable."""
        self._opening = True
        try:
            self._restoring = self._shipped(self.name)
            self._docks.replace_all("reset workspace", self._restoring)
            if self._model.ready:
                self.restore_groups()
                self._docks.set_ready(True)
        finally:
            self._opening = False
        self._saver.start()

    def save_as(self, name: str) -> None:
        """Keep the present arrangement under another name and go on there."""
        self.save()
        workspace = self._docks.workspace()
        renamed = Workspace(
            name=name,
            root=workspace.root,
            floats=workspace.floats,
            panels=workspace.panels,
            groups=workspace.groups,
        )
        self._write(renamed)
        self.name = name
        self._show(renamed)
        self.switched.emit(name)

    def save(self) -> bool:
        """Write the workspace now; False when that failed, which is said."""
        self._saver.stop()
        return self._write(self._docks.workspace()) if self.name and self.writable else True

    def stop(self) -> None:
        """Save for the last time."""
        self.save()
        self._saver.stop()

    def _write(self, workspace: Workspace) -> bool:
        try:
            self._store.save(workspace)
        except StorageError as error:
            self._notify(str(error), level="error", key="layout.save")
            return False
        return True

    def _shipped(self, name: str) -> Workspace:
        size = self._size()
        found = shipped(name, size.width(), size.height(), self._replaying)
        return Workspace(name=name, root=found.root, panels=found.panels, groups=found.groups)

    def _show(self, workspace: Workspace) -> None:
        self._opening = True
        try:
            self._restoring = workspace
            self.name = workspace.name
            self._docks.show_workspace(workspace)
            if self._model.ready:
                self.restore_groups()
                self._docks.set_ready(True)
        finally:
            self._opening = False

    def _on_changed(self) -> None:
        # Restarting at every change could put the save off for ever while a crosshair or a splitter moves.
        if not self._opening and not self._saver.isActive():
            self._saver.start()
