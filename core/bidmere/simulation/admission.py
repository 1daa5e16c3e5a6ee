"""What an order must pass to get into the exchange, and the memory of what was answered."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bidmere.brokerage.execution_port import Accepted, Outcome, Refused
from bidmere.model.instrument import Instrument, InstrumentStatus
from bidmere.model.money import plain
from bidmere.model.orders import Limit, OrderIntent, OrderSpec, limit_price, trigger_price
from bidmere.simulation.links import is_closing_only
from bidmere.simulation.margin import opening_lots, reserve_per_lot
from bidmere.simulation.refusals import form_refusal, notional_refusal, refused
from bidmere.simulation.working import WorkingOrder

if TYPE_CHECKING:
    from bidmere.simulation.exchange import Exchange

_Seen = tuple[OrderIntent, Decimal, OrderSpec, Outcome]


class Admission:
    """Check new orders and changes; remember every answer by client id."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._answers: dict[str, _Seen] = {}

    def admit(
        self, client_id: str, intent: OrderIntent, qty: Decimal, spec: OrderSpec
    ) -> tuple[Outcome, WorkingOrder | None]:
        """Return the answer and, when the order is new and taken, the order."""
        if (seen := self._answers.get(client_id)) is not None:
            if seen[:3] == (intent, qty, spec):
                return seen[3], None
            return refused("V-DUPLICATE-ID", f"Order id {client_id} was used before for another order."), None
        answer, order = self._judge(client_id, intent, qty, spec)
        self._answers[client_id] = (intent, qty, spec, answer)
        return answer, order

    def remember(self, order: WorkingOrder) -> None:
        """Know an order of an earlier run again, as it was first asked for."""
        answer = Accepted(venue_id=order.venue_id, ts_venue=order.created_ns)
        self._answers[order.client_id] = (order.intent, order.intent.qty, order.intent.spec, answer)

    def replace_refusal(self, order: WorkingOrder, qty: Decimal, spec: OrderSpec) -> Refused | None:
        """Return why an order cannot be changed so, None when it can."""
        exchange, instrument = self._exchange, order.instrument
        if type(spec) is not type(order.spec):
            return refused("V-REPLACE", f"A {order.spec.kind} order cannot become a {spec.kind} order.")
        if order.triggered and trigger_price(spec) != trigger_price(order.spec):
            return refused("V-REPLACE", "The order was triggered already: its trigger cannot change.")
        if instrument.on_lot(qty) and instrument.lots(qty) < order.filled:
            return refused("V-QTY", f"{plain(instrument.qty_of(order.filled))} of it is filled already.")
        now, status = exchange.now_ns, exchange.status(instrument.id)
        problem = form_refusal(instrument, status, order.intent, qty, spec, now)
        problem = problem or notional_refusal(instrument, qty, limit_price(spec) or exchange.mark(instrument))
        if problem is None and isinstance(spec, Limit) and spec.post_only and limit_price(order.spec) != spec.price:
            problem = self._post_only(order.instrument, order.sign, spec)
        if problem is None and instrument.lots(qty) > order.qty:
            problem = self._margin(self._shaped(order, qty, spec))
        return problem

    def reserve(self, order: WorkingOrder) -> None:
        """Reserve margin for what an order would open."""
        exchange = self._exchange
        price = limit_price(order.spec) or trigger_price(order.spec) or exchange.mark(order.instrument)
        book = exchange.books[order.account]
        rate = exchange.rate()(order.instrument.settle, book.account.currency)
        if not exchange.costs.margin or is_closing_only(order) or order.intent.parent or price is None or rate is None:
            return
        order.reserved_per_lot = reserve_per_lot(order.instrument, price, rate)
        exchange.reserve(order, opening_lots(order, book.lots(order.instrument.id)))

    def _judge(
        self, client_id: str, intent: OrderIntent, qty: Decimal, spec: OrderSpec
    ) -> tuple[Outcome, WorkingOrder | None]:
        exchange = self._exchange
        instrument = exchange.instruments.get(intent.instrument)
        if instrument is None:
            return refused("V-SYMBOL", f"{intent.instrument} is not traded here."), None
        if intent.account not in exchange.books:
            return refused("V-ACCOUNT", f"Account {intent.account} is not known here."), None
        problem = form_refusal(instrument, exchange.status(instrument.id), intent, qty, spec, exchange.now_ns)
        if problem is not None:
            return problem, None
        order = WorkingOrder(
            client_id=client_id,
            venue_id="",
            intent=intent,
            instrument=instrument,
            spec=spec,
            qty=instrument.lots(qty),
            sign=intent.side.sign,
            created_ns=exchange.now_ns,
        )
        order.load(spec)
        problem = self._state_refusal(order, qty)
        if problem is not None:
            return problem, None
        order.venue_id = exchange.next_id("order")
        self.reserve(order)
        exchange.links.add(order)
        exchange.schedule_end(order)
        return Accepted(venue_id=order.venue_id, ts_venue=exchange.now_ns), order

    def _state_refusal(self, order: WorkingOrder, qty: Decimal) -> Refused | None:
        exchange, instrument, spec = self._exchange, order.instrument, order.spec
        price = limit_price(spec) or trigger_price(spec) or exchange.mark(instrument)
        closes = opening_lots(order, exchange.position_lots(order)) == 0
        status = exchange.status(instrument.id)
        if status is InstrumentStatus.CLOSE_ONLY and not (closes or is_closing_only(order)):
            return refused("V-CLOSE-ONLY", f"{instrument.id.symbol} takes only orders that close a position.")
        if not (order.intent.reduce_only or order.intent.parent):
            problem = notional_refusal(instrument, qty, price)
            if problem is not None:
                return problem
        if isinstance(spec, Limit) and spec.post_only and (problem := self._post_only(instrument, order.sign, spec)):
            return problem
        return self._link_refusal(order) or self._liquidity_refusal(order) or self._margin(order)

    def _post_only(self, instrument: Instrument, sign: int, spec: Limit) -> Refused | None:
        if not self._exchange.matcher(instrument.id).would_trade(sign, instrument.ticks(spec.price)):
            return None
        return refused("V-POST-ONLY", f"Post-only at {plain(spec.price)} would have traded at once.")

    def _link_refusal(self, order: WorkingOrder) -> Refused | None:
        entry = self._exchange.links.parent(order)
        if order.intent.parent:
            if entry is None or entry.account != order.account or entry.instrument.id != order.instrument.id:
                return refused("V-PARENT", f"Entry {order.intent.parent} of this exit is not at the venue.")
            if entry.is_done and not entry.filled:
                return refused("V-PARENT", f"Entry {order.intent.parent} of this exit ended unfilled.")
            if entry.sign == order.sign:
                return refused("V-PARENT", "An exit must be on the other side of its entry.")
            return None
        held = self._exchange.position_lots(order)
        if order.intent.reduce_only and held * order.sign >= 0:
            return refused("V-REDUCE-ONLY", f"There is no {order.instrument.id.symbol} position for it to reduce.")
        if is_closing_only(order) and not order.intent.reduce_only and order.qty > max(0, held):
            owned = plain(order.instrument.qty_of(max(0, held)))
            symbol = order.instrument.id.symbol
            return refused("V-SHORT", f"{symbol} cannot be sold short and the account holds {owned}.")
        return None

    def _liquidity_refusal(self, order: WorkingOrder) -> Refused | None:
        matcher = self._exchange.matcher(order.instrument.id)
        if order.is_limit or order.is_conditional or order.intent.parent or matcher.would_trade(order.sign, None):
            return None
        return refused("V-NO-LIQUIDITY", f"Nobody offers the other side of {order.instrument.id.symbol} now.")

    def _margin(self, order: WorkingOrder) -> Refused | None:
        exchange, instrument = self._exchange, order.instrument
        if not exchange.costs.margin or is_closing_only(order) or order.intent.parent:
            return None
        book = exchange.books[order.account]
        lots = opening_lots(order, book.lots(instrument.id))
        price = limit_price(order.spec) or trigger_price(order.spec) or exchange.mark(instrument)
        if not lots or price is None:
            return None
        rates, currency = exchange.rate(), book.account.currency
        rate = rates(instrument.settle, currency)
        if rate is None:
            return refused("V-MARGIN", f"No rate from {instrument.settle} to {currency} is known yet.")
        needed = reserve_per_lot(instrument, price, rate) * lots - order.reserved_per_lot * order.reserved_lots
        free = book.value(exchange.mark, rates).buying_power - book.reserved
        if needed <= free:
            return None
        return refused("V-MARGIN", f"It needs {needed:,.2f} {currency} of margin and {max(free, 0):,.2f} is free.")

    @staticmethod
    def _shaped(order: WorkingOrder, qty: Decimal, spec: OrderSpec) -> WorkingOrder:
        shaped = WorkingOrder(
            client_id=order.client_id,
            venue_id=order.venue_id,
            intent=order.intent,
            instrument=order.instrument,
            spec=spec,
            qty=order.instrument.lots(qty),
            sign=order.sign,
            filled=order.filled,
            reserved_per_lot=order.reserved_per_lot,
            reserved_lots=order.reserved_lots,
        )
        shaped.load(spec)
        return shaped
