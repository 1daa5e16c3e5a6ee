"""The place of one panel instance: the panel itself, or a card that says why it is not there (U-22, U-30)."""

from __future__ import annotations

import importlib
import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from bidmere_terminal.panels.registry import panel_spec
from bidmere_terminal.panels.spec import LinkGroup, Panel, PanelContext, PanelSpec
from bidmere_terminal.widgets.cards import Card, ErrorCard

log = logging.getLogger(__name__)

MakeContext = Callable[[str, LinkGroup | None, Mapping[str, Any]], PanelContext]
_LEAST = QSize(140, 90)
_MOST = QSize(330, 420)


class PanelSlot(QWidget):
    """Make the panel when it is first seen and the desk is ready; keep its state while it is not there."""

    changed = Signal()
    """Title, symbol, state pill or link group differ now."""

    def __init__(
        self, instance: str, panel: str, group: LinkGroup | None, state: Mapping[str, Any], context: MakeContext
    ) -> None:
        super().__init__()
        self.instance = instance
        self.panel_id = panel
        self.spec: PanelSpec | None = panel_spec(panel)
        self.group = group
        self.panel: Panel | None = None
        self.title = self.spec.title if self.spec is not None else panel
        self.subtitle = ""
        self.pill = ("ready", "")
        self.failed = False
        self._state = dict(state)
        self._make_context = context
        self._ready = False
        self._card: QWidget | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setObjectName(f"slot.{instance}")
        self.setProperty("surface", "panel")
        self._show_waiting()

    # ---- life of the panel
    def set_ready(self, ready: bool) -> None:
        """Allow the panel to be made: the desk answers."""
        self._ready = ready
        if ready and self.isVisible():
            self.ensure()

    def ensure(self) -> Panel | None:
        """Make the panel if it may be made now, and return it; None when it cannot be."""
        if self.panel is None and self._ready and not self.failed:
            self._make()
        return self.panel

    def reload(self) -> None:
        """Throw the panel away and make it anew from its last state."""
        self._drop()
        self.failed = False
        self.set_pill("ready", "")
        self.ensure()

    def fail(self, error: BaseException) -> None:
        """Replace the panel by a card; other panels go on."""
        self._drop()
        self.failed = True
        self.set_pill("error", "error")
        details = "".join(traceback.format_exception(error))
        card = ErrorCard(f"{self.instance}.error", "Reload panel", self.reload)
        why = str(error) or type(error).__name__
        card.show_error(f"{self.title} stopped working", f"{why} The other panels go on.", details)
        self._show_card(card)

    def shutdown(self) -> None:
        """Release what the panel holds; the slot is deleted next."""
        self._drop()

    def _make(self) -> None:
        if self.spec is None:
            self._show_unknown()
            return
        try:
            module, _, name = self.spec.factory.partition(":")
            maker = getattr(importlib.import_module(module), name)
            panel: Panel = maker(self._make_context(self.instance, self.group, self._state))
        except Exception as error:
            log.exception("The panel %s could not be made.", self.instance)
            self.fail(error)
            return
        self.panel = panel
        if not self.subtitle and self.spec.many and self.group is not None and self.group.instrument is not None:
            self.subtitle = self.group.instrument.symbol  # what it said while it was made went unheard
        panel.title_changed.connect(self._on_title)
        panel.state_pill_changed.connect(self.set_pill)
        self._show_card(None)
        self._layout.addWidget(panel)
        panel.show()
        self.changed.emit()

    def _drop(self) -> None:
        if self.panel is None:
            return
        panel, self.panel = self.panel, None
        try:
            self._state = dict(panel.save_state())
            panel.shutdown()
        except Exception:
            log.exception("The panel %s did not close cleanly.", self.instance)
        panel.setParent(None)
        panel.deleteLater()

    # ---- what the frame shows
    def set_group(self, group: LinkGroup | None) -> None:
        """Join or leave a link group."""
        self.group = group
        if self.panel is not None:
            try:
                self.panel.set_group(group)
            except Exception as error:
                log.exception("The panel %s could not follow its group.", self.instance)
                self.fail(error)
        self.changed.emit()

    def set_pill(self, kind: str, text: str) -> None:
        """Keep what the panel says of its data."""
        if self.pill != (kind, text):
            self.pill = (kind, text)
            self.changed.emit()

    def _on_title(self, title: str) -> None:
        if title != self.subtitle:
            base = self.spec.title if self.spec is not None else ""
            self.subtitle = title.removeprefix(base).strip(" ·")
            self.changed.emit()

    def state(self) -> dict[str, Any]:
        """Return the panel's state for the workspace; the last known one while it is not there."""
        if self.panel is not None:
            try:
                self._state = dict(self.panel.save_state())
            except Exception:
                log.exception("The panel %s could not tell its state.", self.instance)
        return dict(self._state)

    def dump(self) -> dict[str, Any]:
        """Return what is visible (U-252)."""
        values: dict[str, Any] = {}
        if self.panel is not None:
            try:
                values = self.panel.dump()
            except Exception as error:
                log.exception("The panel %s could not be dumped.", self.instance)
                values = {"error": str(error)}
        card = self._card if isinstance(self._card, Card) else None
        return {"values": values, "card": list(card.texts()) if card is not None else []}

    def focus_panel(self) -> None:
        """Give the keyboard to the panel, or to its card's first button."""
        target = self.panel if self.panel is not None else self._card
        if target is None:
            return
        inner = target.focusWidget() or target
        child = next((one for one in target.findChildren(QWidget) if _takes_keys(one)), None)
        (inner if _takes_keys(inner) else child or target).setFocus()

    # ---- cards
    def _show_waiting(self) -> None:
        card = Card(f"{self.instance}.waiting", self.spec.icon if self.spec is not None else "circle-question-mark")
        card.show_text("" if self.spec is not None else self.title, "Starting…")
        self._show_card(card)

    def _show_unknown(self) -> None:
        self.failed = True
        card = Card(f"{self.instance}.unknown", "circle-question-mark")
        why = "Its workspace comes from another version or a plug-in. It is kept and comes back when the panel does."
        card.show_text(f"There is no panel named “{self.panel_id}” here", why)
        self._show_card(card)

    def _show_card(self, card: QWidget | None) -> None:
        if self._card is not None:
            self._card.setParent(None)
            self._card.deleteLater()
        self._card = card
        if card is not None:
            self._layout.addWidget(card)
            card.show()

    # ---- Qt
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ensure()

    def minimumSizeHint(self) -> QSize:
        wanted = self.panel.minimumSizeHint() if self.panel is not None else _LEAST
        return wanted.boundedTo(_MOST).expandedTo(_LEAST)


def _takes_keys(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled() and bool(widget.focusPolicy().value & 1)
