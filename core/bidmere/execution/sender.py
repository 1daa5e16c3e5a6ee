"""The only code that gives orders to a venue: verify, claim, look at the kill flag once more, send once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bidmere.brokerage.approval import ApprovedOrder, ApprovedReplace, ForgedApproval
from bidmere.brokerage.execution_port import Accepted, ExecutionClient, Outcome, Refused
from bidmere.errors import NotSent, StorageError, VenueError
from bidmere.execution.ledger import Ledger
from bidmere.kernel.clock import Clock
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.events import (
    CancelRejected,
    CancelRequested,
    OrderAccepted,
    OrderClaimed,
    OrderDead,
    OrderEvent,
    OrderRejected,
    OrderReplaced,
    OrderUnknown,
    ReplaceRejected,
    ReplaceRequested,
)
from bidmere.model.orders import Order, OrderState
from bidmere.risk.snapshot import is_exit
from bidmere.storage.journal import Journal

log = logging.getLogger(__name__)

T = TypeVar("T")

SUBMIT_LIMIT_NS = 5_000_000_000
_SOON_TURNS = 3


@dataclass(frozen=True, slots=True)
class Withheld:
    """Nothing was sent, on our own word; `cause` is for the order's Reason column."""

    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Provably nothing left this machine."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """It may have taken effect (R-3)."""

    reason: str


Reply = Accepted | Refused | Withheld | Unsent | NoAnswer
MaySend = Callable[[Order], Withheld | None]


class Sender:
    """Send approved orders, changes and cancels, each once, with a time limit on the clock; never again by itself.

    `waiting` counts calls that a venue has not answered. `on_unknown` hears of orders without an answer.
    """

    def __init__(
        self, clock: Clock, tasks: TaskOwner, journal: Journal, ledger: Ledger, may_send: MaySend,
        on_unknown: Callable[[Order], None],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._tasks = tasks
        self._journal = journal
        self._ledger = ledger
        self._may_send = may_send
        self._on_unknown = on_unknown
        self.waiting = 0

    async def submit(self, client: ExecutionClient, approved: ApprovedOrder) -> None:
        """Send a new order and apply what comes of it. Raises ForgedApproval for one the gate never passed."""
        sealed = ApprovedOrder(approved.order, approved.mac)
        order = sealed.order
        if client.account != order.intent.account:
            raise ForgedApproval(f"Order {order.client_id} was approved for another account and was not sent.")
        ts = self._clock.now_ns()
        try:
            claimed = await self._journal.claim(order.client_id, ts, is_urgent=is_exit(order))
        except StorageError as error:
            self._apply(OrderDead(client_id=order.client_id, ts=self._now(), cause="storage", reason=str(error)))
            return
        if not claimed:
            log.warning("Order %s was claimed before: it is not sent.", order.client_id)
            return
        self._ledger.apply(OrderClaimed(client_id=order.client_id, ts=ts), is_journalled=True)

        async def send() -> Outcome | Withheld:
            withheld = self._may_send(order)
            return withheld if withheld is not None else await client.submit(sealed)

        reply = await self._ask(send(), f"submit.{order.client_id}", lambda late: self._submitted(order, late))
        self._submitted(order, reply)

    async def replace(self, client: ExecutionClient, approved: ApprovedReplace) -> None:
        """Send a change and apply what comes of it."""
        sealed = ApprovedReplace(approved.order, approved.qty, approved.spec, approved.mac)
        order = sealed.order
        asked = ReplaceRequested(client_id=order.client_id, ts=self._now(), qty=sealed.qty, spec=sealed.spec)
        self._apply(asked)

        async def send() -> Outcome | Withheld:
            changed = replace(order, intent=replace(order.intent, qty=sealed.qty, spec=sealed.spec))
            withheld = self._may_send(changed)
            return withheld if withheld is not None else await client.replace(sealed)

        reply = await self._ask(send(), f"replace.{order.client_id}", lambda late: self._replaced(sealed, late))
        self._replaced(sealed, reply)

    async def cancel(self, client: ExecutionClient, order: Order) -> bool:
        """Send a cancel; its end comes as a report (R-15). False when the venue refused it or did not answer."""
        self._apply(CancelRequested(client_id=order.client_id, ts=self._now()))

        async def send() -> Outcome:
            return await client.cancel(order.client_id, order.venue_id)

        reply = await self._ask(send(), f"cancel.{order.client_id}", lambda late: self._cancelled(order, late))
        return self._cancelled(order, reply)

    async def question(self, call: Awaitable[T], name: str, limit_ns: int = SUBMIT_LIMIT_NS) -> T:
        """Ask a venue something that changes nothing. Raises VenueError, also when no answer comes in time."""

        async def ask() -> T | VenueError:
            try:
                return await call
            except VenueError as error:
                return error
            except Exception as error:
                log.exception("The question %s failed.", name)
                return VenueError(f"The venue's answer could not be read: {error}.")

        task = self._tasks.spawn(ask(), name)
        answered = await self._until_done(task, limit_ns)
        if not answered:
            task.cancel()
            raise VenueError(f"The venue did not answer within {limit_ns / 1e9:g} s ({name}).")
        result: T | VenueError = task.result()
        if isinstance(result, VenueError):
            raise result
        return result

    async def _ask(
        self, call: Awaitable[Outcome | Withheld], name: str, late: Callable[[Reply], object]
    ) -> Reply:
        task = self._tasks.spawn(_caught(call, name), name)
        answered = await self._until_done(task, SUBMIT_LIMIT_NS)
        if answered:
            reply: Reply = task.result()
            return reply
        # The call goes on: what it brings later is evidence all the same (E1, E2).
        task.add_done_callback(lambda done: None if done.cancelled() else _ignore(late(done.result())))
        return NoAnswer(f"No answer within {SUBMIT_LIMIT_NS / 1e9:g} s.")

    async def _until_done(self, task: asyncio.Task[Any], limit_ns: int) -> bool:
        """Wait for a task as long as the clock allows; the task itself goes on."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def finish(_: object = None) -> None:
            if not done.done():
                done.set_result(None)

        for _ in range(_SOON_TURNS):  # a venue that answers at once is not waited for
            if task.done():
                return not task.cancelled()
            await asyncio.sleep(0)
        timer = self._clock.call_later(limit_ns, finish)
        task.add_done_callback(finish)
        self.waiting += 1
        try:
            await done
        finally:
            self.waiting -= 1
            timer.cancel()
        return task.done() and not task.cancelled()

    def _submitted(self, order: Order, reply: Reply) -> None:
        client_id, now = order.client_id, self._now()
        known = self._ledger.store.get(client_id)
        if known is None:
            return
        if isinstance(reply, Accepted):
            if known.venue_id != reply.venue_id or not known.accepted_ns:
                venue_id, ts_venue = reply.venue_id, reply.ts_venue
                self._apply(OrderAccepted(client_id=client_id, ts=now, venue_id=venue_id, ts_venue=ts_venue))
        elif isinstance(reply, Refused):
            self._apply(
                OrderRejected(client_id=client_id, ts=now, code=reply.code, reason=reply.reason, raw=reply.raw)
            )
        elif isinstance(reply, Unsent):
            self._apply(
                OrderRejected(client_id=client_id, ts=now, code=NotSent.code, reason=reply.reason, by="connection")
            )
        elif isinstance(reply, Withheld):
            self._apply(OrderDead(client_id=client_id, ts=now, cause=reply.cause, reason=reply.reason))
        elif known.state is OrderState.PENDING_SUBMIT:
            after = self._apply(OrderUnknown(client_id=client_id, ts=now, reason=reply.reason))
            if after is not None:
                self._on_unknown(after)

    def _replaced(self, change: ApprovedReplace, reply: Reply) -> None:
        client_id, now = change.order.client_id, self._now()
        known = self._ledger.store.get(client_id)
        if known is None or not known.pending_replace:
            return
        if isinstance(reply, Accepted):
            self._apply(
                OrderReplaced(
                    client_id=client_id, ts=now, qty=change.qty, spec=change.spec, venue_id=reply.venue_id
                )
            )
        elif isinstance(reply, NoAnswer):
            self._ledger.alarm("P-B", f"change:{client_id}", f"The change of order {client_id} got no answer.")
            self._on_unknown(known)
        else:
            code, reason, raw = _refusal(reply)
            self._apply(ReplaceRejected(client_id=client_id, ts=now, code=code, reason=reason, raw=raw))

    def _cancelled(self, order: Order, reply: Reply) -> bool:
        known = self._ledger.store.get(order.client_id)
        if isinstance(reply, Accepted):
            return True
        if known is None or known.state.is_terminal:
            return True
        if isinstance(reply, NoAnswer):
            self._on_unknown(known)
            return False
        code, reason, raw = _refusal(reply)
        self._apply(CancelRejected(client_id=order.client_id, ts=self._now(), code=code, reason=reason, raw=raw))
        self._on_unknown(known)
        return False

    def _apply(self, event: OrderEvent) -> Order | None:
        return self._ledger.apply(event)

    def _now(self) -> int:
        return self._clock.now_ns()


async def _caught(call: Awaitable[Outcome | Withheld], name: str) -> Reply:
    try:
        return await call
    except NotSent as error:
        return Unsent(str(error))
    except (VenueError, TimeoutError) as error:
        return NoAnswer(str(error) or "The venue did not answer.")
    except Exception as error:
        # Whatever broke on the way, bytes may have left: only evidence ends an order.
        log.exception("%s failed on its way to the venue.", name)
        return NoAnswer(f"It failed on its way to the venue: {error}")


def _refusal(reply: Refused | Unsent | Withheld) -> tuple[str, str, str]:
    if isinstance(reply, Refused):
        return reply.code, reply.reason, reply.raw
    return NotSent.code, reply.reason, ""


def _ignore(_: object) -> None:
    return None
