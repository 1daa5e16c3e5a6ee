"""What the trade keys send: the ticket's size at the touch or at market, and reductions of the symbol in focus."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from bidmere.desk.api import DeskApi
from bidmere.desk.words import state_words
from bidmere.errors import InvalidInput
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.money import plain
from bidmere.model.orders import Limit, Market, OrderIntent, OrderState
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.spec import Bridge, Notify

T = TypeVar("T")


class TradeOrders:
    """Build and send; `template` is the ticket's present draft, None when it cannot be read."""

    def __init__(
        self, bridge: Bridge, model: DeskModel, notify: Notify, account: Callable[[], str],
        symbol: Callable[[], InstrumentId | None], template: Callable[[], OrderIntent | None],
    ) -> None:  # fmt: skip
        self._bridge = bridge
        self._model = model
        self._notify = notify
        self._account = account
        self._symbol = symbol
        self._template = template

    def order(self, side: Side, market: bool) -> None:
        """Send the ticket's size: join the own side's best price, or market with the ticket's cap."""
        self._bridge.spawn(self._order(side, market), "trade-keys.order")

    def close(self, fraction: Decimal) -> None:
        """Close a part of the symbol's position."""
        self._bridge.spawn(self._close(fraction), "trade-keys.close")

    def cancel(self) -> None:
        """Cancel the symbol's entries."""
        self._bridge.spawn(self._cancel(), "trade-keys.cancel")

    def _wanted(self) -> InstrumentId:
        symbol = self._symbol()
        if symbol is None:
            raise InvalidInput("No symbol is in focus: click a chart or ladder first.")
        return symbol

    async def _order(self, side: Side, market: bool) -> None:
        symbol, template = self._wanted(), self._template()
        if template is None or template.instrument != symbol:
            raise InvalidInput(f"The ticket has no complete size for {symbol.symbol}: set it there first.")
        quote, instrument = self._model.quotes.get(symbol), self._model.instruments.get(symbol)
        if quote is None or instrument is None:
            raise InvalidInput(f"There is no price of {symbol.symbol} yet.")
        price = instrument.to_price(quote.bid if side is Side.BUY else quote.ask)
        name = f"{'buy' if side is Side.BUY else 'sell'}-{'market' if market else 'touch'}"
        intent = OrderIntent(
            instrument=symbol,
            side=side,
            qty=template.qty,
            spec=Market() if market else Limit(price=price),
            account=self._account(),
            source=f"hotkey:{name}",
            slippage_cap=template.slippage_cap if market else None,
            dedup_key=f"hotkey:{secrets.token_hex(8)}",
        )
        result = await self._ask(lambda desk: desk.submit(intent))
        order = result.order
        text = f"{str(side).upper()} {plain(order.qty)} {symbol.symbol}: {state_words(order).text}"
        refused = order.state in (OrderState.DENIED, OrderState.REJECTED)
        reason = f". {order.reason}" if refused else ""
        self._notify(text + reason, level="error" if refused else "order", key=order.client_id)

    async def _close(self, fraction: Decimal) -> None:
        symbol, account = self._wanted(), self._account()
        result = await self._ask(
            lambda desk: desk.close_position(symbol, account, source="hotkey:close", fraction=fraction)
        )
        if result is None:
            raise InvalidInput(f"There is no position in {symbol.symbol}.")
        self._notify(f"Close of {symbol.symbol} sent.", level="order", key=result.order.client_id)

    async def _cancel(self) -> None:
        symbol = self._wanted()
        count = await self._ask(lambda desk: desk.cancel_all(source="hotkey:cancel-symbol", instrument=symbol))
        self._notify(f"{count} cancels of {symbol.symbol} sent; exits are kept.", level="order")

    async def _ask(self, ask: Callable[[DeskApi], Awaitable[T]]) -> T:
        return await self._bridge.call(ask)


def staged(
    template: OrderIntent | None, symbol: InstrumentId, account: str, side: Side | None, price: Decimal | None,
    qty: Decimal,
) -> OrderIntent:  # fmt: skip
    """Return an intent for the ticket from what a panel knows: a side and perhaps a price."""
    base = template if template is not None and template.instrument == symbol else None
    spec = Limit(price=price) if price is not None else base.spec if base is not None else Market()
    intent = OrderIntent(
        instrument=symbol, side=side or Side.BUY, qty=base.qty if base is not None else qty, spec=spec,
        account=account, source="ticket",
    )  # fmt: skip
    return replace(intent, slippage_cap=base.slippage_cap) if base is not None else intent
