"""The exchange's own book of one instrument: resting orders by price, then by time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator

from bidmere.simulation.working import Stage, WorkingOrder


class RestingBook:
    """Keep bids (sign +1) and asks (sign -1) in queues by price; all prices in ticks."""

    def __init__(self) -> None:
        self._levels: dict[int, dict[int, deque[WorkingOrder]]] = {1: {}, -1: {}}
        self._keys: dict[int, list[int]] = {1: [], -1: []}  # sorted so that the best price is the last

    def __bool__(self) -> bool:
        return bool(self._keys[1] or self._keys[-1])

    def best(self, sign: int) -> int | None:
        """Return the best price of a side, None when it is empty."""
        keys = self._keys[sign]
        return keys[-1] * sign if keys else None

    def queue(self, sign: int, price: int) -> tuple[WorkingOrder, ...]:
        """Return the orders at a price, first to fill first."""
        return tuple(self._levels[sign].get(price, ()))

    def orders(self, sign: int) -> Iterator[WorkingOrder]:
        """Yield the orders of a side in the order in which they would fill; the book must not change meanwhile."""
        levels = self._levels[sign]
        for key in reversed(self._keys[sign]):
            yield from levels[key * sign]

    def add(self, order: WorkingOrder) -> None:
        """Put an order at the end of its price's queue."""
        assert order.limit is not None
        levels = self._levels[order.sign]
        queue = levels.get(order.limit)
        if queue is None:
            queue = levels[order.limit] = deque()
            insort(self._keys[order.sign], order.limit * order.sign)
        queue.append(order)
        order.stage = Stage.RESTING

    def remove(self, order: WorkingOrder) -> None:
        """Take an order out; it must be in."""
        assert order.limit is not None
        levels, keys = self._levels[order.sign], self._keys[order.sign]
        queue = levels[order.limit]
        queue.remove(order)
        if not queue:
            del levels[order.limit]
            del keys[bisect_left(keys, order.limit * order.sign)]

    def requeue(self, order: WorkingOrder) -> None:
        """Send an order to the end of its price's queue (an iceberg that shows its next part)."""
        assert order.limit is not None
        queue = self._levels[order.sign][order.limit]
        queue.remove(order)
        queue.append(order)
