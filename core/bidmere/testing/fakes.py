"""Stand-ins for tests: a venue that records what reaches it and answers as told, and a market that stands still."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bidmere.brokerage.approval import ApprovedOrder, ApprovedReplace
from bidmere.brokerage.execution_port import Accepted, Outcome, Refused, ReportHandler, VenueOrder
from bidmere.errors import NotSent, OutcomeUnknown
from bidmere.kernel.clock import Clock
from bidmere.model.account import Account, AccountMode
from bidmere.model.events import FundingPaid, OrderCanceled, OrderEvent, OrderFilled, OrderReplaced
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Book, Quote
from bidmere.model.money import ZERO
from bidmere.model.orders import Order, OrderState

BTC = Instrument(
    id=InstrumentId("BTCUSDT", "SIM"),
    kind=InstrumentKind.SPOT,
    base="BTC",
    quote="USDT",
    tick=Decimal("0.5"),
    lot=Decimal("0.001"),
    min_notional=Decimal(5),
    maker_fee=Decimal("0.0004"),
    taker_fee=Decimal("0.001"),
    margin_initial=Decimal("0.2"),
    margin_maintenance=Decimal("0.1"),
)


def paper_account(account: str = "PAPER-1", cash: Decimal = Decimal(100_000)) -> Account:
    """Return an account in USDT at the simulated venue."""
    return Account(
        id=account,
        name=account,
        venue="SIM",
        mode=AccountMode.PAPER,
        currency="USDT",
        balances=(("USDT", cash),),
    )


class StillMarket:
    """Quotes and marks that stand at one price per instrument and are as fresh as the clock."""

    def __init__(self, clock: Clock, prices: Mapping[InstrumentId, float]) -> None:
        self._clock = clock
        self.prices = dict(prices)
        self.spread = 1.0
        self.depth = 50.0
        self.age_ns = 0

    def quote(self, instrument: InstrumentId) -> Quote | None:
        """Return a quote around the price."""
        price = self.prices.get(instrument)
        if price is None:
            return None
        ts, half = self._clock.now_ns() - self.age_ns, self.spread / 2
        return Quote(instrument, price - half, price + half, self.depth, self.depth, ts, ts)

    def book(self, instrument: InstrumentId) -> Book | None:
        """Return a book of one level a side."""
        quote = self.quote(instrument)
        if quote is None:
            return None
        bids, asks = ((quote.bid, self.depth),), ((quote.ask, self.depth),)
        return Book(instrument, bids, asks, quote.ts_event, quote.ts_recv)

    def mark(self, instrument: Instrument) -> Decimal | None:
        """Return the price."""
        price = self.prices.get(instrument.id)
        return None if price is None else Decimal(repr(price))

    def rate(self, source: str, target: str) -> Decimal | None:
        """Know every currency only in itself."""
        return Decimal(1) if source == target else None


@dataclass(slots=True)
class Kept:
    """An order as the recording venue holds it."""

    order: Order
    venue_id: str
    state: OrderState = OrderState.OPEN
    filled: Decimal = ZERO
    fills: list[Fill] = field(default_factory=list)


class RecordingExecution:
    """A venue account that records every request, in the order they came.

    `mode` decides how a submit is answered: "accept", "refuse", "not-sent", "lose" (it is there, nobody answers),
    "vanish" (it never arrived, nobody answers), "raise" (there, and the call fails). `on_submit` runs as the bytes
    arrive. A fill is made by `fill`; `auto_fill` does so at once for what the test lets through.
    """

    def __init__(self, clock: Clock, account: str = "PAPER-1", price: Decimal = Decimal(65_000)) -> None:
        self.account = account
        self.mode = "accept"
        self.cancel_mode = "accept"
        self.replace_mode = "accept"
        self.answers_questions = True
        self.price = price
        self.auto_fill: Callable[[Order], bool] = lambda _order: False
        self.on_submit: Callable[[ApprovedOrder], None] = lambda _order: None
        self.gate: asyncio.Event | None = None
        self.submitted: list[Order] = []
        self.replaced: list[ApprovedReplace] = []
        self.canceled: list[str] = []
        self.held: dict[str, Kept] = {}
        self.position: dict[InstrumentId, Decimal] = {}
        self._clock = clock
        self._handler: ReportHandler | None = None
        self._numbers = itertools.count(1)

    def set_report_handler(self, handler: ReportHandler) -> None:
        """Remember who hears reports."""
        self._handler = handler

    async def submit(self, order: ApprovedOrder) -> Outcome:
        """Record an order and answer as the mode says."""
        self.on_submit(order)
        if self.mode == "not-sent":
            raise NotSent("There was no connection: nothing left.")
        self.submitted.append(order.order)
        if self.gate is not None:
            await self.gate.wait()
        if self.mode == "refuse":
            return Refused(code="V-NO", reason="The venue does not want it.", raw="-2010")
        if self.mode == "vanish":
            await asyncio.Event().wait()
        kept = Kept(order.order, f"V{next(self._numbers)}")
        self.held[order.order.client_id] = kept
        if self.mode == "lose":
            await asyncio.Event().wait()
        if self.mode == "raise":
            raise OutcomeUnknown("The connection broke while waiting.")
        if self.auto_fill(order.order):
            self.fill(order.order.client_id, order.order.qty)
        return Accepted(venue_id=kept.venue_id, ts_venue=self._clock.now_ns())

    async def replace(self, change: ApprovedReplace) -> Outcome:
        """Record a change and answer as the mode says."""
        self.replaced.append(change)
        if self.replace_mode == "refuse":
            return Refused(code="V-NO-CHANGE", reason="The venue does not change it.")
        if self.replace_mode == "vanish":
            await asyncio.Event().wait()
        if self.replace_mode == "not-sent":
            raise NotSent("There was no connection: nothing left.")
        kept = self.held[change.order.client_id]
        self.report(
            OrderReplaced(
                client_id=change.order.client_id, ts=self._clock.now_ns(), qty=change.qty, spec=change.spec
            )
        )
        return Accepted(venue_id=kept.venue_id)

    async def cancel(self, client_id: str, venue_id: str) -> Outcome:
        """Record a cancel and answer as the mode says."""
        self.canceled.append(client_id)
        if self.cancel_mode == "vanish":
            await asyncio.Event().wait()
        kept = self.held.get(client_id)
        if self.cancel_mode == "refuse" or kept is None or kept.state.is_terminal:
            return Refused(code="V-UNKNOWN-ORDER", reason="It is not working.")
        kept.state = OrderState.CANCELED
        self.report(OrderCanceled(client_id=client_id, ts=self._clock.now_ns(), cause="venue"))
        return Accepted(venue_id=venue_id)

    async def query(self, client_id: str) -> VenueOrder | None:
        """Tell one order."""
        self._answer()
        kept = self.held.get(client_id)
        return None if kept is None else _told(kept)

    async def open_orders(self) -> Sequence[VenueOrder]:
        """Tell what works."""
        self._answer()
        return [_told(kept) for kept in self.held.values() if not kept.state.is_terminal]

    async def fills_since(self, ts_ns: int) -> Sequence[Fill]:
        """Tell the fills."""
        self._answer()
        return [fill for kept in self.held.values() for fill in kept.fills if fill.ts_event >= ts_ns]

    async def positions(self) -> Mapping[InstrumentId, Decimal]:
        """Tell what is held."""
        self._answer()
        return {instrument: qty for instrument, qty in self.position.items() if qty}

    async def balances(self) -> Mapping[str, Decimal]:
        """Tell nothing: this venue keeps no cash."""
        self._answer()
        return {}

    def fill(self, client_id: str, qty: Decimal, price: Decimal | None = None, *, tell: bool = True) -> Fill:
        """Execute part of an order, and report it unless told not to."""
        kept = self.held[client_id]
        order = kept.order
        fill = Fill(
            trade_id=f"t{next(self._numbers)}",
            client_id=client_id,
            venue_id=kept.venue_id,
            instrument=order.instrument,
            account=self.account,
            side=order.side,
            qty=qty,
            price=self.price if price is None else price,
            fee=ZERO,
            fee_currency="USDT",
            liquidity=Liquidity.TAKER,
            ts_event=self._clock.now_ns(),
        )
        kept.fills.append(fill)
        kept.filled += qty
        kept.state = OrderState.FILLED if kept.filled >= order.qty else OrderState.PARTIAL
        held = self.position.get(order.instrument, ZERO)
        self.position[order.instrument] = held + qty * order.side.sign
        if tell:
            self.report(OrderFilled(client_id=client_id, ts=fill.ts_event, fill=fill))
        return fill

    def report(self, event: OrderEvent | FundingPaid) -> None:
        """Tell the order manager something."""
        if self._handler is not None:
            self._handler(event)

    def _answer(self) -> None:
        if not self.answers_questions:
            raise OutcomeUnknown("The venue does not answer.")


def _told(kept: Kept) -> VenueOrder:
    return VenueOrder(
        client_id=kept.order.client_id,
        venue_id=kept.venue_id,
        instrument=kept.order.instrument,
        state=kept.state,
        qty=kept.order.qty,
        filled_qty=kept.filled,
        avg_price=ZERO,
        side=kept.order.side,
        spec=kept.order.spec,
    )
