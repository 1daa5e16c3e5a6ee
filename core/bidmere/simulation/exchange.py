"""A matching exchange: synchronous, deterministic, on integer ticks and lots, for any number of accounts.

Every input (data, an order, time) returns what it caused, as (account, event) in the order in which it happened. The
same inputs give the same events. Conditional orders go off at once when their trigger has passed already.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from bidmere.brokerage.execution_port import Accepted, Outcome
from bidmere.errors import InvalidInput
from bidmere.model.account import Account, Rate
from bidmere.model.events import (
    FundingPaid,
    OrderAccepted,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderReplaced,
    OrderTriggered,
)
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentStatus
from bidmere.model.market import Book, MarketDatum, Quote, Side
from bidmere.model.orders import OrderIntent, OrderSpec, OrderState, TimeInForce
from bidmere.simulation.admission import Admission
from bidmere.simulation.fees import FeeModel, instrument_fees
from bidmere.simulation.ledger import AccountBook, MarkOf, MarkRates
from bidmere.simulation.links import Links
from bidmere.simulation.margin import FundingModel, base_funding
from bidmere.simulation.matcher import Matcher
from bidmere.simulation.refusals import refused
from bidmere.simulation.slippage import SlippageModel, no_slippage
from bidmere.simulation.upkeep import Upkeep
from bidmere.simulation.working import Stage, WorkingOrder

Report = OrderEvent | FundingPaid
Addressed = tuple[str, Report]
DAY_NS = 86_400_000_000_000
_STALE_MARK_NS = 5_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What trading costs at this exchange."""

    fees: FeeModel = instrument_fees
    slippage: SlippageModel = no_slippage
    funding: FundingModel = base_funding
    margin: bool = True


