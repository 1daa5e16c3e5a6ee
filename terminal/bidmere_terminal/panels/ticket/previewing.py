"""Ask the gate what an order would do: one question at a time, the newest draft wins (U-91)."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from bidmere.errors import BidmereError
from bidmere.model.orders import OrderIntent
from bidmere.risk.decision import Preview
from bidmere_terminal.panels.spec import Bridge

Intents = tuple[OrderIntent, ...]
_EDIT_MS = 20


class Previewer(QObject):
    """Hold the newest preview and the intents it is of; `changed` follows every answer."""

    changed = Signal()

    def __init__(self, bridge: Bridge, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge, self._name = bridge, name
        self._wanted: Intents = ()
        self._asking = False
        self._stale = False
        self.intents: Intents = ()
        self.preview: Preview | None = None
        self.error = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_EDIT_MS)
        self._timer.timeout.connect(self.ask)

    def want(self, intents: Intents) -> None:
        """Ask about these intents soon; edits that follow at once are taken together."""
        self._wanted = intents
        if not intents:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def ask(self) -> None:
        """Ask now."""
        if not self._wanted:
            return
        if self._asking:
            self._stale = True
            return
        self._asking = True
        self._bridge.spawn(self._fetch(self._wanted), self._name)

    def refuses(self, intents: Intents) -> bool:
        """Say whether the newest answer is about exactly these intents and refuses them."""
        return self.preview is not None and self.intents == intents and not self.preview.report.passed

    def forget(self) -> None:
        """Drop everything known."""
        self.want(())
        self.intents, self.preview, self.error = (), None, ""

    def stop(self) -> None:
        """End the timer."""
        self._timer.stop()
        self._wanted = ()

    async def _fetch(self, intents: Intents) -> None:
        try:
            found = [await self._preview(intent) for intent in intents]
            # Of an OCO pair the leg that is refused speaks for both.
            preview = next((one for one in found if not one.report.passed), found[0])
            self.intents, self.preview, self.error = intents, preview, ""
        except BidmereError as error:
            self.intents, self.preview, self.error = intents, None, str(error)
        finally:
            self._asking = False
        if self._wanted:
            self.changed.emit()
        if self._stale:
            self._stale = False
            self.want(self._wanted)

    async def _preview(self, intent: OrderIntent) -> Preview:
        return await self._bridge.call(lambda desk: desk.preview(intent))
