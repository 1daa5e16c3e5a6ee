"""The way to the order ticket from everywhere else: stage a draft, read the draft, go there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import OrderIntent
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.spec import Notify, Panel
from bidmere_terminal.window.dock_host import DockHost
from bidmere_terminal.window.panel_actions import PanelActions
from bidmere_terminal.window.trade_orders import staged


class TicketLink:
    """Find the ticket panel and talk to it; it may be closed, hidden or broken."""

    def __init__(
        self, docks: DockHost, panels: PanelActions, model: DeskModel, notify: Notify, account: Callable[[], str],
        active_symbol: Callable[[], InstrumentId | None],
    ) -> None:  # fmt: skip
        self._docks = docks
        self._panels = panels
        self._model = model
        self._notify = notify
        self._account = account
        self._active_symbol = active_symbol

    def stage(self, intent: OrderIntent) -> bool:
        """Put an intent into the ticket, opening it where needed; False when there is no ticket."""
        panel = self._ticket()
        stage = getattr(panel, "stage_intent", None)
        if stage is None:
            return False
        group = panel.context.group if panel is not None else None
        if group is not None:
            group.set_instrument(intent.instrument)
        stage(intent)
        return True

    def stage_details(
        self, intent: OrderIntent | None = None, instrument: InstrumentId | None = None, side: Side | None = None,
        price: Any = None, **_more: Any,
    ) -> None:  # fmt: skip
        """Fill the ticket for a panel: a whole intent, or a symbol with a side and perhaps a price."""
        symbol = instrument or (intent.instrument if intent is not None else self._active_symbol())
        known = self._model.instruments.get(symbol) if symbol is not None else None
        if symbol is None or known is None:
            return
        if intent is None:
            level = known.to_price(price) if price is not None else None
            least = max(known.lot, known.min_qty)
            intent = staged(self.draft(), symbol, self._account(), side, level, least)
        if not self.stage(intent):
            self._notify("The order ticket could not be opened.", level="warning")

    def _ticket(self) -> Panel | None:
        existing = self._docks.panels("ticket")
        if not existing:
            self._panels.open_panel("ticket")
            existing = self._docks.panels("ticket")
        return self._docks.panel(existing[0]) if existing else None

    def draft(self) -> OrderIntent | None:
        """Return what the ticket would send now, None while it is incomplete."""
        existing = self._docks.panels("ticket")
        panel = self._docks.panel(existing[0]) if existing else None
        read = getattr(panel, "draft_intent", None)
        found = read() if read is not None else None
        return found if isinstance(found, OrderIntent) else None

    def focus(self) -> None:
        """Give the keyboard to the ticket."""
        self._panels.show_panel("ticket")
