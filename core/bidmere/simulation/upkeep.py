"""What an exchange does by itself: funding payments of perpetuals, and taking over accounts without margin.

Margin is looked at with the data, at most once a second of clock time. A taken-over account loses its working orders
in everything but spot; then its positions are closed at market, the one with the largest maintenance margin first,
until equity covers the rest. What finds no liquidity goes to the venue at the mark less the maintenance rate.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bidmere.model.events import FundingPaid
from bidmere.model.fills import Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import ONE
from bidmere.model.orders import Market, OrderIntent, OrderState
from bidmere.model.position import Position
from bidmere.simulation.ledger import AccountBook
from bidmere.simulation.margin import funding_amount, is_margined, is_under_water, maintenance, next_funding_ns
from bidmere.simulation.working import Stage, WorkingOrder

if TYPE_CHECKING:
    from bidmere.simulation.exchange import Exchange

_CHECK_EVERY_NS = 1_000_000_000
LIQUIDATION_PREFIX = "LIQ"


class Upkeep:
    """Run the venue's own business for one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._perpetuals: list[Instrument] = []
        self._funding: dict[InstrumentId, int] = {}
        self._next_check_ns = 0

    def add(self, instrument: Instrument) -> None:
        """Take a listed instrument into care."""
        if instrument.funding_interval_hours:
            self._perpetuals.append(instrument)

    def next_funding_ns(self) -> int | None:
        """Return the next funding time, None before the clock has been seen or without perpetuals."""
        return min(self._funding.values(), default=None)

    def fund(self) -> None:
        """Book every funding payment that is due."""
        now = self._exchange.now_ns
        for instrument in self._perpetuals:
            due = self._funding.setdefault(instrument.id, next_funding_ns(instrument, now))
            while due <= now:
                self._pay(instrument, due)
                due = next_funding_ns(instrument, due)
            self._funding[instrument.id] = due

    def check_margin(self) -> None:
        """Take over the accounts whose equity no longer covers their maintenance margin."""
        exchange = self._exchange
        if exchange.now_ns < self._next_check_ns or not exchange.costs.margin:
            return
        self._next_check_ns = exchange.now_ns + _CHECK_EVERY_NS
        for book in exchange.books.values():
            if is_under_water(book, exchange.mark, exchange.rate()):
                self._take_over(book)

    def _pay(self, instrument: Instrument, due_ns: int) -> None:
        exchange, mark = self._exchange, self._exchange.mark(instrument)
        if not mark:
            return
        rate = exchange.costs.funding(instrument)
        for book in exchange.books.values():
            position = book.positions.get(instrument.id)
            if position is None or position.is_flat:
                continue
            amount = funding_amount(position, mark, rate)
            book.credit(instrument.settle, amount)
            event = FundingPaid(
                account=book.account.id,
                instrument=instrument.id,
                amount=amount,
                currency=instrument.settle,
                ts=due_ns,
            )
            exchange.report(book.account.id, event)

    def _take_over(self, book: AccountBook) -> None:
        exchange = self._exchange
        for order in tuple(exchange.working(book.account.id)):
            if is_margined(order.instrument):
                exchange.finish(order, OrderState.CANCELED, "venue", "Liquidation: the account's margin is used up.")
        rate, currency = exchange.rate(), book.account.currency

        def weight(position: Position) -> Decimal:
            return maintenance([position], exchange.mark, rate, currency)

        margined = [position for position in book.open_positions() if is_margined(position.instrument)]
        for position in sorted(margined, key=weight, reverse=True):
            self._close(book, position)
            if not is_under_water(book, exchange.mark, exchange.rate()):
                return

    def _close(self, book: AccountBook, position: Position) -> None:
        exchange, instrument = self._exchange, position.instrument
        side = Side.SELL if position.qty > 0 else Side.BUY
        client_id = LIQUIDATION_PREFIX + exchange.next_id("liquidation")
        intent = OrderIntent(
            instrument=instrument.id,
            side=side,
            qty=abs(position.qty),
            spec=Market(),
            account=book.account.id,
            source="venue",
            reduce_only=True,
            reason="liquidation",
        )
        order = WorkingOrder(
            client_id=client_id,
            venue_id=exchange.next_id("order"),
            intent=intent,
            instrument=instrument,
            spec=intent.spec,
            qty=abs(book.lots(instrument.id)),
            sign=side.sign,
            created_ns=exchange.now_ns,
        )
        exchange.links.add(order)
        matcher = exchange.matcher(instrument.id)
        matcher.go_live(order)
        if not order.is_done:
            matcher.remove(order)
            order.stage = Stage.HELD
            mark = exchange.mark(instrument) or position.avg_price
            price = mark * (ONE + side.sign * instrument.margin_maintenance)
            ticks = max(1, instrument.ticks(instrument.to_price(price)))
            exchange.fill(order, order.leaves, ticks, Liquidity.TAKER, True)
