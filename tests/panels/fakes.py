"""A desk without an engine: fixed instruments and quotes, settable answers, and a record of what was asked."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from bidmere.brokerage.data_port import FeedState, FeedStatus
from bidmere.desk.api import Alarm, HealthView, ReplayState, RiskRow, StoryLine, StrategyRun, StrategySpec
from bidmere.desk.feed import Batch
from bidmere.errors import BidmereError, UnknownInstrument
from bidmere.execution.placing import SubmitResult
from bidmere.model.account import Account, AccountMode, Valuation
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Book, DayStats, Quote, Side, Trade
from bidmere.model.orders import Market, Order, OrderIntent, OrderState, limit_price, trigger_price
from bidmere.model.position import Position
from bidmere.model.timeframe import Timeframe
from bidmere.risk.decision import CheckResult, GateReport, Preview, Verdict
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.panels.spec import LinkGroup, Panel, PanelContext

T = TypeVar("T")
P = TypeVar("P", bound=Panel)
NOW = 1_767_268_800_000_000_000  # 1 Jan 2026 12:00 UTC
ACCOUNT = "paper-1"

_ALL = frozenset(
    {"market", "limit", "stop", "stop-limit", "trailing-stop", "market-if-touched", "limit-if-touched"}
)  # fmt: skip
_TIFS = frozenset({"GTC", "DAY", "GTD", "IOC", "FOK"})


def instrument(symbol: str, kind: InstrumentKind, base: str, tick: str, lot: str, **more: Any) -> Instrument:
    """Build an instrument of the simulated venue."""
    fields: dict[str, Any] = {
        "quote": "USD",
        "maker_fee": Decimal("0.0002"),
        "taker_fee": Decimal("0.0005"),
        "min_notional": Decimal(10),
        "order_types": _ALL,
        "tifs": _TIFS,
    }
    fields |= more
    return Instrument(
        id=InstrumentId(symbol, "SIM"), kind=kind, base=base, tick=Decimal(tick), lot=Decimal(lot), **fields
    )


BTC = instrument("BTCUSDT", InstrumentKind.SPOT, "BTC", "0.5", "0.001", quote="USDT")
ETH = instrument("ETHUSDT", InstrumentKind.SPOT, "ETH", "0.01", "0.01", quote="USDT")
AAPL = instrument(
    "AAPL",
    InstrumentKind.EQUITY,
    "AAPL",
    "0.01",
    "1",
    order_types=frozenset({"market", "limit", "stop", "stop-limit"}),
    tifs=frozenset({"DAY", "GTC", "IOC"}),
)
ES = instrument(
    "ES", InstrumentKind.FUTURE, "ES", "0.25", "1", multiplier=Decimal(50), margin_initial=Decimal("0.06")
)  # fmt: skip
INVERSE = instrument(
    "BTCUSD-PERP",
    InstrumentKind.PERPETUAL,
    "BTC",
    "0.5",
    "1",
    inverse=True,
    multiplier=Decimal(100),
    margin_initial=Decimal("0.05"),
)

_PRICES = {BTC.id: 64_999.0, ETH.id: 3_521.405, AAPL.id: 228.145, ES.id: 5_912.375, INVERSE.id: 65_010.25}


def quote_of(one: Instrument, mid: float) -> Quote:
    """Return a quote two ticks wide around a price."""
    tick = float(one.tick)
    bid = float(one.price_down(mid - tick))
    return Quote(instrument=one.id, bid=bid, ask=bid + 2 * tick, bid_size=1.2, ask_size=0.85, ts_event=NOW, ts_recv=NOW)


def book_of(one: Instrument, mid: float, levels: int = 20) -> Book:
    """Return a book of `levels` ticks on each side with sizes that vary by price."""
    tick = float(one.tick)
    bid = float(one.price_down(mid - tick))

    def size(price: float) -> float:
        return round(0.3 + (int(price / tick) * 7919 % 61) / 9.0, 3)

    bids = tuple((round(bid - i * tick, 8), size(bid - i * tick)) for i in range(levels))
    asks = tuple((round(bid + (i + 2) * tick, 8), size(bid + (i + 2) * tick)) for i in range(levels))
    return Book(instrument=one.id, bids=bids, asks=asks, ts_event=NOW, ts_recv=NOW, seq=1)


def check(code: str, title: str, verdict: Verdict = Verdict.PASS, **more: Any) -> CheckResult:
    """Build one check's result."""
    texts = {"limit": "10,000 USD", "now": "0 USD", "after": "6,500 USD"} | more
    return CheckResult(code=code, title=title, verdict=verdict, **texts)


