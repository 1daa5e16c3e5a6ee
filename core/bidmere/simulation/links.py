"""How orders hang together: exits follow their entry (U-94), orders of a group share one quantity, reduce-only shrinks.

An exit that names a `parent` is held until that entry has filled, and never closes more than the entry got. Orders of
one `oco_group` lose what any of them fills, and end when nothing is left. A reduce-only order never opens: it fills at
most the position, shrinks with it and ends when the position is flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bidmere.model.orders import OrderState
from bidmere.simulation.working import Stage, WorkingOrder


class LinkHost(Protocol):
    """What the links ask of their exchange."""

    def position_lots(self, order: WorkingOrder) -> int:
        """Return the signed position of the order's account in its instrument."""

    def finish(self, order: WorkingOrder, state: OrderState, cause: str, reason: str) -> None:
        """End an order and report it."""

    def resize(self, order: WorkingOrder, qty: int) -> None:
        """Lower an order's quantity and report it."""

    def activate(self, order: WorkingOrder) -> None:
        """Let a held order in."""


class Links:
    """Know parents, groups and closing orders, and keep their quantities consistent."""

    def __init__(self, host: LinkHost) -> None:
        self._host = host
        self._orders: dict[str, WorkingOrder] = {}
        self._working: dict[str, WorkingOrder] = {}
        self._children: dict[str, list[WorkingOrder]] = {}
        self._groups: dict[tuple[str, str], list[WorkingOrder]] = {}
        self._closing: dict[tuple[str, str], list[WorkingOrder]] = {}

    def add(self, order: WorkingOrder) -> None:
        """Take an order in."""
        self._orders[order.client_id] = order
        if not order.is_done:
            self._working[order.client_id] = order
        intent = order.intent
        if intent.parent:
            self._children.setdefault(intent.parent, []).append(order)
        if intent.oco_group:
            self._groups.setdefault((intent.account, intent.oco_group), []).append(order)
        if is_closing_only(order):
            self._closing.setdefault(_place(order), []).append(order)

    def parent(self, order: WorkingOrder) -> WorkingOrder | None:
        """Return the entry an exit belongs to."""
        return self._orders.get(order.intent.parent) if order.intent.parent else None

    def live_lots(self, order: WorkingOrder) -> int:
        """Return what an order may fill now."""
        live = order.leaves
        if order.is_done or live <= 0:
            return 0
        entry = self.parent(order)
        if entry is not None:
            group = self._group(order) or [order]
            live = min(live, entry.filled - sum(one.filled for one in group))
        if is_closing_only(order):
            live = min(live, -self._host.position_lots(order) * order.sign)
        return max(0, live)

    def filled(self, order: WorkingOrder, lots: int) -> None:
        """Take a fill's share off the other orders of its group, at once."""
        for other in tuple(self._group(order)):
            if other is order or other.is_done:
                continue
            if other.qty - lots <= other.filled:
                self._host.finish(other, OrderState.CANCELED, "link", f"Order {order.client_id} of its group filled.")
            else:
                self._host.resize(other, other.qty - lots)

    def joined(self, order: WorkingOrder) -> None:
        """Take off a new order what the others of its group filled before it came."""
        if order.intent.parent:
            return  # an exit shares what its entry got: see `live_lots`
        for other in tuple(self._group(order)):
            if other is order or not other.filled or order.is_done:
                continue
            if order.qty <= other.filled:
                self._host.finish(order, OrderState.CANCELED, "link", f"Order {other.client_id} of its group filled.")
            else:
                self._host.resize(order, order.qty - other.filled)

    def follow(self, entry: WorkingOrder) -> None:
        """Bring the exits of an entry in line with it: wake them, cut them, or end them."""
        for child in tuple(self._children.get(entry.client_id, ())):
            if child.is_done:
                continue
            if entry.is_done and not entry.filled:
                self._host.finish(child, OrderState.CANCELED, "link", f"Its entry {entry.client_id} ended unfilled.")
                continue
            if entry.is_done:
                others = sum(one.filled for one in self._group(child) if one is not child)
                allowed = entry.filled - others
                if allowed <= child.filled:
                    self._host.finish(child, OrderState.CANCELED, "link", "All that its entry filled is closed.")
                    continue
                if child.qty > allowed:
                    self._host.resize(child, allowed)
            if child.stage is Stage.HELD and self.live_lots(child) > 0:
                self._host.activate(child)

    def position_changed(self, account: str, symbol: str) -> None:
        """Cut or end the closing orders of a position."""
        orders = self._closing.get((account, symbol), [])
        orders[:] = [order for order in orders if not order.is_done]
        for order in tuple(orders):
            entry = self.parent(order)
            if order.is_done or (entry is not None and not entry.is_done):
                continue
            closable = max(0, -self._host.position_lots(order) * order.sign)
            if closable == 0:
                reason = "The position it would reduce is closed."
                self._host.finish(order, OrderState.CANCELED, "venue", reason)
            elif order.leaves > closable:
                self._host.resize(order, order.filled + closable)

    def _group(self, order: WorkingOrder) -> list[WorkingOrder]:
        key = (order.intent.account, order.intent.oco_group)
        return self._groups.get(key, []) if order.intent.oco_group else []

    def __iter__(self) -> Iterator[WorkingOrder]:
        return iter(self._orders.values())

    def ended(self, order: WorkingOrder) -> None:
        """Count an order among the working ones no longer."""
        self._working.pop(order.client_id, None)

    def working(self) -> tuple[WorkingOrder, ...]:
        """Return what has not ended, in the order in which it came."""
        return tuple(self._working.values())

    def get(self, client_id: str) -> WorkingOrder | None:
        """Return an order by its client id, ended ones too."""
        return self._orders.get(client_id)


def is_closing_only(order: WorkingOrder) -> bool:
    """It may not open: reduce-only, or the sale of something that cannot be sold short."""
    return order.intent.reduce_only or (order.sign < 0 and not order.instrument.shortable)


def _place(order: WorkingOrder) -> tuple[str, str]:
    return (order.intent.account, order.instrument.id.symbol)
