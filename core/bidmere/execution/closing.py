"""Getting out: cancel many, close a position, flatten, and what a kill switch does until nothing is open."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Final

from bidmere.errors import InvalidInput
from bidmere.execution.control import MOVED
from bidmere.execution.ledger import Ledger
from bidmere.execution.placing import Placing, SubmitResult
from bidmere.kernel.clock import Clock, sleep_until
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.money import ONE, ZERO
from bidmere.model.orders import Market, Order, OrderIntent, OrderState
from bidmere.model.position import Position
from bidmere.risk.state import KillSwitch

log = logging.getLogger(__name__)

_TRIES: Final = 3
_AGAIN_NS: Final = 1_000_000_000
_STUCK_NS: Final = 2_000_000_000
KILL_CAP: Final = Decimal("0.02")

Cancel = Callable[[str, str], Awaitable[Order]]
Working = Callable[[], AbstractContextManager[None]]


class Closing:
    """Reduce, never add: everything here is class R."""

    def __init__(
        self, clock: Clock, ledger: Ledger, placing: Placing, kill: KillSwitch, cancel: Cancel, working: Working
    ) -> None:
        self._clock = clock
        self._ledger = ledger
        self._placing = placing
        self._kill = kill
        self._cancel = cancel
        self._working = working
        self._is_killing = False

    def in_scope(
        self, account: str | None, instrument: InstrumentId | None, side: Side | None, include_exits: bool
    ) -> list[Order]:
        """Return the working orders that a scoped cancel takes; exits of open positions only when asked (U-48)."""
        held = self._ledger.portfolio.held
        return [
            order
            for order in self._ledger.store.working(account)
            if instrument in (None, order.instrument)
            and side in (None, order.side)
            and order.state is not OrderState.QUARANTINED
            and not order.pending_cancel
            and (include_exits or not is_exit(order) or not held(order.intent.account, order.instrument))
        ]

    async def cancel_all(
        self, *, source: str, account: str | None = None, instrument: InstrumentId | None = None,
        side: Side | None = None, include_exits: bool = False,
    ) -> int:  # fmt: skip
        """Cancel the working orders in scope; returns how many cancels left."""
        orders = self.in_scope(account, instrument, side, include_exits)
        for order in orders:
            await self._cancel(order.client_id, source)
        return len(orders)

    async def close_position(
        self, instrument: InstrumentId, account: str, *, source: str, fraction: Decimal = ONE,
        slippage_cap: Decimal | None = None,
    ) -> SubmitResult | None:  # fmt: skip
        """Close a share of a position at market; never more than is held and not being closed already (U-7)."""
        if not ZERO < fraction <= ONE:
            raise InvalidInput(f"{fraction} is no share of a position: give a number above 0 and up to 1.")
        result: SubmitResult | None = None
        for _ in range(_TRIES):
            intent = self._close_intent(instrument, account, source, fraction, slippage_cap)
            if intent is None:
                return result
            result = await self._placing.place(intent)
            if result.order.cause != MOVED:
                break
        if result is not None and fraction == ONE and result.order.state is OrderState.FILLED:
            await self._drop_exits(instrument, account, source)
        return result

    async def flatten(self, account: str, *, source: str, slippage_cap: Decimal | None = None) -> int:
        """Cancel an account's orders, then close its positions; returns how many closes were sent."""
        await self.cancel_all(source=source, account=account, include_exits=True)
        sent = 0
        for position in tuple(self._ledger.portfolio.positions_of(account)):
            if not position.is_flat:
                closed = await self.close_position(
                    position.instrument.id, account, source=source, slippage_cap=slippage_cap
                )
                sent += closed is not None
        return sent

    async def work_kill(self) -> None:
        """Cancel, and at level 3 close, again and again until nothing of ours is open (R-63)."""
        if self._is_killing:
            return
        self._is_killing = True
        try:
            while self._kill.level >= 2:
                with self._working():
                    await self._kill_round()
                if not self._ours() and (self._kill.level < 3 or not self._open_positions()):
                    return
                await sleep_until(self._clock, self._clock.now_ns() + _AGAIN_NS)
        finally:
            self._is_killing = False

    async def _kill_round(self) -> None:
        for order in self._ours():
            if not order.pending_cancel or self._clock.now_ns() - order.updated_ns > _STUCK_NS:
                await self._cancel(order.client_id, "kill")
        if self._kill.level >= 3:
            for one in self._open_positions():
                await self.close_position(one.instrument.id, one.account, source="kill", slippage_cap=KILL_CAP)

    def _ours(self) -> list[Order]:
        """Return our working orders; foreign ones and the kill's own closes are not touched."""
        return [
            order
            for order in self._ledger.store.working()
            if order.intent.source not in ("external", "kill") and order.state is not OrderState.QUARANTINED
        ]

    def _open_positions(self) -> list[Position]:
        return [position for position in self._ledger.portfolio.positions.values() if not position.is_flat]

    def _close_intent(
        self, instrument: InstrumentId, account: str, source: str, fraction: Decimal, slippage_cap: Decimal | None
    ) -> OrderIntent | None:
        position = self._ledger.portfolio.position(account, instrument)
        if position is None or position.is_flat:
            return None
        side = Side.SELL if position.qty > 0 else Side.BUY
        free = abs(position.qty) - self._ledger.store.closing(account, instrument, side)
        grid = position.instrument
        wanted = min(free, abs(position.qty) * fraction)
        # A position smaller than the grid (dust) is closed whole or not at all.
        qty = grid.to_qty(wanted) if grid.on_lot(position.qty) or fraction != ONE else wanted
        if fraction != ONE and not qty:
            qty = min(grid.lot, grid.to_qty(max(free, ZERO)))
        if qty <= 0:
            return None
        return OrderIntent(
            instrument=instrument, side=side, qty=qty, spec=Market(), account=account, source=source, reduce_only=True,
            reason="close" if fraction == ONE else f"close {fraction}", strategy=position.strategy,
            decided_ns=self._clock.now_ns(), slippage_cap=slippage_cap,
        )  # fmt: skip

    async def _drop_exits(self, instrument: InstrumentId, account: str, source: str) -> None:
        """Cancel what would reduce a position that is gone; the venue may have done so already."""
        if self._ledger.portfolio.held(account, instrument):
            return
        for order in self._ledger.store.working(account):
            waits = self._waits_for_entry(order)
            if order.instrument == instrument and is_exit(order) and not order.pending_cancel and not waits:
                await self._cancel(order.client_id, source)

    def _waits_for_entry(self, order: Order) -> bool:
        entry = self._ledger.store.get(order.intent.parent) if order.intent.parent else None
        return entry is not None and entry.state.is_working


def is_exit(order: Order) -> bool:
    """Say whether an order can only reduce."""
    return order.intent.reduce_only or bool(order.intent.parent)
