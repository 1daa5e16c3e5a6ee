"""Every order by its client id, and the views of them that the gate and the desk ask for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal

from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.money import ZERO
from bidmere.model.orders import Market, Order, OrderIntent

_MINUTE_NS = 60_000_000_000


class OrderStore:
    """Hold orders in the order they were made, with an index of the working ones."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._working: dict[str, Order] = {}
        self._children: dict[str, list[str]] = {}
        self._recent: deque[tuple[int, OrderIntent]] = deque()
        self._executed: deque[tuple[int, str, str]] = deque()

    def put(self, order: Order) -> None:
        """Add an order, or put it in the place of what it was."""
        if order.client_id not in self._orders and order.intent.parent:
            self._children.setdefault(order.intent.parent, []).append(order.client_id)
        self._orders[order.client_id] = order
        if order.state.is_working:
            self._working[order.client_id] = order
        else:
            self._working.pop(order.client_id, None)

    def get(self, client_id: str) -> Order | None:
        """Return an order, None when it is not known."""
        return self._orders.get(client_id)

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[Order]:
        return iter(self._orders.values())

    def all(self) -> tuple[Order, ...]:
        """Return all orders, oldest first."""
        return tuple(self._orders.values())

    def working(self, account: str | None = None) -> list[Order]:
        """Return what is working, of one account or of all."""
        return [order for order in self._working.values() if account in (None, order.intent.account)]

    def children(self, client_id: str) -> list[Order]:
        """Return the exits of an entry."""
        return [self._orders[child] for child in self._children.get(client_id, ())]

    def closing(self, account: str, instrument: InstrumentId, side: Side, but: str = "") -> Decimal:
        """Return what market orders on their way will close on one side."""
        return sum(
            (
                order.leaves_qty
                for order in self._working.values()
                if order.client_id != but
                and order.intent.account == account
                and order.instrument == instrument
                and order.side is side
                and order.intent.reduce_only
                and isinstance(order.spec, Market)
            ),
            ZERO,
        )

    def note_sent(self, ts: int, intent: OrderIntent) -> None:
        """Remember an order that passed the gate."""
        self._recent.append((ts, intent))

    def forget_sent(self, intent: OrderIntent) -> None:
        """Take back an order that could not be written down."""
        for index in range(len(self._recent) - 1, -1, -1):
            if self._recent[index][1] is intent:
                del self._recent[index]
                return

    def recent(self, now: int) -> tuple[tuple[int, OrderIntent], ...]:
        """Return (time, intent) of the last minute, oldest first."""
        while self._recent and now - self._recent[0][0] > _MINUTE_NS:
            self._recent.popleft()
        return tuple(self._recent)

    def note_execution(self, ts: int, order: Order) -> None:
        """Remember that an order of a strategy got its first fill."""
        if order.intent.strategy:
            self._executed.append((ts, order.intent.strategy, order.client_id))

    def executions(self, now: int) -> dict[str, int]:
        """Return how many orders of each strategy began to fill in the last minute."""
        while self._executed and now - self._executed[0][0] > _MINUTE_NS:
            self._executed.popleft()
        counts: dict[str, int] = {}
        for _, strategy, _ in self._executed:
            counts[strategy] = counts.get(strategy, 0) + 1
        return counts

    def replay(self, orders: Iterable[Order]) -> None:
        """Take in what the journal knows."""
        for order in orders:
            self.put(order)
