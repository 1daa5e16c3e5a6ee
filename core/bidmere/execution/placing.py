"""One intent's way: gate, journal, claim, send (ARCHITECTURE §6, steps 2 to 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from bidmere.brokerage.execution_port import ExecutionClient
from bidmere.errors import InvalidInput, StorageError
from bidmere.execution.changes import changed_spec
from bidmere.execution.ledger import Ledger
from bidmere.execution.ports import NewId
from bidmere.execution.sender import Sender
from bidmere.execution.situation import Situation
from bidmere.kernel.clock import Clock
from bidmere.model.events import OrderApproved, OrderDenied
from bidmere.model.orders import Order, OrderIntent
from bidmere.risk.decision import CheckResult, Denied, GateReport, Verdict
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import is_exit
from bidmere.risk.validator import RiskValidator
from bidmere.storage.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitResult:
    """An order as it stands after the call, and the gate's report on it."""

    order: Order
    report: GateReport

    @property
    def is_denied(self) -> bool:
        """The gate refused it, or the journal could not take it."""
        return not self.report.passed


class Placing:
    """Take intents and changes through the gate and the journal to the sender; there is no other way in."""

    def __init__(
        self, *, clock: Clock, ledger: Ledger, journal: Journal, validator: RiskValidator, situation: Situation,
        sender: Sender, new_id: NewId, limits: Callable[[str], RiskLimits],
        clients: dict[str, ExecutionClient],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._ledger = ledger
        self._journal = journal
        self._validator = validator
        self._situation = situation
        self._sender = sender
        self._new_id = new_id
        self._limits = limits
        self._clients = clients

    async def place(self, intent: OrderIntent) -> SubmitResult:
        """Judge, write down, send. A denial is a value, not an exception."""
        now = self._clock.now_ns()
        draft = Order(client_id=self._unused_id(now), intent=intent, qty=intent.qty, spec=intent.spec, created_ns=now)
        snapshot = self._situation.snapshot(intent)
        verdict = self._validator.validate(draft, snapshot, self._limits(intent.account))
        if isinstance(verdict, Denied):
            return await self._denied(draft, verdict.report, verdict.code, verdict.reason)
        self._ledger.store.put(draft)
        approval = OrderApproved(client_id=draft.client_id, ts=now)
        # In memory at once, so that the next order's gate counts it; told to the bus once it is on the disk.
        approved = self._ledger.stage(approval)
        self._ledger.store.note_sent(now, intent)
        try:
            await self._journal.write_approved(approved, verdict.report, is_urgent=is_exit(approved))
        except StorageError as error:
            self._ledger.store.forget_sent(intent)
            return self._unwritten(draft, verdict.report, error)
        self._ledger.tell_order(approved, approval)
        await self._sender.submit(self._clients[intent.account], verdict.order)
        return SubmitResult(order=self._ledger.store.get(draft.client_id) or approved, report=verdict.report)

    async def change(
        self, order: Order, qty: Decimal | None, price: Decimal | None, trigger: Decimal | None
    ) -> SubmitResult:
        """Judge a change as a new order is judged, write the decision down, send it.

        Raises InvalidInput when the order cannot be changed, StorageError when the decision could not be written.
        """
        spec = changed_spec(order, qty, price, trigger)
        wanted = order.qty if qty is None else qty
        if wanted <= order.filled_qty:
            raise InvalidInput(f"{order.filled_qty} of it is filled already: give a larger quantity, or cancel it.")
        account = order.intent.account
        snapshot = self._situation.snapshot(order.intent, but=order.client_id)
        verdict = self._validator.validate_replace(order, wanted, spec, snapshot, self._limits(account))
        await self._journal.write_change(order, verdict.report, approved=not isinstance(verdict, Denied))
        if not isinstance(verdict, Denied):
            known = self._ledger.store.get(order.client_id) or order
            if known.state is order.state and not (known.pending_cancel or known.pending_replace):
                await self._sender.replace(self._clients[account], verdict.change)
        return SubmitResult(order=self._ledger.store.get(order.client_id) or order, report=verdict.report)

    def _unused_id(self, now: int) -> str:
        """Return an id that no order has: a seeded source repeats itself after a restart (R-1)."""
        while self._ledger.store.get(client_id := self._new_id(now)) is not None:
            pass
        return client_id

    async def _denied(self, draft: Order, report: GateReport, code: str, reason: str) -> SubmitResult:
        self._ledger.store.put(draft)
        denial = OrderDenied(client_id=draft.client_id, ts=self._clock.now_ns(), code=code, reason=reason)
        order = self._ledger.apply(denial, is_journalled=True) or draft
        try:
            await self._journal.write_denied(order, report)
        except StorageError as error:
            self._ledger.alarm("P-A", "journal", "The order journal cannot be written.", str(error))
        return SubmitResult(order=order, report=report)

    def _unwritten(self, draft: Order, report: GateReport, error: StorageError) -> SubmitResult:
        """Deny what could not be written down: it never left this machine (R-10)."""
        failure = CheckResult(
            code="L-JOURNAL", title="Journal", verdict=Verdict.FAIL, limit="written before sent", now="not written",
            after="–", message=f"The order was not sent: {error}",
        )  # fmt: skip
        told = replace(report, checks=(*report.checks, failure), largest_qty=None)
        self._ledger.store.put(draft)
        denial = OrderDenied(
            client_id=draft.client_id, ts=self._clock.now_ns(), code=failure.code, reason=failure.message
        )
        order = self._ledger.apply(denial, is_journalled=True) or draft
        self._ledger.alarm("P-A", "journal", "The order journal cannot be written: new orders are blocked.", str(error))
        return SubmitResult(order=order, report=told)