PASSED = GateReport(
    checks=tuple(
        check(f"L-{n}", title)
        for n, title in enumerate(
            ("Trading state", "Quote age", "Price collar", "Order value", "Position", "Daily loss", "Order rate")
        )
    ),
    largest_qty=Decimal("0.153"),
    ts=NOW,
)


def too_large(largest: str = "0.153") -> GateReport:
    """Return a report in which the order value refuses anything above `largest`."""
    failed = check(
        "L-ORDER-VALUE",
        "Order value",
        Verdict.FAIL,
        after="65,000 USD",
        message="The order is worth 65,000 USD, more than the limit of 10,000 USD.",
        largest=Decimal(largest),
    )
    return GateReport(checks=(*PASSED.checks[:3], failed), largest_qty=Decimal(largest), ts=NOW)


class FakeDesk:
    """Answer like a desk and remember every request in `asked` as (method, arguments)."""

    def __init__(self) -> None:
        self.all = {one.id: one for one in (BTC, ETH, AAPL, ES, INVERSE)}
        self.prices = dict(_PRICES)
        self.report = PASSED
        self.missing: tuple[str, ...] = ()
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.intents: list[OrderIntent] = []
        self.previews = 0
        self.outcome = OrderState.FILLED
        self.refusal: BidmereError | None = None
        self.rows: tuple[RiskRow, ...] = ()
        self.runs: tuple[StrategyRun, ...] = ()
        self.replay_state: ReplayState | None = None
        self.trading_state = "ACTIVE"
        self.kill_level = 0
        self._numbers = itertools.count(1)

    def _note(self, method: str, *arguments: Any) -> None:
        self.asked.append((method, arguments))

    def called(self, method: str) -> list[tuple[Any, ...]]:
        """Return the arguments of every call of a method."""
        return [arguments for name, arguments in self.asked if name == method]

    # ---- what is there
    def instruments(self) -> tuple[Instrument, ...]:
        return tuple(self.all.values())

    def instrument(self, instrument: InstrumentId) -> Instrument:
        return self.all[instrument]

    def find(self, text: str, limit: int = 20) -> tuple[Instrument, ...]:
        return tuple(one for one in self.all.values() if text.upper() in str(one.id))[:limit]

    def resolve(self, text: str) -> Instrument:
        found = self.find(text)
        if len(found) != 1:
            raise UnknownInstrument(f"No instrument is called {text!r}.")
        return found[0]

    def quote(self, instrument: InstrumentId) -> Quote | None:
        return quote_of(self.all[instrument], self.prices[instrument])

    def book(self, instrument: InstrumentId) -> Book | None:
        return book_of(self.all[instrument], self.prices[instrument])

    def day_stats(self, instrument: InstrumentId) -> DayStats | None:
        price = self.prices[instrument]
        return DayStats(open=price, high=price * 1.01, low=price * 0.99, last=price, volume=100.0, reference=price)

    async def watch(self, instruments: Sequence[InstrumentId]) -> None:
        self._note("watch", tuple(instruments))

    async def unwatch(self, instruments: Sequence[InstrumentId]) -> None:
        self._note("unwatch", tuple(instruments))

    # ---- accounts and orders
    def accounts(self) -> tuple[Account, ...]:
        return (account(),)

    def valuation(self, account: str) -> Valuation:
        return valuation()

    def positions(self) -> tuple[Position, ...]:
        return ()

    def orders(self) -> tuple[Order, ...]:
        return ()

    def fills(self) -> tuple[Fill, ...]:
        return ()

    async def story(self, client_id: str) -> tuple[StoryLine, ...]:
        return ()

    def preview(self, intent: OrderIntent) -> Preview:
        self.previews += 1
        one = self.all[intent.instrument]
        price = limit_price(intent.spec) or trigger_price(intent.spec) or one.to_price(self.prices[one.id])
        notional = one.notional(intent.qty, price)
        taker = isinstance(intent.spec, Market)
        fee_rate = one.taker_fee if taker else one.maker_fee
        stop = intent.bracket.stop_loss if intent.bracket else None
        loss = one.pnl(intent.qty * intent.side.sign, price, stop) if stop else None
        return Preview(
            notional=notional,
            currency="USD",
            fee=notional * fee_rate,
            fee_kind="taker" if taker else "maker",
            fee_rate=fee_rate,
            fill_price=price if taker else None,
            slippage=Decimal("0.0001") if taker else None,
            margin_change=notional * one.margin_initial,
            buying_power_after=Decimal(100_000) - notional,
            position_after=intent.qty * intent.side.sign,
            avg_after=price,
            loss_at_stop=loss,
            loss_at_stop_pct=loss / 1_000 if loss is not None else None,
            reward_at_target=None,
            day_loss_room=Decimal("1949.00"),
            liquidation_price=Decimal("41200.0"),
            residence="venue",
            missing=self.missing,
            report=self.report,
        )

    async def submit(self, intent: OrderIntent) -> SubmitResult:
        self._note("submit", intent)
        if self.refusal is not None:
            raise self.refusal
        self.intents.append(intent)
        return SubmitResult(order=order(intent, self.outcome, number=next(self._numbers)), report=self.report)

    async def cancel(self, client_id: str, source: str) -> None:
        self._note("cancel", client_id, source)

    async def cancel_all(
        self,
        *,
        source: str,
        account: str | None = None,
        instrument: InstrumentId | None = None,
        side: Side | None = None,
        include_exits: bool = False,
    ) -> int:
        self._note("cancel_all", source, account, instrument, side, include_exits)
        return 2

    async def replace(
        self,
        client_id: str,
        *,
        source: str,
        qty: Decimal | None = None,
        price: Decimal | None = None,
        trigger: Decimal | None = None,
    ) -> SubmitResult:
        self._note("replace", client_id, source, qty, price, trigger)
        intent = OrderIntent(
            instrument=BTC.id, side=Side.BUY, qty=qty or Decimal(1), spec=Market(), account=ACCOUNT, source=source
        )
        return SubmitResult(order=order(intent, OrderState.OPEN), report=self.report)

    async def close_position(
        self, instrument: InstrumentId, account: str, *, source: str, fraction: Decimal = Decimal(1)
    ) -> SubmitResult | None:
        self._note("close_position", instrument, account, source, fraction)
        return None

    async def flatten(self, account: str, *, source: str) -> int:
        self._note("flatten", account, source)
        return 1

    # ---- risk
    def risk_rows(self, account: str) -> tuple[RiskRow, ...]:
        return self.rows

    async def set_trading_state(self, state: str, *, source: str, reason: str) -> None:
        self._note("set_trading_state", state, source, reason)
        self.trading_state = state

    async def kill(self, level: int, *, source: str, reason: str) -> None:
        self._note("kill", level, source, reason)
        self.kill_level = level

    async def clear_kill(self, *, source: str, reason: str) -> None:
        self._note("clear_kill", source, reason)
        self.kill_level = 0

    # ---- automation and replay
    def strategy_specs(self) -> tuple[StrategySpec, ...]:
        return (
            StrategySpec(
                name="sma_cross",
                title="SMA cross",
                summary="Long above the slow average, flat below.",
                params=(("fast", 10, 2, 200, "Fast period"), ("slow", 30, 5, 400, "Slow period")),
            ),
        )

    def strategy_runs(self) -> tuple[StrategyRun, ...]:
        return self.runs

    async def start_strategy(
        self,
        name: str,
        instrument: InstrumentId,
        timeframe: Timeframe,
        account: str,
        params: Mapping[str, float] | None = None,
        qty: Decimal | None = None,
    ) -> StrategyRun:
        self._note("start_strategy", name, instrument, timeframe, account, dict(params or {}), qty)
        if self.refusal is not None:
            raise self.refusal
        return run(name, instrument, timeframe)

    async def stop_strategy(self, run_id: str) -> None:
        self._note("stop_strategy", run_id)

    def replay(self) -> ReplayState | None:
        return self.replay_state

    async def replay_control(self, command: str, value: float = 0.0) -> ReplayState:
        self._note("replay_control", command, value)
        assert self.replay_state is not None
        if command in ("play", "pause"):
            self.replay_state = replace(self.replay_state, playing=command == "play")
        elif command == "speed":
            self.replay_state = replace(self.replay_state, speed=value)
        elif command == "seek":
            self.replay_state = replace(self.replay_state, position_ns=int(value))
        return self.replay_state

    def health(self) -> HealthView:
        return health(trading_state=self.trading_state, kill_level=self.kill_level)

    def modes(self) -> tuple[str, str]:
        return ("SIM", "PAPER")


