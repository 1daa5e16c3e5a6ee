"""The one place where an event changes anything: order, position, account, journal, bus, in that order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bidmere.errors import ContractViolation, StorageError
from bidmere.execution.events import AccountChanged, AlarmRaised, FillBooked, OrderChanged, PositionChanged
from bidmere.execution.order_store import OrderStore
from bidmere.execution.portfolio import Portfolio
from bidmere.kernel.bus import EventBus
from bidmere.kernel.clock import Clock, TimerHandle
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.events import (
    FundingPaid,
    OrderAccepted,
    OrderEvent,
    OrderFilled,
    OrderQuarantined,
    OrderRejected,
)
from bidmere.model.ids import InstrumentId
from bidmere.model.order_fsm import IllegalTransition, advance
from bidmere.model.orders import Order, OrderState
from bidmere.storage.journal import AuditRow, Entry, Journal

log = logging.getLogger(__name__)

Hook = Callable[[Order, Order, OrderEvent], None]
_RETRY_NS = 1_000_000_000


class Ledger:
    """Apply events to the state in memory at once, queue them for the journal in the same order, tell the bus.

    What the journal cannot take stays in memory and is tried again each second; meanwhile the gate is closed (R-51).
    """

    def __init__(
        self, clock: Clock, bus: EventBus, journal: Journal, store: OrderStore, portfolio: Portfolio, tasks: TaskOwner
    ) -> None:
        self.clock = clock
        self.store = store
        self.portfolio = portfolio
        self.halts: dict[tuple[str, InstrumentId], str] = {}
        self.hooks: list[Hook] = []
        self._bus = bus
        self._journal = journal
        self._tasks = tasks
        self._unwritten: list[Entry | AuditRow | Order] = []
        self._retry: TimerHandle | None = None
        self._is_closed = False
        self.pending = 0

    @property
    def is_well(self) -> bool:
        """Everything so far is on the disk or on its way, and the journal takes more."""
        return self._journal.is_well and not self._unwritten

    @property
    def problem(self) -> str:
        """Why it is not well."""
        left = f" {len(self._unwritten)} entries wait in memory." if self._unwritten else ""
        return (self._journal.problem or ("The journal lags behind." if left else "")) + left

    def apply(self, event: OrderEvent, *, is_journalled: bool = False) -> Order | None:
        """Advance an order by an event and return it; None when the order is not known.

        A fill seen before changes nothing. An event that contradicts what is proven quarantines the order and halts
        its instrument; one that merely comes late is left out.
        """
        order = self.store.get(event.client_id)
        if order is None:
            log.warning("%s came for order %s, which is not known.", type(event).__name__, event.client_id)
            return None
        if isinstance(event, OrderFilled) and self.portfolio.knows(event.fill):
            return order
        try:
            after = advance(order, event)
        except IllegalTransition as error:
            return self._contradicted(order, event, error)
        if replace(after, updated_ns=order.updated_ns) == order:
            return order
        self.store.put(after)
        booked = self.portfolio.book(event.fill) if isinstance(event, OrderFilled) else None
        if not is_journalled:
            self.write(Entry(event=event, order=after))
        self._bus.publish(OrderChanged(order=after, event=event))
        if isinstance(event, OrderFilled):
            if not order.first_fill_ns:
                self.store.note_execution(event.ts, after)
            if booked is not None:
                self._bus.publish(FillBooked(fill=event.fill, position=booked))
                self._bus.publish(PositionChanged(position=booked))
                self.tell_account(event.fill.account)
            else:
                self.halt(event.fill.account, event.fill.instrument, "a fill came for an instrument not known here")
        if after.state is OrderState.QUARANTINED and order.state is not OrderState.QUARANTINED:
            self.halt(order.intent.account, order.instrument, f"order {order.client_id} contradicts itself")
        for hook in tuple(self.hooks):
            hook(order, after, event)
        return after

    def stage(self, event: OrderEvent) -> Order:
        """Advance an order in memory only. Raises IllegalTransition, ContractViolation for an unknown order."""
        order = self.store.get(event.client_id)
        if order is None:
            raise ContractViolation(f"Order {event.client_id} is not known.")
        after = advance(order, event)
        self.store.put(after)
        return after

    def tell_order(self, order: Order, event: OrderEvent) -> None:
        """Tell the bus of a change that was staged and is now written."""
        self._bus.publish(OrderChanged(order=order, event=event))

    def fund(self, paid: FundingPaid) -> None:
        """Book funding."""
        self.portfolio.fund(paid)
        self.write(Entry(event=paid))
        if paid.account in self.portfolio.accounts:
            self.tell_account(paid.account)

    def adopt(self, order: Order) -> None:
        """Take an order in that was made elsewhere (U-49)."""
        self.store.put(order)
        self.write(order)
        self._bus.publish(OrderChanged(order=order))

    def tell_account(self, account: str) -> None:
        """Tell the bus an account's cash and value."""
        owner = self.portfolio.account(account)
        self._bus.publish(AccountChanged(account=owner, valuation=self.portfolio.valuation(account)))

    def audit(self, action: str, **data: Any) -> None:
        """Write something that is no order event into the chain."""
        self.write(AuditRow(ts=self.clock.now_ns(), action=action, data=data))

    def halt(self, account: str, instrument: InstrumentId, reason: str) -> None:
        """Stop an instrument in an account until a person or a reconciliation clears it (R-24)."""
        key = (account, instrument)
        if key in self.halts:
            return
        self.halts[key] = reason
        self.audit("halt", account=account, instrument=instrument, reason=reason)
        self.alarm("P-A", f"halt:{account}:{instrument}", f"{instrument} is halted: {reason}.")

    def clear_halt(self, account: str, instrument: InstrumentId, reason: str) -> None:
        """Let an instrument trade again."""
        if self.halts.pop((account, instrument), None) is not None:
            self.audit("halt-cleared", account=account, instrument=instrument, reason=reason)

    def alarm(self, priority: str, key: str, text: str, detail: str = "") -> None:
        """Tell a person."""
        self._bus.publish(AlarmRaised(priority=priority, key=key, text=text, ts=self.clock.now_ns(), detail=detail))

    def tell(self, event: object) -> None:
        """Publish an event of another kind."""
        self._bus.publish(event)

    def write(self, item: Entry | AuditRow | Order) -> None:
        """Queue something for the journal; what it refuses is kept and tried again."""
        if self._unwritten:
            self._unwritten.append(item)
            return
        self._send(item)

    async def flush(self) -> None:
        """Wait until what was queued is on the disk or kept for another try."""
        while self.pending:
            await self._journal.flush()
            await asyncio.sleep(0)

    def close(self) -> None:
        """Try no more."""
        self._is_closed = True
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _send(self, item: Entry | AuditRow | Order) -> None:
        if isinstance(item, Entry):
            future = self._journal.post((item,))
        elif isinstance(item, AuditRow):
            future = self._journal.post_audit(item)
        else:
            future = self._journal.post_adopted(item)
        if future.done() and future.exception() is None and self._journal.is_well:
            return
        self.pending += 1
        future.add_done_callback(lambda done: self._written(item, done))

    def _written(self, item: Entry | AuditRow | Order, future: asyncio.Future[None]) -> None:
        self.pending -= 1
        error = None if future.cancelled() else future.exception()
        if error is None:
            if not self._journal.is_well:
                self._plan_retry()
            return
        log.warning("The journal did not take an entry: %s", error)
        if isinstance(error, StorageError):
            self._unwritten.append(item)
            self._plan_retry()
            self.alarm("P-A", "journal", "The order journal cannot be written: new orders are blocked.", str(error))

    def _plan_retry(self) -> None:
        if self._retry is None and not self._is_closed:
            self._retry = self.clock.call_later(_RETRY_NS, self._start_retry)

    def _start_retry(self) -> None:
        self._retry = None
        self._tasks.spawn(self._write_again(), "journal-retry")

    async def _write_again(self) -> None:
        if await self._journal.recover():
            items, self._unwritten = self._unwritten, []
            for item in items:
                self.write(item)
        if not self.is_well:
            self._plan_retry()

    def _contradicted(self, order: Order, event: OrderEvent, error: IllegalTransition) -> Order:
        log.warning("Order %s: %s", order.client_id, error)
        refused_after_fill = isinstance(event, OrderRejected) and order.filled_qty > 0
        never_sent = isinstance(event, OrderAccepted) and order.state is OrderState.APPROVED
        if refused_after_fill or never_sent:
            quarantine = OrderQuarantined(client_id=order.client_id, ts=event.ts, reason=str(error))
            try:
                advance(order, quarantine)
            except IllegalTransition:
                self.halt(order.intent.account, order.instrument, str(error))
            else:
                return self.apply(quarantine) or order
        self.audit("ignored", order=order.client_id, event=type(event).__name__, state=order.state)
        return order