class Exchange:
    """Match the orders of several accounts with each other and with outside liquidity.

    `prefix` makes trade and venue ids unique among exchanges that report to the same journal. `fallback_mark` values
    instruments no data has come for yet. A DAY order ends at midnight UTC: this exchange never closes.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        accounts: Iterable[Account],
        *,
        costs: Costs | None = None,
        prefix: str = "",
        fallback_mark: MarkOf | None = None,
    ) -> None:
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.books = {account.id: AccountBook(account) for account in accounts}
        self.costs = costs or Costs()
        self.links = Links(self)
        self.now_ns = 0
        self.outside_lots: dict[InstrumentId, int] = {}
        self._matchers: dict[InstrumentId, Matcher] = {}
        self._status: dict[InstrumentId, InstrumentStatus] = {}
        self._prefix = prefix
        self._fallback_mark = fallback_mark
        self._numbers = {"trade": 0, "order": 0, "liquidation": 0}
        self._out: list[Addressed] = []
        self._deferred: list[Callable[[], None]] = []
        self._ends: list[tuple[int, str]] = []
        self._marks = MarkRates(self.mark)
        self._admission = Admission(self)
        self._upkeep = Upkeep(self)
        self.list_instruments(instruments)

    def list_instruments(self, instruments: Iterable[Instrument]) -> None:
        """Add instruments; one listed already is left as it is."""
        for instrument in instruments:
            if instrument.id not in self.instruments:
                self.instruments[instrument.id] = instrument
                self._marks.add(instrument)
                self._upkeep.add(instrument)

    # ── inputs ───────────────────────────────────────────────────────────────────────────────────────────────────

    def on_datum(self, datum: MarketDatum, now_ns: int | None = None) -> list[Addressed]:
        """Take a quote, a trade or a book of the feed."""
        self.now_ns = max(self.now_ns, datum.ts_recv if now_ns is None else now_ns)
        matcher = self.matcher(datum.instrument)
        if isinstance(datum, Book):
            matcher.on_book(datum)
        elif isinstance(datum, Quote):
            matcher.on_quote(datum)
        else:
            matcher.on_trade(datum)
        self._upkeep.check_margin()
        return self._settled() if self._out or self._deferred else []

    def submit(
        self, client_id: str, intent: OrderIntent, qty: Decimal, spec: OrderSpec, now_ns: int
    ) -> tuple[Outcome, list[Addressed]]:
        """Take a new order; a client id seen before gets the first answer again and makes no second order."""
        self.now_ns = max(self.now_ns, now_ns)
        answer, order = self._admission.admit(client_id, intent, qty, spec)
        if order is None:
            return answer, []
        self._report(order.account, OrderAccepted(client_id=client_id, ts=self.now_ns, venue_id=order.venue_id))
        self.links.joined(order)
        self.enter(order)
        return answer, self._settled()

    def cancel(self, client_id: str, now_ns: int) -> tuple[Outcome, list[Addressed]]:
        """Take an order out on its owner's word."""
        self.now_ns = max(self.now_ns, now_ns)
        order = self.links.get(client_id)
        if order is None or order.is_done:
            return refused("V-UNKNOWN-ORDER", f"Order {client_id} is not working here."), []
        self.finish(order, OrderState.CANCELED, "you", "")
        return Accepted(venue_id=order.venue_id, ts_venue=self.now_ns), self._settled()

    def replace(self, client_id: str, qty: Decimal, spec: OrderSpec, now_ns: int) -> tuple[Outcome, list[Addressed]]:
        """Change an order: less quantity at the same price keeps its place, anything else goes to the end."""
        self.now_ns = max(self.now_ns, now_ns)
        order = self.links.get(client_id)
        if order is None or order.is_done:
            return refused("V-UNKNOWN-ORDER", f"Order {client_id} is not working here."), []
        refusal = self._admission.replace_refusal(order, qty, spec)
        if refusal is not None:
            return refusal, []
        matcher, lots = self.matcher(order.instrument.id), order.instrument.lots(qty)
        keeps = spec == order.spec and lots <= order.qty
        if not keeps:
            matcher.remove(order)
            order.stage = Stage.HELD  # in no book: it may end here, at a price where it never stood
        self._reserve(order, -order.reserved_lots)
        order.qty = lots
        if not keeps:
            order.load(spec)
        order.shown = min(order.shown, order.leaves)
        self._admission.reserve(order)
        event = OrderReplaced(client_id=client_id, ts=self.now_ns, qty=qty, spec=spec, venue_id=order.venue_id)
        self._report(order.account, event)
        if order.leaves <= 0:
            self._end(order, OrderState.FILLED)
        elif not keeps:
            self.enter(order)
        return Accepted(venue_id=order.venue_id, ts_venue=self.now_ns), self._settled()

    def on_time(self, now_ns: int) -> list[Addressed]:
        """End the orders whose time has come and pay the funding that is due."""
        self.now_ns = max(self.now_ns, now_ns)
        self._upkeep.fund()
        while self._ends and self._ends[0][0] <= self.now_ns:
            _, client_id = heapq.heappop(self._ends)
            order = self.links.get(client_id)
            if order is not None and not order.is_done:
                kind = order.intent.tif.value
                reason = "Its time ran out." if kind == "GTD" else "The day ended (midnight UTC)."
                self.finish(order, OrderState.EXPIRED, kind, reason)
        return self._settled()

    def next_due_ns(self) -> int | None:
        """Return when `on_time` next has something to do, None when never."""
        funding, end = self._upkeep.next_funding_ns(), self._ends[0][0] if self._ends else None
        return min((due for due in (funding, end) if due is not None), default=None)

    def set_status(self, instrument: InstrumentId, status: InstrumentStatus) -> None:
        """Halt an instrument or let it trade; working orders stay."""
        self._status[instrument] = status

    # ── questions ────────────────────────────────────────────────────────────────────────────────────────────────

    def matcher(self, instrument: InstrumentId) -> Matcher:
        """Return the matcher of an instrument. Raises InvalidInput for one not listed here."""
        found = self._matchers.get(instrument)
        if found is None:
            if instrument not in self.instruments:
                raise InvalidInput(f"{instrument} is not listed at this exchange.")
            found = Matcher(self.instruments[instrument], self, self.costs.slippage)
            self._matchers[instrument] = found
        return found

    def status(self, instrument: InstrumentId) -> InstrumentStatus:
        """Return whether an instrument trades."""
        return self._status.get(instrument, self.instruments[instrument].status)

    def mark(self, instrument: Instrument) -> Decimal | None:
        """Return the middle of the outside market or the last price; where that is old or none, the fallback's."""
        matcher = self._matchers.get(instrument.id)
        known = matcher.outside.mark() if matcher is not None else None
        if self._fallback_mark is None:
            return known
        if known is None or matcher is None or self.now_ns - matcher.outside.ts > _STALE_MARK_NS:
            return self._fallback_mark(instrument)
        return known

    def rate(self) -> Rate:
        """Return the currency conversion at present marks."""
        return self._marks.rate()

    def order(self, client_id: str) -> WorkingOrder | None:
        """Return an order, ended ones too."""
        return self.links.get(client_id)

    def working(self, account: str | None = None) -> Iterator[WorkingOrder]:
        """Yield what is working, of one account or of all."""
        for order in self.links.working():
            if account in (None, order.account):
                yield order

    def active_instruments(self) -> set[InstrumentId]:
        """Return where an order works or a position is open: what the exchange needs prices for."""
        held = {position.instrument.id for book in self.books.values() for position in book.open_positions()}
        return held | {name for name, matcher in self._matchers.items() if not matcher.is_idle}

    # ── what matchers, links and admission ask ───────────────────────────────────────────────────────────────────

    def live_lots(self, order: WorkingOrder) -> int:
        """Return what an order may fill now."""
        if not order.intent.parent and not order.intent.reduce_only and (order.sign > 0 or order.instrument.shortable):
            return 0 if order.is_done else order.leaves
        return self.links.live_lots(order)

    def position_lots(self, order: WorkingOrder) -> int:
        """Return the signed position of the order's account in its instrument."""
        return self.books[order.account].lots(order.instrument.id)

    def enter(self, order: WorkingOrder) -> None:
        """Let an order in, or hold it until its entry has filled."""
        self.links.position_changed(order.account, order.instrument.id.symbol)
        entry = self.links.parent(order)
        if order.is_done or (entry is not None and not entry.filled):
            return
        if entry is not None and entry.is_done:
            self.links.follow(entry)
        elif self.links.live_lots(order) > 0:
            self.activate(order)

    def activate(self, order: WorkingOrder) -> None:
        """Hand an order to its matcher."""
        self.matcher(order.instrument.id).activate(order)

    def triggered(self, order: WorkingOrder) -> None:
        """Report that a conditional order went off."""
        self._report(order.account, OrderTriggered(client_id=order.client_id, ts=self.now_ns))

    def defer_triggers(self, matcher: Matcher) -> None:
        """Look at the triggers once the present matching is over."""
        self._deferred.append(matcher.check_triggers)

    def fill(self, order: WorkingOrder, lots: int, price: int, liquidity: Liquidity, outside: bool) -> None:
        """Book and report a fill, and let linked orders know."""
        grid = order.instrument
        if outside:
            self.outside_lots[grid.id] = self.outside_lots.get(grid.id, 0) - lots * order.sign
        self.book_fill(order, grid.qty_of(lots), grid.price_of(price), liquidity)
        order.filled += lots
        order.fill_count += 1
        self._reserve(order, -min(lots, order.reserved_lots))
        if order.leaves <= 0:
            self._end(order, OrderState.FILLED)
        self.links.filled(order, lots)
        self._deferred.append(lambda: self._after_fill(order))

    def book_fill(self, order: WorkingOrder, qty: Decimal, price: Decimal, liquidity: Liquidity) -> None:
        """Book an execution in the account and report it."""
        grid = order.instrument
        order.value += qty * price
        fill = Fill(
            trade_id=self.next_id("trade"),
            client_id=order.client_id,
            venue_id=order.venue_id,
            instrument=grid.id,
            account=order.account,
            side=Side.BUY if order.sign > 0 else Side.SELL,
            qty=qty,
            price=price,
            fee=self.costs.fees(grid, qty, price, liquidity),
            fee_currency=grid.settle,
            liquidity=liquidity,
            ts_event=self.now_ns,
        )
        self.books[order.account].book(fill, grid)
        self._report(order.account, OrderFilled(client_id=order.client_id, ts=self.now_ns, fill=fill))

    def finish(self, order: WorkingOrder, state: OrderState, cause: str, reason: str) -> None:
        """End an order unfilled or partly filled, and report it."""
        if order.is_done:
            return
        self._end(order, state)
        kind = OrderExpired if state is OrderState.EXPIRED else OrderCanceled
        self._report(order.account, kind(client_id=order.client_id, ts=self.now_ns, cause=cause, reason=reason))

    def resize(self, order: WorkingOrder, qty: int) -> None:
        """Lower an order's quantity, keeping its place, and report it."""
        self._reserve(order, -min(order.qty - qty, order.reserved_lots))
        order.qty = qty
        order.shown = min(order.shown, order.leaves)
        changed = order.instrument.qty_of(qty)
        event = OrderReplaced(
            client_id=order.client_id, ts=self.now_ns, qty=changed, spec=order.spec, venue_id=order.venue_id
        )
        self._report(order.account, event)
        if order.leaves <= 0:
            self._end(order, OrderState.FILLED)

    def schedule_end(self, order: WorkingOrder) -> None:
        """Note when a DAY or GTD order ends."""
        if order.intent.tif is TimeInForce.DAY:
            order.expires_ns = (self.now_ns // DAY_NS + 1) * DAY_NS
        elif order.intent.tif is TimeInForce.GTD:
            order.expires_ns = order.intent.expire_ns or 0
        if order.expires_ns:
            heapq.heappush(self._ends, (order.expires_ns, order.client_id))

    def reserve(self, order: WorkingOrder, lots: int) -> None:
        """Keep margin for lots of an order that are not filled yet."""
        self._reserve(order, lots)

    def next_id(self, purpose: str) -> str:
        """Return a new trade or order id of the venue."""
        self._numbers[purpose] += 1
        return f"{self._prefix}{purpose[0].upper()}{self._numbers[purpose]}"

    def restore(self, orders: Iterable[WorkingOrder], fills: Iterable[Fill], paid: Iterable[FundingPaid]) -> None:
        """Take back what an earlier run of this venue knew, without a word to anyone; called before any input."""
        for fill in fills:
            self.books[fill.account].book(fill, self.instruments[fill.instrument])
        for event in paid:
            self.books[event.account].credit(event.currency, event.amount)
        for order in orders:
            self.links.add(order)
            self._admission.remember(order)
            if order.is_done:
                continue
            stage, order.stage = order.stage, Stage.HELD
            if order.expires_ns:
                heapq.heappush(self._ends, (order.expires_ns, order.client_id))
            self._admission.reserve(order)
            self.matcher(order.instrument.id).put_back(order, stage)

    def report(self, account: str, event: Report) -> None:
        """Say something to an account, in order with everything else."""
        self._report(account, event)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _after_fill(self, order: WorkingOrder) -> None:
        self.links.follow(order)
        self.links.position_changed(order.account, order.instrument.id.symbol)
        if not order.is_done and order.stage is Stage.RESTING and self.live_lots(order) <= 0:
            self.matcher(order.instrument.id).hold(order)
        self.matcher(order.instrument.id).cross()  # a fill may wake a resting order that had nothing to close

    def _end(self, order: WorkingOrder, state: OrderState) -> None:
        self.matcher(order.instrument.id).remove(order)
        self._reserve(order, -order.reserved_lots)
        order.stage, order.end = Stage.DONE, state
        self.links.ended(order)
        self._deferred.append(lambda: self.links.follow(order))

    def _reserve(self, order: WorkingOrder, lots: int) -> None:
        if lots:
            order.reserved_lots += lots
            self.books[order.account].reserved += order.reserved_per_lot * lots

    def _report(self, account: str, event: Report) -> None:
        self._out.append((account, event))

    def _settled(self) -> list[Addressed]:
        while self._deferred:
            due, self._deferred = self._deferred, []
            for action in due:
                action()
        reports, self._out = self._out, []
        return reports