def account() -> Account:
    """Return the paper account every test starts with."""
    return Account(
        id=ACCOUNT,
        name="Paper-1",
        venue="SIM",
        mode=AccountMode.PAPER,
        currency="USD",
        balances=(("USD", Decimal(100_000)),),
        day_start_equity=Decimal(100_000),
    )


def valuation() -> Valuation:
    """Return an untouched account's value."""
    zero = Decimal(0)
    return Valuation(
        currency="USD",
        equity=Decimal(100_000),
        cash=Decimal(100_000),
        positions_value=zero,
        unrealised=zero,
        realised=zero,
        gross_exposure=zero,
        net_exposure=zero,
        margin_used=zero,
        buying_power=Decimal(100_000),
        leverage=zero,
    )


def order(intent: OrderIntent, state: OrderState = OrderState.OPEN, number: int = 1, **more: Any) -> Order:
    """Return an order of an intent as the engine would report it 18 ms later."""
    filled = intent.qty if state is OrderState.FILLED else Decimal(0)
    fields: dict[str, Any] = {
        "filled_qty": filled,
        "avg_price": Decimal("65001.2") if filled else Decimal(0),
        "created_ns": NOW,
        "submitted_ns": NOW,
        "accepted_ns": NOW + 18_000_000,
        "first_fill_ns": NOW + 18_000_000 if filled else 0,
        "updated_ns": NOW + 18_000_000,
    }
    fields |= more
    return Order(client_id=f"T{number:026d}", intent=intent, qty=intent.qty, spec=intent.spec, state=state, **fields)


