"""The execution port over an exchange: time, latency and the way of the reports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from bidmere.brokerage.approval import ApprovedOrder, ApprovedReplace
from bidmere.brokerage.execution_port import Outcome, ReportHandler, VenueOrder
from bidmere.kernel.clock import Clock, TimerHandle, sleep_until
from bidmere.model.events import FundingPaid, OrderEvent
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.market import MarketDatum
from bidmere.model.money import ZERO
from bidmere.model.orders import OrderState
from bidmere.simulation.exchange import Addressed, Exchange
from bidmere.simulation.latency import LatencyModel, no_latency
from bidmere.simulation.working import WorkingOrder

log = logging.getLogger(__name__)

Recorder = Callable[[Sequence[Addressed]], None]


class ExchangeServer:
    """Run an exchange on a clock and send its reports to the clients of each account.

    `record` sees the reports before anyone else: what was told survives. `before_order` may feed the exchange fresh
    prices of an instrument nobody watches.
    """

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        record: Recorder | None = None,
        before_order: Callable[[InstrumentId], None] | None = None,
    ) -> None:
        self.exchange = exchange
        self.clock = clock
        self.record = record
        self.before_order = before_order
        self._clients: dict[str, SimulatedExecution] = {}
        self._timer: TimerHandle | None = None
        self._timer_ns = 0

    def start(self) -> None:
        """Begin to keep time."""
        self.send(self.exchange.on_time(self.clock.now_ns()))

    def stop(self) -> None:
        """Keep time no longer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_ns = None, 0

    def attach(self, client: SimulatedExecution) -> None:
        """Add the client of an account."""
        self._clients[client.account] = client

    def feed(self, datum: MarketDatum) -> None:
        """Give the exchange a quote, trade or book of the outside market."""
        reports = self.exchange.on_datum(datum, self.clock.now_ns())
        if reports:
            self.send(reports)

    def send(self, reports: Sequence[Addressed]) -> None:
        """Record reports, pass them on in order, and set the timer for what is due next."""
        if reports:
            if self.record is not None:
                self.record(reports)
            for account, event in reports:
                if (client := self._clients.get(account)) is not None:
                    client.deliver(event)
        self._keep_time()

    def _keep_time(self) -> None:
        due = self.exchange.next_due_ns()
        if due is None or (self._timer is not None and self._timer_ns == due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ns = due
        self._timer = self.clock.call_at(due, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, now = None, self.clock.now_ns()
        self.send(self.exchange.on_time(max(now, self._timer_ns)))


class SimulatedExecution:
    """Be one account's connection to an exchange; without latency everything happens inside the call."""

    def __init__(self, server: ExchangeServer, account: str, latency: LatencyModel = no_latency) -> None:
        self.account = account
        self._server = server
        self._exchange = server.exchange
        self._clock = server.clock
        self._latency = latency
        self._handler: ReportHandler | None = None
        self._early: list[OrderEvent | FundingPaid] = []
        self._last_delivery_ns = 0
        self._timers: set[TimerHandle] = set()
        server.attach(self)

    def set_report_handler(self, handler: ReportHandler) -> None:
        """Set who hears the reports; what came before is told at once."""
        self._handler = handler
        early, self._early = self._early, []
        for event in early:
            self._tell(event)

    async def submit(self, order: ApprovedOrder) -> Outcome:
        """Send a new order."""
        await self._travel()
        asked = order.order
        if self._server.before_order is not None:
            self._server.before_order(asked.instrument)
        outcome, reports = self._exchange.submit(
            asked.client_id, asked.intent, asked.qty, asked.spec, self._clock.now_ns()
        )
        return await self._answer(outcome, reports)

    async def replace(self, change: ApprovedReplace) -> Outcome:
        """Send a change of quantity, price or trigger."""
        await self._travel()
        if self._server.before_order is not None:
            self._server.before_order(change.order.instrument)
        outcome, reports = self._exchange.replace(change.order.client_id, change.qty, change.spec, self._clock.now_ns())
        return await self._answer(outcome, reports)

    async def cancel(self, client_id: str, venue_id: str) -> Outcome:
        """Send a cancel; the end comes as a report."""
        await self._travel()
        outcome, reports = self._exchange.cancel(client_id, self._clock.now_ns())
        return await self._answer(outcome, reports)

    async def query(self, client_id: str) -> VenueOrder | None:
        """Ask for one order."""
        await self._travel()
        order = self._exchange.order(client_id)
        return _told(order) if order is not None and order.account == self.account else None

    async def open_orders(self) -> Sequence[VenueOrder]:
        """Ask for all working orders, in the order in which they came."""
        await self._travel()
        return [_told(order) for order in self._exchange.working(self.account)]

    async def fills_since(self, ts_ns: int) -> Sequence[Fill]:
        """Ask for fills at or after a time."""
        await self._travel()
        return [fill for fill in self._exchange.books[self.account].fills if fill.ts_event >= ts_ns]

    async def positions(self) -> Mapping[InstrumentId, Decimal]:
        """Ask for signed quantities."""
        await self._travel()
        return {one.instrument.id: one.qty for one in self._exchange.books[self.account].open_positions()}

    async def balances(self) -> Mapping[str, Decimal]:
        """Ask for cash by currency."""
        await self._travel()
        return dict(self._exchange.books[self.account].account.balances)

    def deliver(self, event: OrderEvent | FundingPaid) -> None:
        """Take a report of the exchange; it never overtakes an earlier one."""
        delay = self._latency()
        if not delay and not self._timers:
            self._tell(event)
            return
        due = max(self._last_delivery_ns, self._clock.now_ns() + delay)
        self._last_delivery_ns = due
        timer = self._clock.call_at(due, lambda: self._arrived(timer, event))
        self._timers.add(timer)

    def close(self) -> None:
        """Drop what is still under way."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    async def _answer(self, outcome: Outcome, reports: Sequence[Addressed]) -> Outcome:
        self._server.send(reports)
        await self._travel()
        return outcome

    async def _travel(self) -> None:
        if delay := self._latency():
            await sleep_until(self._clock, self._clock.now_ns() + delay)

    def _arrived(self, timer: TimerHandle, event: OrderEvent | FundingPaid) -> None:
        self._timers.discard(timer)
        self._tell(event)

    def _tell(self, event: OrderEvent | FundingPaid) -> None:
        if self._handler is None:
            self._early.append(event)
            return
        try:
            self._handler(event)
        except Exception:
            log.exception("The report %s of account %s was not taken.", type(event).__name__, self.account)


def _told(order: WorkingOrder) -> VenueOrder:
    grid, filled = order.instrument, order.instrument.qty_of(order.filled)
    working = OrderState.PARTIAL if order.filled else OrderState.OPEN
    return VenueOrder(
        client_id=order.client_id,
        venue_id=order.venue_id,
        instrument=grid.id,
        state=order.end if order.is_done else working,
        qty=grid.qty_of(order.qty),
        filled_qty=filled,
        avg_price=order.value / filled if filled else ZERO,
        side=order.intent.side,
        spec=order.spec,
    )
