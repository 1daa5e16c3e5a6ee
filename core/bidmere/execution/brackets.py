"""Exits of an entry: each its own order through the same gate, sent once the venue has the entry (U-94)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bidmere.execution.events import PositionUnprotected
from bidmere.execution.ledger import Ledger
from bidmere.model.events import OrderEvent
from bidmere.model.orders import Limit, Order, OrderIntent, OrderSpec, OrderState, Stop, TrailingStop

_AT_VENUE = (OrderState.OPEN, OrderState.PARTIAL, OrderState.FILLED)
_REFUSED = (OrderState.DENIED, OrderState.REJECTED, OrderState.DEAD)

Place = Callable[[OrderIntent], Awaitable[object]]
Cancel = Callable[[str, str], Awaitable[object]]
Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Brackets:
    """Watch entries with a bracket: send their exits when the venue took them, raise the alarm when it refuses one."""

    def __init__(self, ledger: Ledger, place: Place, cancel: Cancel, spawn: Spawn) -> None:
        self._ledger = ledger
        self._place = place
        self._cancel = cancel
        self._spawn = spawn
        self._started: set[str] = set()
        ledger.hooks.append(self._changed)

    def resume(self) -> None:
        """Send the exits that an earlier run did not get to."""
        for order in tuple(self._ledger.store):
            if not self._ledger.store.children(order.client_id) and (
                order.state.is_working or (order.state is OrderState.FILLED and self._is_open(order))
            ):
                self._look(order)

    def _changed(self, before: Order, after: Order, _event: OrderEvent) -> None:
        self._look(after)
        if after.intent.parent and after.state in _REFUSED and before.state not in _REFUSED:
            self._unprotected(after)
        if after.state.is_terminal and not before.state.is_terminal and not after.filled_qty:
            for child in self._ledger.store.children(after.client_id):
                if child.state.is_working:
                    self._spawn(self._drop(child.client_id), f"drop.{child.client_id}")

    def _look(self, order: Order) -> None:
        ready = order.state in _AT_VENUE or (order.state.is_terminal and order.filled_qty)
        if order.intent.bracket is None or order.client_id in self._started or not ready:
            return
        self._started.add(order.client_id)
        self._spawn(self._send(order), f"exits.{order.client_id}")

    async def _send(self, entry: Order) -> None:
        for intent in exit_intents(entry):
            await self._place(intent)

    async def _drop(self, client_id: str) -> None:
        order = self._ledger.store.get(client_id)
        if order is not None and order.state.is_working and not order.pending_cancel:
            await self._cancel(client_id, "link")

    def _is_open(self, entry: Order) -> bool:
        held = self._ledger.portfolio.held(entry.intent.account, entry.instrument)
        return held * entry.side.sign > 0

    def _unprotected(self, refused: Order) -> None:
        store, now = self._ledger.store, self._ledger.clock.now_ns()
        entry = store.get(refused.intent.parent)
        if entry is None or (entry.state.is_terminal and not entry.filled_qty):
            return
        if any(one.filled_qty for one in store.children(entry.client_id)) and not self._is_open(entry):
            return
        self._ledger.tell(PositionUnprotected(entry=entry, exit=refused, reason=refused.reason, ts=now))
        name = "stop" if not isinstance(refused.spec, Limit) else "target"
        text = f"The position in {entry.instrument} stands without its {name}: {refused.reason}"
        self._ledger.alarm("P-A", f"unprotected:{entry.client_id}:{name}", text, refused.code)


def exit_intents(entry: Order) -> tuple[OrderIntent, ...]:
    """Return the exits of an entry, the stop first: what protects goes before what profits."""
    bracket = entry.intent.bracket
    if bracket is None:
        return ()
    specs: list[OrderSpec] = []
    if bracket.stop_loss is not None:
        specs.append(Stop(trigger=bracket.stop_loss))
    if bracket.trail is not None:
        specs.append(TrailingStop(offset=bracket.trail))
    if bracket.take_profit is not None:
        specs.append(Limit(price=bracket.take_profit))
    qty = entry.filled_qty if entry.state.is_terminal else entry.qty
    return tuple(
        OrderIntent(
            instrument=entry.instrument,
            side=entry.side.opposite,
            qty=qty,
            spec=spec,
            account=entry.intent.account,
            source="bracket",
            strategy=entry.intent.strategy,
            reason=f"exit of {entry.client_id}",
            reduce_only=True,
            parent=entry.client_id,
            oco_group=f"{entry.client_id}/exits" if len(specs) > 1 else "",
            decided_ns=entry.intent.decided_ns,
        )
        for spec in specs
    )
