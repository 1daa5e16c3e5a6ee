"""The window's own trading actions: cancel entries, flatten, trading state, kill switch. Each says what it did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from bidmere.desk.api import DeskApi
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.spec import Bridge, Notify

T = TypeVar("T")


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


class DeskActions:
    """Send the window's wishes to the desk; the answer becomes a notice."""

    def __init__(self, bridge: Bridge, model: DeskModel, notify: Notify, account: Callable[[], str]) -> None:
        self._bridge = bridge
        self._model = model
        self._notify = notify
        self._account = account

    def open_positions(self) -> int:
        """Count the open positions of the chosen account."""
        account = self._account()
        return sum(one.account == account and not one.is_flat for one in self._model.positions.values())

    def cancel_entries(self, source: str = "hotkey:cancel-entries") -> None:
        """Cancel every working entry of every account; exits are kept."""

        async def job() -> None:
            count = await self._ask(lambda desk: desk.cancel_all(source=source))
            self._notify(f"{_plural(count, 'cancel', 'cancels')} sent; exits are kept.", level="order")

        self._spawn(job(), "cancel-entries")

    def flatten(self, source: str = "table") -> None:
        """Cancel all orders of the chosen account and close its positions."""
        account = self._account()

        async def job() -> None:
            count = await self._ask(lambda desk: desk.flatten(account, source=source))
            text = f"Flatten: orders of {account} cancelled, {_plural(count, 'close', 'closes')} sent."
            self._notify(text, level="order", key="flatten")

        self._spawn(job(), "flatten")

    def trading_state(self, state: str) -> None:
        """Let all orders through, only reducing ones, or none."""

        async def job() -> None:
            await self._ask(
                lambda desk: desk.set_trading_state(state, source="hotkey:trading-state", reason="set in the header")
            )
            words = {"ACTIVE": "New orders are let through.", "REDUCING": "Only reducing orders are let through."}
            self._notify(words.get(state, "No new orders leave. Working orders stay."), level="warning", key="state")

        self._spawn(job(), "trading-state")

    def kill(self) -> None:
        """Stop strategies and new orders, and cancel what works."""

        async def job() -> None:
            await self._ask(lambda desk: desk.kill(2, source="kill", reason="raised by hand at the desk"))
            text = "Kill switch K2: new orders are blocked and working orders are cancelled. Positions stay open."
            self._notify(text, level="critical", key="kill")

        self._spawn(job(), "kill")

    def clear_kill(self) -> None:
        """Lower the kill switch."""

        async def job() -> None:
            await self._ask(lambda desk: desk.clear_kill(source="table", reason="cleared in the header"))
            self._notify("The kill switch is off; trading is halted until you turn it on.", level="warning")

        self._spawn(job(), "clear-kill")

    async def _ask(self, ask: Callable[[DeskApi], Awaitable[T]]) -> T:
        return await self._bridge.call(ask)

    def _spawn(self, job: Coroutine[Any, Any, None], name: str) -> None:
        self._bridge.spawn(job, f"window.{name}")