def fill(one: Order, qty: str = "0.1", price: str = "65001.0") -> Fill:
    """Return a fill of an order."""
    return Fill(
        trade_id="t-1",
        client_id=one.client_id,
        venue_id="v-1",
        instrument=one.instrument,
        account=ACCOUNT,
        side=one.side,
        qty=Decimal(qty),
        price=Decimal(price),
        fee=Decimal("3.25"),
        fee_currency="USDT",
        liquidity=Liquidity.TAKER,
        ts_event=NOW,
        ts_recv=NOW,
    )


def run(name: str, instrument: InstrumentId, timeframe: Timeframe, state: str = "running") -> StrategyRun:
    """Return a strategy run in a state."""
    return StrategyRun(
        run_id=f"{name}-1",
        strategy=name,
        instrument=instrument,
        timeframe=timeframe,
        account=ACCOUNT,
        params={"fast": 10.0, "slow": 30.0},
        state=state,
        detail="",
        orders=3,
        last_signal_ns=NOW,
    )


def health(**more: Any) -> HealthView:
    """Return the health of an engine that is well."""
    fields: dict[str, Any] = {
        "feeds": (),
        "services": {},
        "order_p50_ms": None,
        "order_p95_ms": None,
        "clock_offset_ms": 0.0,
        "engine_lag_ms": 0.0,
        "messages_per_s": 100.0,
        "cpu_pct": 5.0,
        "memory_mb": 200.0,
        "strategies_running": 0,
        "strategies_failed": 0,
        "trading_state": "ACTIVE",
        "kill_level": 0,
        "risk_share": 0.1,
        "recording": False,
        "unknown_orders": 0,
    }
    return HealthView(**(fields | more))


def risk_row(code: str, title: str, share: float | None, now: str = "164.00 USD") -> RiskRow:
    """Return one limit."""
    return RiskRow(
        code=code,
        title=title,
        scope="account",
        now=now,
        warn_at="1,500.00 USD",
        stop_at="2,000.00 USD",
        action="block new exposure",
        share=share,
    )


def risk_rows() -> tuple[RiskRow, ...]:
    """Return limits from calm to reached."""
    return (
        risk_row("L-DAILY-LOSS", "Day loss", 0.82, "1,640.00 USD"),
        risk_row("L-DRAWDOWN", "Drawdown", 0.12),
        risk_row("L-GROSS", "Gross exposure", 0.34, "34,000.00 USD"),
        risk_row("L-LEVERAGE", "Leverage", 0.17, "0.34×"),
        risk_row("L-MARGIN", "Margin used", 0.05, "5,000.00 USD"),
        risk_row("L-POSITION", "Largest position", 1.0, "50,000.00 USD"),
        risk_row("L-OPEN-ORDERS", "Open orders", 0.1, "2"),
        risk_row("L-NO-STOP", "Positions without stop", None, "1"),
    )


