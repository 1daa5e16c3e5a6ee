"""Circuit breakers: too many refusals or silences, and only what reduces is sent (R-45)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from bidmere.model.events import OrderEvent, OrderRejected, OrderUnknown
from bidmere.model.orders import Order

_S: Final = 1_000_000_000
REJECTS: Final = 5
REJECTS_WINDOW_NS: Final = 60 * _S
UNKNOWNS: Final = 3
UNKNOWNS_WINDOW_NS: Final = 600 * _S

Trip = Callable[[str, str], None]


class Breakers:
    """Count per account; `trip(account, reason)` is called when a count reaches its limit, and counting starts anew."""

    def __init__(self, trip: Trip) -> None:
        self._trip = trip
        self._rejects: dict[str, deque[int]] = {}
        self._unknowns: dict[str, deque[int]] = {}

    def changed(self, _before: Order, after: Order, event: OrderEvent) -> None:
        """Take an order's change in; the gate's own denials do not count."""
        account = after.intent.account
        if isinstance(event, OrderRejected) and event.by == "venue":
            reason = f"{REJECTS} orders were rejected within {REJECTS_WINDOW_NS // _S} s"
            self._count(self._rejects, account, event.ts, REJECTS, REJECTS_WINDOW_NS, reason)
        elif isinstance(event, OrderUnknown):
            reason = f"{UNKNOWNS} orders got no answer within {UNKNOWNS_WINDOW_NS // _S // 60} min"
            self._count(self._unknowns, account, event.ts, UNKNOWNS, UNKNOWNS_WINDOW_NS, reason)

    def _count(
        self, counts: dict[str, deque[int]], account: str, ts: int, limit: int, window_ns: int, reason: str
    ) -> None:
        times = counts.setdefault(account, deque())
        times.append(ts)
        while ts - times[0] > window_ns:
            times.popleft()
        if len(times) >= limit:
            times.clear()
            self._trip(account, reason)
