"""The account: what it is worth, what it is made of, and what is left to use."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from bidmere.desk.words import MINUS, amount_text, fixed, money_text, pct_text
from bidmere.model.account import Account, Valuation
from bidmere_terminal.panels.account.equity_line import EquityLine
from bidmere_terminal.panels.spec import Panel, PanelContext
from bidmere_terminal.tables.columns import Align, Cell, Column
from bidmere_terminal.tables.live_table import LiveTable
from bidmere_terminal.widgets.labels import Figure, plain_label

Pick = Callable[[Account, Valuation], Decimal]

_MONEY: dict[str, tuple[str, Pick, bool]] = {
    "equity": ("Equity", lambda _a, v: v.equity, False),
    "day": ("Day P&L", lambda a, v: v.equity - a.day_start_equity, True),
    "unrealised": ("Unrealised", lambda _a, v: v.unrealised, True),
    "realised": ("Realised", lambda _a, v: v.realised, True),
    "cash": ("Cash", lambda _a, v: v.cash, False),
    "positions": ("Positions", lambda _a, v: v.positions_value, False),
    "margin": ("Margin used", lambda _a, v: v.margin_used, False),
    "power": ("Buying power", lambda _a, v: v.buying_power, False),
    "gross": ("Gross exposure", lambda _a, v: v.gross_exposure, False),
    "net": ("Net exposure", lambda _a, v: v.net_exposure, True),
}
_FIGURE_PX = 104


def balance_columns() -> list[Column]:
    """Return the columns of the cash table; a row is (currency, amount)."""
    return [
        Column(
            id="currency", title="Cash", width=50, live=False, stretch=1,
            cell=lambda r: Cell(r[0]), value=lambda r: r[0],
        ),
        Column(
            id="amount", title="Balance", width=76, align=Align.RIGHT, value=lambda r: r[1],
            cell=lambda r: Cell(amount_text(r[1], r[0]), "loss" if r[1] < 0 else "text"),
        ),
    ]  # fmt: skip


class AccountPanel(Panel):
    """Show the account chosen in the header, as the engine values it."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        name = context.instance
        self._shown = ""
        self.name_label = plain_label("", "title", f"{name}.name")
        self.missing_label = plain_label("", "muted", f"{name}.missing")
        self.missing_label.setProperty("tone", "warn")
        self.missing_label.setWordWrap(True)
        self.figures = {part: Figure(title, f"{name}.{part}") for part, (title, _pick, _sign) in _MONEY.items()}
        self.figures["leverage"] = Figure("Leverage", f"{name}.leverage")
        self.figures["margin_share"] = Figure("Margin of equity", f"{name}.margin-share")
        self.line = EquityLine(f"{name}.line")
        self.balances = LiveTable(f"{name}.balances", balance_columns(), self)
        self.balances.empty.say("No cash.")
        self.balances.view.setAccessibleName("Cash by currency")
        self._lay_out()
        self.model.accounts_changed.connect(self._accounts_changed)
        self.model.ready_changed.connect(self._accounts_changed)
        self._accounts_changed()

    def _lay_out(self) -> None:
        left = QWidget(self)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(0)
        self._across = 0
        box = QVBoxLayout(left)
        box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        box.setContentsMargins(10, 4, 10, 6)
        box.setSpacing(2)
        box.addWidget(self.name_label)
        box.addLayout(self._grid)
        box.addWidget(self.missing_label)
        box.addWidget(self.line, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(left, 3)
        layout.addWidget(self.balances)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put as many figures side by side as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        self.balances.setFixedWidth(min(280, max(130, self.width() // 4)))
        across = min(6, max(2, (self.width() - self.balances.width() - 20) // _FIGURE_PX))
        if across != self._across:
            self._across = across
            for number, figure in enumerate(self.figures.values()):
                self._grid.addWidget(figure, number // across, number % across)

    def _accounts_changed(self, _ready: bool = True) -> None:
        chosen = self.context.account()
        account, value = self.model.accounts.get(chosen), self.model.valuations.get(chosen)
        if account is None or value is None:
            self.name_label.setText("No account is connected.")
            return
        if chosen != self._shown:
            self._shown = chosen
            self.line.begin(value.currency)
        self.line.add(float(value.equity))
        self._show(account, value)

    def _show(self, account: Account, value: Valuation) -> None:
        self.name_label.setText(f"{account.name} · {str(account.mode).upper()} · {account.venue}")
        for part, (_title, pick, signed) in _MONEY.items():
            if part == "day" and not account.day_start_equity:
                self.figures[part].show_value("–")
                continue
            amount = pick(account, value)
            text = money_text(amount, value.currency, signed=signed)
            tone = {"+": "profit", MINUS: "loss"}.get(text[0], "") if signed and part != "net" else ""
            self.figures[part].show_value(text, tone)
        self.figures["leverage"].show_value(f"{fixed(value.leverage, 2)}×")
        share = value.margin_used / value.equity * 100 if value.equity > 0 else None
        self.figures["margin_share"].show_value(pct_text(share, 1, signed=False))
        self.missing_label.setVisible(bool(value.missing))
        if value.missing:
            names = ", ".join(value.missing)
            self.missing_label.setText(f"No rate for {names}: not counted in these figures.")
        self.balances.replace_all({currency: (currency, amount) for currency, amount in account.balances})

    def dump(self) -> dict[str, Any]:
        """Return the figures and balances as shown."""
        return {
            "account": self.name_label.text(),
            "figures": {part: figure.text for part, figure in self.figures.items()},
            "missing": self.missing_label.text() if self.missing_label.isVisibleTo(self) else "",
            "balances": self.balances.dump(),
        }


