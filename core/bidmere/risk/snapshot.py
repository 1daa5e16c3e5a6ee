"""Everything the gate looks at, frozen at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bidmere.model.account import Account, Rate, Valuation
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Quote
from bidmere.model.money import ONE, ZERO
from bidmere.model.orders import Order, OrderIntent, limit_price, trigger_price
from bidmere.model.position import Position
from bidmere.risk.state import TradingState


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSnapshot:
    """Hold what is known for judging one intent; what is None is unknown and judged as the worst (R-30).

    `position` is the account's in the intent's instrument, `positions` all of the account, `working` all its working
    orders (UNKNOWN too). `rate` converts the instrument's settle currency into the account's. `recent_orders` are
    (ts, intent) of the last minute, `strategy_fills` fills of the last minute by strategy. `parent` is the entry an
    exit waits for. `other_pending_value` and `other_pending_margin` are what working orders on other instruments may
    add, in the account's currency (see `pending_elsewhere`). `armed` matters for live accounts only; `simulated_data`
    says that the prices are simulated or replayed.
    """

    now_ns: int
    account: Account | None = None
    valuation: Valuation | None = None
    instrument: Instrument | None = None
    position: Position | None = None
    positions: tuple[Position, ...] = ()
    working: tuple[Order, ...] = ()
    quote: Quote | None = None
    quote_age_ns: int | None = None
    book: Book | None = None
    rate: Decimal | None = None
    trading_state: TradingState = TradingState.HALTED
    kill_level: int = 0
    venue_synced: bool = False
    halted_symbols: frozenset[InstrumentId] = frozenset()
    recent_orders: tuple[tuple[int, OrderIntent], ...] = ()
    strategy_fills: Mapping[str, int] = field(default_factory=dict)
    journal_ok: bool = False
    disk_free_mb: int = 0
    clock_error_ns: int = 0
    peak_equity: Decimal = ZERO
    parent: Order | None = None
    armed: bool = False
    simulated_data: bool = False
    other_pending_value: Decimal = ZERO
    other_pending_margin: Decimal = ZERO

    @property
    def held(self) -> Decimal:
        """The signed quantity held."""
        return self.position.qty if self.position is not None else ZERO

    @property
    def equity(self) -> Decimal | None:
        """The account's equity; None when unknown or when something that may be owed could not be valued."""
        if self.valuation is None or self.account is None:
            return None
        owed = {position.instrument.settle for position in self.positions if not position.is_flat}
        for name in self.valuation.missing:
            currency, slash, _ = name.partition("/")
            if slash and (currency in owed or self.account.balance(currency) < 0):
                return None
        return self.valuation.equity

    @property
    def day_pnl(self) -> Decimal | None:
        """Equity now less the day's first equity, None when either is unknown."""
        equity = self.equity
        if equity is None or self.account is None or self.account.day_start_equity <= 0:
            return None
        return equity - self.account.day_start_equity


def is_exit(order: Order) -> bool:
    """Say whether an order can only reduce: a reduce-only order or the exit of an entry."""
    return order.intent.reduce_only or bool(order.intent.parent)


def pending_elsewhere(
    working: Iterable[Order],
    but: InstrumentId,
    instruments: Callable[[InstrumentId], Instrument | None],
    mark: Callable[[Instrument], Decimal | None],
    rate: Rate,
    currency: str,
) -> tuple[Decimal, Decimal]:
    """Return (value, margin) that working orders on instruments other than `but` may add, in `currency`.

    Each counts in full at its own price, else at the mark; exits add nothing. What has no price or rate yet cannot be
    counted.
    """
    value = margin = ZERO
    for order in working:
        if order.instrument == but or is_exit(order):
            continue
        instrument = instruments(order.instrument)
        if instrument is None:
            continue
        price = limit_price(order.spec) or trigger_price(order.spec) or mark(instrument)
        factor = ONE if instrument.settle == currency else rate(instrument.settle, currency)
        if price is None or factor is None:
            continue
        worth = instrument.notional(order.leaves_qty, price) * factor
        value += worth
        margin += worth * instrument.margin_initial
    return value, margin
