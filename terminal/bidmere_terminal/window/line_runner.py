"""Carry out typed lines: stage, send, close, cancel, look, and say what happened (UX §10)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol, TypeVar

from bidmere.desk.api import DeskApi
from bidmere.desk.grammar import HELP
from bidmere.desk.line_orders import Drafted, draft_close, draft_order
from bidmere.desk.lines import (
    BreakEvenLine,
    CancelLine,
    CloseLine,
    ControlLine,
    HelpLine,
    Line,
    ModifyLine,
    NavLine,
    OrderLine,
    ReverseLine,
)
from bidmere.desk.surroundings import surroundings
from bidmere.desk.words import state_words
from bidmere.errors import BidmereError, InvalidInput
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.money import plain, to_decimal
from bidmere.model.orders import Market, Order, OrderIntent, OrderState, Stop, StopLimit
from bidmere.model.position import Position
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.spec import Bridge, Notify

T = TypeVar("T")
SOURCE = "palette"
APART_S, OPEN_S = 0.25, 5.0
_REFUSED = (OrderState.DENIED, OrderState.REJECTED, OrderState.DEAD)


class HasOrder(Protocol):
    """The answer to a submit or a change."""

    @property
    def order(self) -> Order: ...


class LineShell(Protocol):
    """What a line may do to the window."""

    def stage(self, intent: OrderIntent) -> bool: ...
    def look(self, line: NavLine) -> None: ...
    def hold_kill(self) -> None: ...
    def set_theme(self, name: str) -> None: ...
    def account(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a line: whether the palette may close, and a sentence to show in it."""

    close: bool
    text: str = ""
    tone: str = ""


