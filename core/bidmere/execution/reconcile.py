"""Venue truth against ours: at start, every 30 s, and for each order without an answer (R-14, R-20 to R-24)."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Final, TypeVar

from bidmere.brokerage.execution_port import ExecutionClient, VenueOrder
from bidmere.errors import InvalidInput, VenueError
from bidmere.execution.events import PositionMismatch
from bidmere.execution.ledger import Ledger
from bidmere.execution.sender import Sender
from bidmere.execution.situation import AccountState
from bidmere.kernel.clock import Clock, sleep_until
from bidmere.model.events import (
    CancelRejected,
    OrderAccepted,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderResolved,
    OrderUnknown,
    ReplaceRejected,
)
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.money import ZERO
from bidmere.model.orders import Limit, Market, Order, OrderIntent, OrderSpec, OrderState

T = TypeVar("T")

log = logging.getLogger(__name__)

_S: Final = 1_000_000_000
OVERLAP_NS: Final = 600 * _S
QUIET_NS: Final = 5 * _S
QUERY_DELAYS_NS: Final = (0, _S // 2, _S, 2 * _S, 4 * _S, 8 * _S, 16 * _S, 30 * _S)
ABSENT_AFTER_NS: Final = 20 * _S
REREADS: Final = 3
_OURS = re.compile(r"T[0-9A-HJKMNP-TV-Z]{26}")


class Reconciler:
    """Bring orders, fills and positions of one account in line with its venue.

    Nothing is ever sent to align, and no fill is invented. `on_journal_loss` is called when the venue works an order
    that carries one of our ids and that the journal does not know.
    """

    def __init__(
        self, clock: Clock, ledger: Ledger, sender: Sender, client: ExecutionClient, state: AccountState,
        on_journal_loss: Callable[[str], None], working: Callable[[], AbstractContextManager[None]],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._ledger = ledger
        self._sender = sender
        self._client = client
        self._state = state
        self._on_journal_loss = on_journal_loss
        self._working = working
        self._differs: dict[InstrumentId, int] = {}
        self._resolving: set[str] = set()

    @property
    def needs_reread(self) -> bool:
        """A position differed at the last look and is not halted yet."""
        return bool(self._differs)

    async def run(self, *, is_start: bool = False) -> bool:
        """Ask for everything, apply what is new, compare; false when the venue did not answer."""
        since = self._cursor()
        try:
            orders = await self._ask(self._client.open_orders(), "open-orders")
            fills = await self._ask(self._client.fills_since(since), "fills")
            positions = await self._ask(self._client.positions(), "positions")
        except VenueError as error:
            self._state.is_synced, self._state.sync_reason = False, str(error)
            return False
        self._take_fills(fills)
        for found in orders:
            self._take_open(found, is_start)
        for missing in self._missing(orders):
            await self._query(missing)
        self._compare(positions, is_start)
        self._state.is_synced, self._state.sync_reason = True, ""
        return True

    async def resolve(self, client_id: str) -> None:
        """Ask for one order, once at least, until it is known what became of it (R-14); it is never sent again.

        An order whose cancel was refused may be over: only the question tells, however often the cancel is repeated.
        """
        if client_id in self._resolving:
            return
        self._resolving.add(client_id)
        started, negatives, index = self._clock.now_ns(), 0, 0
        try:
            while True:
                delay = QUERY_DELAYS_NS[min(index, len(QUERY_DELAYS_NS) - 1)]
                if delay:
                    await sleep_until(self._clock, self._clock.now_ns() + delay)
                index += 1
                order = self._ledger.store.get(client_id)
                if order is None or order.state.is_terminal or (index > 1 and not _needs_answer(order)):
                    return
                with self._working():
                    absent = await self._query(order)
                    negatives = negatives + 1 if absent else 0
                    if negatives >= 2 and self._clock.now_ns() - started >= ABSENT_AFTER_NS:
                        await self._give_up(order)
        finally:
            self._resolving.discard(client_id)

    async def end_quarantine(self, instrument: InstrumentId, source: str, reason: str) -> None:
        """End an instrument's quarantined orders on a person's word, once the venue tells that none of them works.

        Raises InvalidInput while one does, VenueError when the venue does not answer.
        """
        stuck = [one for one in self._ledger.store.working(self._client.account) if one.instrument == instrument]
        stuck = [order for order in stuck if order.state is OrderState.QUARANTINED]
        if stuck:
            self._take_fills(await self._ask(self._client.fills_since(self._cursor()), "fills"))
        for order in stuck:
            found = await self._ask(self._client.query(order.client_id), "query")
            if found is not None and not found.state.is_terminal:
                raise InvalidInput(
                    f"Order {order.client_id} still works at the venue: cancel it, then lift the halt of {instrument}."
                )
        for order in stuck:
            self._apply(OrderResolved(client_id=order.client_id, ts=self._now(), source=source, reason=reason))

    async def _query(self, order: Order) -> bool:
        """Ask for one order and adopt what is told; true when the venue does not know it."""
        try:
            found = await self._ask(self._client.query(order.client_id), "query")
            if found is None:
                return True
            if found.filled_qty > order.filled_qty:
                since = max(0, order.created_ns - OVERLAP_NS)
                self._take_fills(await self._ask(self._client.fills_since(since), "fills"))
        except VenueError as error:
            log.warning("Order %s could not be looked up: %s", order.client_id, error)
            return False
        self._adopt(found)
        return False

    async def _give_up(self, order: Order) -> None:
        """Write "absent" only when a second endpoint has nothing of the order either (E3)."""
        try:
            since = max(0, order.created_ns - OVERLAP_NS)
            fills = await self._ask(self._client.fills_since(since), "fills")
            orders = await self._ask(self._client.open_orders(), "open-orders")
        except VenueError:
            return
        self._take_fills(fills)
        known = self._ledger.store.get(order.client_id)
        if known is None or known.filled_qty or any(one.client_id == order.client_id for one in orders):
            return
        reason = "The venue does not know it: two different questions found nothing."
        client_id = order.client_id
        self._apply(OrderRejected(client_id=client_id, ts=self._now(), code="E3-ABSENT", reason=reason, by="proof"))

    def _take_fills(self, fills: Sequence[Fill]) -> None:
        for fill in sorted(fills, key=lambda one: (one.ts_event, one.trade_id)):
            if not self._ledger.portfolio.knows(fill):
                self.take_fill(OrderFilled(client_id=fill.client_id, ts=fill.ts_event, fill=fill))

    def take_fill(self, event: OrderFilled) -> None:
        """Book a fill, adopting its order when nobody here knows it."""
        fill, client_id = event.fill, event.client_id or event.fill.venue_id
        if self._ledger.portfolio.knows(fill):
            return
        if self._ledger.store.get(client_id) is None:
            spec = Limit(price=fill.price)
            self._adopt_foreign(client_id, fill.venue_id, fill.instrument, fill.side, fill.qty, spec)
        self._apply(OrderFilled(client_id=client_id, ts=event.ts, fill=fill))

    def _take_open(self, found: VenueOrder, is_start: bool) -> None:
        known = self._ledger.store.get(found.client_id)
        if known is not None:
            late = self._now() - known.updated_ns > QUIET_NS or is_start
            if known.state.is_terminal and late:
                self._ledger.halt(
                    known.intent.account, known.instrument, f"order {known.client_id} is over here and open there"
                )
            else:
                self._adopt(found)
            return
        if _OURS.fullmatch(found.client_id):
            self._on_journal_loss(found.client_id)
        if found.side is None:
            text = f"{found.instrument} has an order made elsewhere that cannot be shown: {found.venue_id}."
            self._ledger.alarm("P-B", f"foreign:{found.venue_id}", text)
            return
        spec = found.spec or (Limit(price=found.avg_price) if found.avg_price else Market())
        self._adopt_foreign(found.client_id, found.venue_id, found.instrument, found.side, found.qty, spec)

    def _adopt_foreign(
        self, client_id: str, venue_id: str, instrument: InstrumentId, side: Side, qty: Decimal, spec: OrderSpec
    ) -> None:
        now = self._now()
        intent = OrderIntent(
            instrument=instrument, side=side, qty=qty, spec=spec, account=self._client.account, source="external",
            reason="made outside this terminal",
        )  # fmt: skip
        order = Order(
            client_id=client_id or venue_id, intent=intent, qty=qty, spec=spec, venue_id=venue_id,
            state=OrderState.OPEN, created_ns=now, accepted_ns=now, updated_ns=now,
        )  # fmt: skip
        self._ledger.adopt(order)

    def _adopt(self, found: VenueOrder) -> None:
        """Move an order forward to what the venue tells, as far as its fills are booked."""
        order = self._ledger.store.get(found.client_id)
        if order is None:
            return
        now, client_id = self._now(), found.client_id
        if found.state in (OrderState.OPEN, OrderState.PARTIAL):
            if order.state in (OrderState.PENDING_SUBMIT, OrderState.UNKNOWN):
                self._apply(OrderAccepted(client_id=client_id, ts=now, venue_id=found.venue_id))
            self._settle_flags(order, found)
        elif found.filled_qty > order.filled_qty:
            log.warning("Order %s: %s filled there, %s booked.", client_id, found.filled_qty, order.filled_qty)
        elif order.state.is_terminal:
            return
        elif found.state is OrderState.FILLED:
            # All it became is booked, so it was cut (a link, a change): the report of that was lost.
            spec = found.spec or order.spec
            self._apply(OrderReplaced(client_id=client_id, ts=now, qty=found.filled_qty, spec=spec))
        elif found.state is OrderState.CANCELED:
            self._apply(OrderCanceled(client_id=client_id, ts=now, cause="venue", reason="Found so when asking."))
        elif found.state is OrderState.EXPIRED:
            self._apply(OrderExpired(client_id=client_id, ts=now, cause=order.intent.tif.value))
        elif found.state is OrderState.REJECTED:
            self._apply(
                OrderRejected(client_id=client_id, ts=now, code="E2-FOUND", reason="The venue tells it was rejected.")
            )

    def _settle_flags(self, order: Order, found: VenueOrder) -> None:
        """Take quantity and spec as the venue has them; a cancel or change it shows no trace of did not happen."""
        now, client_id = self._now(), order.client_id
        if now - order.updated_ns <= QUIET_NS:
            return
        if order.pending_cancel:
            reason = "The order still works at the venue."
            self._apply(CancelRejected(client_id=client_id, ts=now, code="E-STILL-OPEN", reason=reason))
        if found.qty != order.qty or found.spec not in (None, order.spec):
            self._apply(OrderReplaced(client_id=client_id, ts=now, qty=found.qty, spec=found.spec or order.spec))
        elif order.pending_replace:
            reason = "The order works unchanged at the venue."
            self._apply(ReplaceRejected(client_id=client_id, ts=now, code="E-UNCHANGED", reason=reason))

    def _missing(self, orders: Sequence[VenueOrder]) -> list[Order]:
        told = {order.client_id for order in orders}
        now = self._now()
        return [
            order
            for order in self._ledger.store.working(self._client.account)
            if order.client_id not in told
            and order.state not in (OrderState.APPROVED, OrderState.QUARANTINED)
            and (order.state is OrderState.UNKNOWN or now - order.updated_ns > QUIET_NS)
        ]

    def _compare(self, positions: Mapping[InstrumentId, Decimal], is_start: bool) -> None:
        portfolio, account = self._ledger.portfolio, self._client.account
        known = {one.instrument.id for one in portfolio.positions_of(account)}
        for instrument in sorted(known | set(positions)):
            ours, venue = portfolio.held(account, instrument), positions.get(instrument, ZERO)
            if ours == venue:
                if self._differs.pop(instrument, 0) == 0 and (account, instrument) in self._ledger.halts:
                    self._clear_if_positional(account, instrument)
                continue
            if not is_start and self._is_busy(account, instrument):
                continue
            looks = self._differs.get(instrument, 0) + 1
            self._differs[instrument] = looks
            if is_start or looks > REREADS:
                del self._differs[instrument]
                self._mismatch(account, instrument, ours, venue)

    def _clear_if_positional(self, account: str, instrument: InstrumentId) -> None:
        if self._ledger.halts[account, instrument].startswith("position differs"):
            self._ledger.clear_halt(account, instrument, "venue and journal agree again")

    def _mismatch(self, account: str, instrument: InstrumentId, ours: Decimal, venue: Decimal) -> None:
        self._ledger.halt(account, instrument, f"position differs: {ours} here, {venue} at the venue")
        self._ledger.tell(
            PositionMismatch(account=account, instrument=instrument, ours=ours, venue=venue, ts=self._now())
        )

    def _is_busy(self, account: str, instrument: InstrumentId) -> bool:
        """Local activity newer than the answer defers the comparison (R-22)."""
        position = self._ledger.portfolio.position(account, instrument)
        now = self._now()
        return position is not None and now - position.updated_ns < QUIET_NS

    def _cursor(self) -> int:
        account, fills = self._client.account, self._ledger.portfolio.fills.values()
        return max(0, max((fill.ts_event for fill in fills if fill.account == account), default=0) - OVERLAP_NS)

    def _apply(self, event: OrderEvent) -> None:
        self._ledger.apply(event)

    async def _ask(self, call: Awaitable[T], name: str) -> T:
        return await self._sender.question(call, f"{self._client.account}.{name}")

    def _now(self) -> int:
        return self._clock.now_ns()


def lost(order: Order, ts: int) -> OrderEvent | None:
    """Return what a restart makes of an order that was on its way: claimed ones may be at the venue."""
    if order.state is OrderState.PENDING_SUBMIT:
        return OrderUnknown(client_id=order.client_id, ts=ts, reason="Bidmere ended before the venue answered.")
    return None


def _needs_answer(order: Order) -> bool:
    return order.state is OrderState.UNKNOWN or (
        order.state.is_working and (order.pending_cancel or order.pending_replace)
    )
