"""Positions: what is held, what it makes, how it is protected, and the way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from bidmere.desk.api import DeskApi
from bidmere.desk.words import MINUS, money_text
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.position import Position
from bidmere_terminal.panels.positions.columns import position_columns
from bidmere_terminal.panels.positions.figures import PositionRow, working_exits
from bidmere_terminal.panels.spec import Panel, PanelContext
from bidmere_terminal.tables.columns import Key
from bidmere_terminal.tables.live_table import LiveTable
from bidmere_terminal.widgets.labels import plain_label, set_tone

FRAME_MS = 100
SOURCE = "table"
HALF = Decimal("0.5")


class PositionsPanel(Panel):
    """List open positions of every account; P&L moves at most ten times a second (U-52)."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self._latest_ns = 0
        self.table = LiveTable(f"{name}.table", position_columns(self._age_s), self, frame_ms=FRAME_MS)
        self.table.menu_about = self._menu_about
        self.table.view.setAccessibleName("Positions")
        self.table.flashes.enabled = not context.setting("reduced_motion")
        self.table.empty.say("No open positions.", "Open the ticket", lambda: context.run_command("panel.ticket"))
        self.footer = QWidget(self)
        self._totals = {part: plain_label("", "muted", f"{name}.total.{part}") for part in _TOTALS}
        self._lay_out()
        self.table.button_pressed.connect(self._button_pressed)
        self.table.activated.connect(self._send_symbol)
        self.table.double_clicked.connect(self._show_chart)
        self.table.failed.connect(self._failed)
        self.model.positions_changed.connect(self._positions_changed)
        self.model.quotes_changed.connect(self._quotes_changed)
        self.model.orders_changed.connect(self._orders_changed)
        self.model.accounts_changed.connect(self._show_totals)
        self.model.ready_changed.connect(self._reload)
        self.table.restore_state(context.state.get("table"))
        self._reload()

    def _lay_out(self) -> None:
        bar = QHBoxLayout(self.footer)
        bar.setContentsMargins(8, 3, 8, 3)
        bar.setSpacing(18)
        self.footer.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for label in self._totals.values():
            bar.addWidget(label)
        bar.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.footer)
        self.setFocusProxy(self.table.view)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _reload(self, _ready: bool = True) -> None:
        rows = {key: self._row(one) for key, one in self.model.positions.items() if not one.is_flat}
        self.table.replace_all(rows)
        self._find_exits()
        self._show_totals()

    def _row(self, position: Position) -> PositionRow:
        return PositionRow(position, self.model.quotes.get(position.instrument.id))

    def _positions_changed(self, changed: Mapping[tuple[str, InstrumentId], Position]) -> None:
        for key, position in changed.items():
            if position.is_flat:
                self.table.discard(key)
                continue
            row: PositionRow | None = self.table.model.rows.get(key)
            if row is None:
                self.table.put(key, self._row(position))
            else:
                row.position = position
                self.table.put(key, row)
        self._find_exits()
        self._show_totals()

    def _quotes_changed(self, changed: Collection[InstrumentId]) -> None:
        touched = []
        for key, row in self.table.model.rows.items():
            if row.position.instrument.id in changed:
                row.quote = self.model.quotes[row.position.instrument.id]
                self._latest_ns = max(self._latest_ns, row.quote.ts_event)
                touched.append(key)
        if touched:
            self.table.touch(touched)

    def _orders_changed(self, _changed: object) -> None:
        self._find_exits()

    def _find_exits(self) -> None:
        if not self.table.model.rows:
            return
        exits = working_exits(self.model.orders.values())
        for key, row in self.table.model.rows.items():
            position = row.position
            side = Side.SELL if position.qty > 0 else Side.BUY
            stop, target = exits.get((position.account, position.instrument.id, side), (None, None))
            if (row.stop, row.target) != (stop, target):
                row.stop, row.target = stop, target
                self.table.touch([key])

    def _age_s(self, row: PositionRow) -> float | None:
        latest = max(self._latest_ns, row.quote.ts_event if row.quote is not None else 0)
        return (latest - row.position.opened_ns) / 1e9 if latest and row.position.opened_ns else None

    def _show_totals(self) -> None:
        value = self.model.valuations.get(self.context.account())
        self.footer.setVisible(value is not None)
        if value is None:
            return
        for part, (title, pick, signed) in _TOTALS.items():
            amount = pick(value)
            text = money_text(amount, value.currency, signed=signed)
            self._totals[part].setText(f"{title} {text}")
            set_tone(self._totals[part], {"+": "profit", MINUS: "loss"}.get(text[0], "") if signed else "")
        self._fit_totals()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the totals there is no room for."""
        super().resizeEvent(event)
        self._fit_totals()

    def _fit_totals(self) -> None:
        room = self.width() - 16
        for label in self._totals.values():
            room -= label.sizeHint().width() + 18
            label.setVisible(room >= -18)

    # ── what the user does ───────────────────────────────────────────────────────────────────────────────────────────

    def _button_pressed(self, key: Key, column: str) -> None:
        if column == "close":
            self.close_position(key)
        elif column == "half":
            self.close_position(key, HALF)

    def close_position(self, key: Key, fraction: Decimal = Decimal(1)) -> None:
        """Ask the desk to close a position or a part of it: reduce-only, capped at what is held (U-7)."""
        row: PositionRow | None = self.table.model.rows.get(key)
        if row is not None:
            self.context.bridge.spawn(self._close(row, fraction), f"{self.context.instance}.close")

    async def _close(self, row: PositionRow, fraction: Decimal) -> None:
        instrument = row.position.instrument.id
        result: Any = await self.context.bridge.call(_closing(instrument, row.position.account, fraction))
        if result is None:
            self.context.notify(f"There is nothing left to close in {instrument}.", key="positions.close")
        elif result.report.first_failure is not None:
            failed = result.report.first_failure
            self.context.notify(
                f"{instrument.symbol} was not closed. {failed.message}", level="error", detail=failed.code
            )

    def _menu_about(self, menu: QMenu, keys: list[Key]) -> None:
        if not keys:
            return
        key = keys[0]
        menu.addAction("Close at market", lambda: self.close_position(key))
        menu.addAction("Close half at market", lambda: self.close_position(key, HALF))
        menu.addAction("Chart", lambda: self._show_chart(key, ""))
        menu.addAction("Send symbol to link group\tEnter", lambda: self._send_symbol(key))

    def _send_symbol(self, key: Key) -> None:
        row: PositionRow | None = self.table.model.rows.get(key)
        if row is not None and self.context.group is not None:
            self.context.group.set_instrument(row.position.instrument.id)

    def _show_chart(self, key: Key, _column: str) -> None:
        self._send_symbol(key)
        self.context.run_command("panel.chart")

    def _failed(self, text: str) -> None:
        self.context.notify(text, level="error")

    # ── the contract of a panel ──────────────────────────────────────────────────────────────────────────────────────

    def save_state(self) -> dict[str, Any]:
        """Return the columns."""
        return {"table": self.table.save_state()}

    def dump(self) -> dict[str, Any]:
        """Return the rows and the totals as shown."""
        return {"rows": self.table.dump(), "totals": [label.text() for label in self._totals.values()]}


_TOTALS: dict[str, tuple[str, Callable[[Any], Decimal], bool]] = {
    "unrealised": ("P&L", lambda value: value.unrealised, True),
    "realised": ("Realised", lambda value: value.realised, True),
    "gross": ("Gross", lambda value: value.gross_exposure, False),
    "net": ("Net", lambda value: value.net_exposure, False),
    "margin": ("Margin", lambda value: value.margin_used, False),
}


def _closing(instrument: InstrumentId, account: str, fraction: Decimal) -> Callable[[DeskApi], Awaitable[Any]]:
    return lambda desk: desk.close_position(instrument, account, source=SOURCE, fraction=fraction)