class LineRunner:
    """Run parsed lines; orders and cancels go through the bridge, so the answer comes as a notice."""

    def __init__(
        self, shell: LineShell, bridge: Bridge, model: DeskModel, notify: Notify,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:  # fmt: skip
        self._shell = shell
        self._bridge = bridge
        self._model = model
        self._notify = notify
        self._seconds = seconds
        self._asked: tuple[Line, float] | None = None

    def run(self, line: Line, send: bool) -> Answer:
        """Carry out a line; `send` means Ctrl+Enter (U-132, U-133)."""
        if isinstance(line, OrderLine):
            self._bridge.spawn(self._order(line, send or line.send), "palette.order")
            return Answer(True)
        if isinstance(line, ReverseLine):
            self._bridge.spawn(self._reverse(line, send), "palette.reverse")
            return Answer(True)
        if isinstance(line, ModifyLine):
            if not send:
                return Answer(False, "Ctrl+Enter changes the order.")
            self._bridge.spawn(self._modify(line), "palette.modify")
            return Answer(True)
        if isinstance(line, CloseLine | CancelLine):
            return self._reduce(line)
        if isinstance(line, BreakEvenLine):
            self._bridge.spawn(self._break_even(line), "palette.break-even")
            return Answer(True)
        return self._look(line)

    def _look(self, line: Line) -> Answer:
        if isinstance(line, NavLine):
            self._shell.look(line)
        elif isinstance(line, ControlLine) and line.word == "KILL":
            self._shell.hold_kill()
        elif isinstance(line, ControlLine):
            self._shell.set_theme(line.value)
        elif isinstance(line, HelpLine):
            return Answer(False, help_text(line.word))
        return Answer(True)

    # ---- reductions: more than one symbol asks first, in place
    def _reduce(self, line: CloseLine | CancelLine) -> Answer:
        question = self.scope(line)
        if question:
            now = self._seconds()
            if self._asked is None or self._asked[0] != line or now - self._asked[1] > OPEN_S:
                self._asked = (line, now)
                return Answer(False, f"{question} — press Enter again", "warn")
            if now - self._asked[1] < APART_S:
                return Answer(False, f"{question} — press Enter again", "warn")
        self._asked = None
        job = self._close(line) if isinstance(line, CloseLine) else self._cancel(line)
        self._bridge.spawn(job, "palette.reduce")
        return Answer(True)

    def scope(self, line: CloseLine | CancelLine) -> str:
        """Return what a line would touch when that is more than one symbol, else an empty text."""
        if isinstance(line, CloseLine):
            held = self._held() if line.symbol is None else []
            return f"Close {len(held)} positions in {len(held)} symbols" if len(held) > 1 else ""
        if line.symbol is not None or line.order:
            return ""
        orders = [one for one in self._model.orders.values() if one.state.is_working]
        orders = [one for one in orders if line.exits or not one.intent.reduce_only]
        symbols = {one.instrument for one in orders}
        word = "orders" if line.exits else "entries"
        return f"Cancel {len(orders)} {word} in {len(symbols)} symbols" if len(symbols) > 1 else ""

    def _held(self) -> list[Position]:
        account = self._shell.account()
        return [one for one in self._model.positions.values() if one.account == account and not one.is_flat]

    async def _close(self, line: CloseLine) -> None:
        account = self._shell.account()
        fraction = line.percent / Decimal(100)
        held = [one.instrument.id for one in self._held()]
        wanted: Sequence[InstrumentId] = held if line.symbol is None else [line.symbol]
        if not wanted:
            raise InvalidInput("There is no open position.")
        for instrument in wanted:
            if line.how.kind == "market":
                result = await self._ask(_closing(instrument, account, fraction))
                if result is None:
                    raise InvalidInput(f"There is no position in {instrument} to close.")
                self._tell(result.order)
            else:
                drafted: Drafted = await self._bridge.call(_draft_of_close(line, instrument, account))
                await self._send(drafted.intent)

    async def _cancel(self, line: CancelLine) -> None:
        if line.order:
            order = self.find_order(line.order)
            await self._ask(lambda desk: desk.cancel(order.client_id, SOURCE))
            return
        count = await self._ask(
            lambda desk: desk.cancel_all(
                source=SOURCE, instrument=line.symbol, side=line.side, include_exits=line.exits
            )
        )
        self._notify(f"{count} cancels sent." if count != 1 else "1 cancel sent.", level="order")

    def find_order(self, text: str) -> Order:
        """Return the working order an id or its end names. Raises InvalidInput."""
        found = [
            one
            for one in self._model.orders.values()
            if one.state.is_working and (one.client_id == text or one.client_id.upper().endswith(text.lstrip("T")))
        ]
        if len(found) != 1:
            raise InvalidInput(
                f"#{text} names {len(found)} working orders: type more of its end."
                if found
                else f"There is no working order #{text}."
            )
        return found[0]

    # ---- orders
    async def _order(self, line: OrderLine, send: bool) -> None:
        await self._stage_or_send((await self.draft(line)), send)

    async def draft(self, line: OrderLine) -> Drafted:
        """Work out an order with what the desk knows now."""
        account = line.account or self._shell.account()

        def work(desk: DeskApi) -> Drafted:
            if account not in {one.id for one in desk.accounts()}:
                raise InvalidInput(f"There is no account {account!r}.")
            return draft_order(line, surroundings(desk, line.symbol, account), SOURCE)

        return await self._bridge.call(work)

    async def _stage_or_send(self, drafted: Drafted, send: bool) -> None:
        why = ""
        if send and self._model.execution_mode == "PAPER" and not drafted.warnings:
            await self._send(drafted.intent)
            return
        if send:
            why = drafted.warnings[0] if drafted.warnings else "Direct send is for paper accounts."
            why = f" Not sent: {why} Press the ticket's button to send it."
        if self._shell.stage(drafted.intent):
            self._notify(f"Staged in the ticket.{why}", level="warning" if why else "info", key="palette.stage")
        else:
            self._notify("The order ticket could not be opened, so nothing was staged.", level="error")

    async def _reverse(self, line: ReverseLine, send: bool) -> None:
        account = self._shell.account()
        position = self._model.positions.get((account, line.symbol))
        if position is None or position.is_flat:
            raise InvalidInput(f"There is no position in {line.symbol} to reverse.")
        intent = OrderIntent(
            instrument=line.symbol,
            side=Side.SELL if position.qty > 0 else Side.BUY,
            qty=abs(position.qty) * 2,
            spec=Market(),
            account=account,
            source=SOURCE,
        )
        await self._stage_or_send(Drafted(intent), send)

    async def _send(self, intent: OrderIntent) -> None:
        keyed = replace(intent, dedup_key=f"palette:{secrets.token_hex(8)}")
        result = await self._ask(lambda desk: desk.submit(keyed))
        self._tell(result.order)

    async def _modify(self, line: ModifyLine) -> None:
        order = self.find_order(line.order)
        price = None
        if line.price is not None:
            price = await self._price(order, line)
        result = await self._ask(
            lambda desk: desk.replace(
                order.client_id,
                source=SOURCE,
                qty=line.qty,
                price=price if line.part == "price" else None,
                trigger=price if line.part == "trigger" else None,
            )
        )
        self._tell(result.order)

    async def _price(self, order: Order, line: ModifyLine) -> Decimal:
        at = line.price
        if at is None or not at.ref:
            return at.value if at is not None else Decimal(0)
        raise InvalidInput("Write the new price as a number.")

    async def _break_even(self, line: BreakEvenLine) -> None:
        position = self._model.positions.get((self._shell.account(), line.symbol))
        if position is None or position.is_flat:
            raise InvalidInput(f"There is no position in {line.symbol}.")
        stops = [
            one
            for one in self._model.orders.values()
            if one.instrument == line.symbol and one.state.is_working and isinstance(one.spec, Stop | StopLimit)
            and one.side.sign * position.qty < 0
        ]  # fmt: skip
        if not stops:
            raise InvalidInput(f"There is no working stop in {line.symbol} to move.")
        instrument = position.instrument
        trigger = position.avg_price
        if line.offset is not None:
            unit = {"t": instrument.tick, "%": trigger / 100, "bp": trigger / 10_000}.get(line.offset.unit, Decimal(1))
            trigger += line.sign * line.offset.value * unit
        wanted = instrument.to_price(to_decimal(float(trigger)))
        for order in stops:
            result = await self._ask(_moving(order.client_id, wanted))
            self._tell(result.order)

    async def _ask(self, ask: Callable[[DeskApi], Awaitable[T]]) -> T:
        return await self._bridge.call(ask)

    def _tell(self, order: Order) -> None:
        words = state_words(self._model.orders.get(order.client_id, order)).text
        side = str(order.side).upper()
        text = f"{side} {plain(order.qty)} {order.instrument.symbol}: {words}"
        if order.state in _REFUSED:
            reason = order.reason or "The gate gave no reason."
            self._notify(f"{text}. {reason}", level="error", detail=order.code, key=order.client_id)
        else:
            self._notify(text, level="order", key=order.client_id)


def _closing(
    instrument: InstrumentId, account: str, fraction: Decimal
) -> Callable[[DeskApi], Awaitable[HasOrder | None]]:
    return lambda desk: desk.close_position(instrument, account, source=SOURCE, fraction=fraction)


def _draft_of_close(line: CloseLine, instrument: InstrumentId, account: str) -> Callable[[DeskApi], Drafted]:
    return lambda desk: draft_close(line, surroundings(desk, instrument, account), SOURCE)


def _moving(client_id: str, trigger: Decimal) -> Callable[[DeskApi], Awaitable[HasOrder]]:
    return lambda desk: desk.replace(client_id, source=SOURCE, trigger=trigger)


def help_text(word: str) -> str:
    """Return the help of a word, or of all words."""
    wanted = {"B": "BUY", "S": "BUY", "SELL": "BUY", "FLAT": "CLOSE"}.get(word, word)
    if not wanted:
        return "\n".join(HELP.values())
    return HELP.get(wanted, f"There is no help for {word}. Known: {', '.join(HELP)}.")


def sentence(error: BaseException) -> str:
    """Return what a person may read of an error."""
    return str(error) if isinstance(error, BidmereError) else f"{type(error).__name__}: {error}"
