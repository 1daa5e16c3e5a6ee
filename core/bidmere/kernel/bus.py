"""The event bus: typed by class, synchronous, in registration order, no strings and no queue."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E")
Handler = Callable[[Any], None]
Unsubscribe = Callable[[], None]

log = logging.getLogger(__name__)


class EventBus:
    """Deliver each event to the handlers of its exact class.

    A handler that raises is reported to `on_error` (by default the log) and the others still run.
    """

    def __init__(self, on_error: Callable[[Handler, object, Exception], None] | None = None) -> None:
        self._handlers: dict[type, tuple[Handler, ...]] = {}
        self._on_error = on_error or _log_error

    def subscribe(self, event_type: type[E], handler: Callable[[E], None]) -> Unsubscribe:
        """Register a handler; the returned function takes it off again."""
        self._handlers[event_type] = (*self._handlers.get(event_type, ()), handler)

        def unsubscribe() -> None:
            kept = tuple(known for known in self._handlers.get(event_type, ()) if known is not handler)
            self._handlers[event_type] = kept

        return unsubscribe

    def publish(self, event: object) -> None:
        """Call every handler of the event's class, in the order they registered."""
        for handler in self._handlers.get(type(event), ()):
            try:
                handler(event)
            except Exception as error:  # noqa: BLE001 - one bad handler must not stop the others; it is reported
                self._on_error(handler, event, error)


def _log_error(handler: Handler, event: object, error: Exception) -> None:
    log.error("Handler %r failed on %s.", handler, type(event).__name__, exc_info=error)
