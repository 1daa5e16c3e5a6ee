"""From a press to an order: what was shown at the press is what is sent, once, and its fate is told (U-86, U-99)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal

from bidmere.errors import BidmereError
from bidmere.model.instrument import Instrument
from bidmere.model.orders import Order, OrderIntent, OrderState
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.spec import Bridge
from bidmere_terminal.panels.ticket.wording import outcome

GUARD_S = 0.4
REPEAT_S = 0.25
RESULT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Staged:
    """What the button spelled when it went down."""

    intents: tuple[OrderIntent, ...]
    instrument: Instrument
    text: str


class Sender(QObject):
    """Guard presses, submit and follow the orders it sent; `told` carries (kind, sentence) for the result line."""

    told = Signal(str, str)
    sent = Signal()

    def __init__(self, bridge: Bridge, model: DeskModel, instance: str, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge, self._model, self._instance = bridge, model, instance
        self.seconds: Callable[[], float] = time.monotonic
        self._changed_at = -GUARD_S
        self._pressed_at = -REPEAT_S
        self._staged: Staged | None = None
        self._following: dict[str, Instrument] = {}
        self._clear = QTimer(self)
        self._clear.setSingleShot(True)
        self._clear.setInterval(RESULT_MS)
        self._clear.timeout.connect(self._forget)
        model.orders_changed.connect(self._on_orders)

    def note_change(self) -> None:
        """Remember that the instrument or the side changed just now."""
        self._changed_at = self.seconds()
        self._staged = None

    def guard_left(self) -> float:
        """Return for how many seconds a press is still ignored."""
        return max(0.0, GUARD_S - (self.seconds() - self._changed_at))

    def press(self, staged: Staged | None) -> None:
        """Keep what is shown at mouse-down or key-down."""
        now = self.seconds()
        if self.guard_left() > 0:
            self._staged = None
            self.tell("warning", "Not sent: the symbol or side had just changed. Press again.")
        elif now - self._pressed_at < REPEAT_S:
            self._staged = None
            self.tell("warning", "Not sent twice: the second press came within a quarter of a second.")
        else:
            self._staged = staged
            self._pressed_at = now

    def release(self) -> None:
        """Send what was kept at the press; nothing when the press was ignored."""
        staged, self._staged = self._staged, None
        if staged is not None and staged.intents:
            self.tell("info", "Sending…")
            self._bridge.spawn(self._send(staged), f"{self._instance}.submit")

    def tell(self, kind: str, text: str) -> None:
        """Show a sentence for five seconds."""
        self._clear.start()
        self.told.emit(kind, text)

    def stop(self) -> None:
        """End timers and let go of the model."""
        self._clear.stop()
        self._model.orders_changed.disconnect(self._on_orders)

    async def _send(self, staged: Staged) -> None:
        token = secrets.token_hex(8)
        pair = len(staged.intents) > 1
        orders: list[Order] = []
        for number, intent in enumerate(staged.intents):
            keyed = replace(
                intent,
                dedup_key=f"{self._instance}:{token}:{number}",
                oco_group=f"oco-{token}" if pair else intent.oco_group,
            )
            try:
                order = await self._submit(keyed)
            except BidmereError as error:
                self.tell("error", f"Not sent: {error}")
                await self._take_back(orders)
                return
            orders.append(order)
            if order.state in (OrderState.DENIED, OrderState.REJECTED, OrderState.DEAD):
                await self._take_back(orders[:-1])
                self._report(order, staged.instrument)
                return
        for order in orders:
            self._following[order.client_id] = staged.instrument
        newest = self._model.orders.get(orders[0].client_id, orders[0])
        self._report(newest if newest.updated_ns >= orders[0].updated_ns else orders[0], staged.instrument)
        self.sent.emit()

    async def _take_back(self, orders: list[Order]) -> None:
        """Cancel the first leg of a pair whose second leg was refused: half a pair was not asked for."""
        for order in orders:
            await self._cancel(order.client_id)

    async def _submit(self, intent: OrderIntent) -> Order:
        result = await self._bridge.call(lambda desk: desk.submit(intent))
        order: Order = result.order
        return order

    async def _cancel(self, client_id: str) -> None:
        await self._bridge.call(lambda desk: desk.cancel(client_id, "ticket"))

    def _on_orders(self, changed: object) -> None:
        if not self._following or not isinstance(changed, list):
            return
        for order in changed:
            instrument = self._following.get(order.client_id)
            if instrument is not None:
                self._report(order, instrument)

    def _report(self, order: Order, instrument: Instrument) -> None:
        kind, text = outcome(order, instrument)
        self.tell(kind, text)

    def _forget(self) -> None:
        self._following.clear()
        self.told.emit("info", "")
