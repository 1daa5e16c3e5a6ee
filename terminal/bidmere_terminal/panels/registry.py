"""The panels that exist. Adding one is one row here and one folder."""

from __future__ import annotations

from bidmere_terminal.panels.spec import Area, PanelSpec

PANELS: tuple[PanelSpec, ...] = (
    PanelSpec(id="watchlist", title="Watchlist", icon="list", area=Area.LEFT, key="W",
              factory="bidmere_terminal.panels.watchlist.panel:WatchlistPanel"),
    PanelSpec(id="chart", title="Chart", icon="chart-candlestick", area=Area.CENTRE, key="C", many=True,
              factory="bidmere_terminal.panels.chart.panel:ChartPanel"),
    PanelSpec(id="ticket", title="Order ticket", icon="ticket", area=Area.RIGHT, key="T",
              factory="bidmere_terminal.panels.ticket.panel:TicketPanel"),
    PanelSpec(id="ladder", title="Ladder", icon="list-ordered", area=Area.RIGHT, key="L", many=True,
              factory="bidmere_terminal.panels.ladder.panel:LadderPanel"),
    PanelSpec(id="positions", title="Positions", icon="layers", area=Area.BOTTOM, key="P", linked=False,
              factory="bidmere_terminal.panels.positions.panel:PositionsPanel"),
    PanelSpec(id="orders", title="Orders", icon="scroll-text", area=Area.BOTTOM, key="O", linked=False,
              factory="bidmere_terminal.panels.orders.panel:OrdersPanel"),
    PanelSpec(id="account", title="Account", icon="wallet", area=Area.BOTTOM, linked=False,
              factory="bidmere_terminal.panels.account.panel:AccountPanel"),
    PanelSpec(id="risk", title="Risk", icon="shield", area=Area.BOTTOM, key="R", linked=False,
              factory="bidmere_terminal.panels.risk.panel:RiskPanel"),
    PanelSpec(id="strategies", title="Strategies", icon="bot", area=Area.BOTTOM, key="S", linked=False,
              factory="bidmere_terminal.panels.strategies.panel:StrategiesPanel"),
    PanelSpec(id="replay", title="Replay", icon="history", area=Area.BOTTOM, key="Y", linked=False,
              factory="bidmere_terminal.panels.replay.panel:ReplayPanel"),
    PanelSpec(id="log", title="Log", icon="file-text", area=Area.BOTTOM, key="M", linked=False,
              factory="bidmere_terminal.panels.log.panel:LogPanel"),
)  # fmt: skip


def panel_spec(panel_id: str) -> PanelSpec | None:
    """Return the panel of an id, None when there is no such panel (then a placeholder is shown, U-30)."""
    return next((spec for spec in PANELS if spec.id == panel_id), None)