class FakeBridge:
    """Run what a panel asks at once; with `held` set, jobs wait until `release`."""

    def __init__(self, desk: FakeDesk, notices: list[tuple[str, str]]) -> None:
        self.desk = desk
        self.held = False
        self._waiting: list[Any] = []
        self._notices = notices

    async def call(self, ask: Callable[[Any], Awaitable[T] | T]) -> T:
        answer = ask(self.desk)
        if inspect.isawaitable(answer):
            return await answer
        return answer

    def spawn(self, job: Any, name: str) -> None:
        if self.held:
            self._waiting.append(job)
        else:
            self._drive(job)

    def release(self) -> None:
        """Run every job that waits, in order, and hold no more."""
        self.held = False
        waiting, self._waiting = self._waiting, []
        for job in waiting:
            self._drive(job)

    def close(self) -> None:
        """Drop what still waits."""
        for job in self._waiting:
            job.close()
        self._waiting.clear()

    def _drive(self, job: Any) -> None:
        try:
            job.send(None)
        except StopIteration:
            return
        except BidmereError as error:
            self._notices.append(("error", str(error)))
            return
        job.close()
        raise AssertionError("the fake desk answers at once: a panel waited for something else")


@dataclass
class FakeStatus:
    """Make feed states of the simulated venue."""

    @staticmethod
    def of(state: FeedState, detail: str = "") -> FeedStatus:
        return FeedStatus(venue="SIM", state=state, ts=NOW, detail=detail)


class Bench:
    """A fake desk, its bridge, a filled model and a link group, from which panels are made."""

    def __init__(self, *, ready: bool = True) -> None:
        self.desk = FakeDesk()
        self.notices: list[tuple[str, str]] = []
        self.commands: list[tuple[Any, ...]] = []
        self.settings: dict[str, Any] = {}
        self.bridge = FakeBridge(self.desk, self.notices)
        self.model = DeskModel()
        self.group = LinkGroup("A")
        self.group.instrument = BTC.id
        self.panels: list[Panel] = []
        self.model.instruments = dict(self.desk.all)
        self.model.accounts = {ACCOUNT: account()}
        self.model.valuations = {ACCOUNT: valuation()}
        self.model.feeds = {"SIM": FakeStatus.of(FeedState.OK)}
        for one in self.desk.all.values():
            self.model.quotes[one.id] = quote_of(one, self.desk.prices[one.id])
            self.model.books[one.id] = book_of(one, self.desk.prices[one.id])
        if ready:
            self.model.set_ready(True)

    def context(self, instance: str, state: Mapping[str, Any] | None = None) -> PanelContext:
        """Return a context for one panel."""
        return PanelContext(
            instance=instance,
            bridge=self.bridge,
            model=self.model,
            notify=self._notify,
            account=lambda: ACCOUNT,
            run_command=lambda *words, **named: self.commands.append(words),
            setting=self.settings.get,
            set_setting=self.settings.__setitem__,
            group=self.group,
            state=state or {},
        )

    def make(self, panel: type[P], instance: str = "", state: Mapping[str, Any] | None = None) -> P:
        """Build a panel of a class, in link group A on BTCUSDT."""
        made = panel(self.context(instance or panel.__name__.removesuffix("Panel").lower(), state))
        self.panels.append(made)
        return made

    def tick(self, one: Instrument, mid: float) -> None:
        """Move a price: quote, book and a trade arrive in one batch."""
        self.desk.prices[one.id] = mid
        batch = Batch(quotes={one.id: quote_of(one, mid)}, books={one.id: book_of(one, mid)})
        batch.trades[one.id] = [
            Trade(instrument=one.id, price=mid, size=0.25, side=Side.BUY, ts_event=NOW, ts_recv=NOW)
        ]
        self.model.apply(batch)

    def order(self, changed: Order) -> None:
        """Let the engine report an order."""
        self.model.apply(Batch(orders=[changed]))

    def position(self, one: Instrument, qty: str, price: str) -> None:
        """Let the engine report a position."""
        held = Position(instrument=one, account=ACCOUNT, qty=Decimal(qty), avg_price=Decimal(price))
        self.model.apply(Batch(positions={(ACCOUNT, one.id): held}))

    def feed(self, state: FeedState, detail: str = "") -> None:
        """Let the feed say how it is."""
        self.model.apply(Batch(statuses={"SIM": FakeStatus.of(state, detail)}))

    def alarm(self, text: str, priority: str = "P-B") -> None:
        """Let the engine raise an alarm."""
        self.model.apply(Batch(alarms=[Alarm(priority=priority, key=text, text=text, ts=NOW)]))

    def close(self) -> None:
        """Shut every panel down."""
        for panel in self.panels:
            panel.shutdown()
            panel.close()
            panel.deleteLater()
        self.bridge.close()

    def _notify(self, text: str, *, level: str = "info", detail: str = "", key: str = "") -> None:
        self.notices.append((level, text))
