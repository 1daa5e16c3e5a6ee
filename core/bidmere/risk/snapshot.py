"""Everything the gate looks at, frozen at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bidmere.model.account import Account, AccountMode, Valuation
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Quote, Side
from bidmere.model.money import ZERO
from bidmere.model.orders import Order, OrderSpec
from bidmere.model.position import Position
from bidmere.risk.state import TradingState


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An order that passed the gate a short while ago; `origin` is its strategy run or its surface."""

    ts: int
    instrument: InstrumentId
    side: Side
    qty: Decimal
    spec: OrderSpec
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSnapshot:
    """Hold what is known for judging one intent; None and False mean unknown and are judged as the worst (R-30).

    `orders` are all working orders of the account, also those approved and not sent yet, without the one being
    changed. `rate` converts the instrument's settle currency into the account's. `other_exposure` and `other_margin`
    are gross notional and margin of all other instruments at worst case, in the account's currency. `sent` are the
    orders of the last minute, oldest first; `executions` counts the orders of the intent's strategy that filled in
    the last minute. `parent` is the entry an exit waits for.
    """

    now_ns: int
    account: Account | None = None
    valuation: Valuation | None = None
    instrument: Instrument | None = None
    position: Position | None = None
    orders: tuple[Order, ...] = ()
    parent: Order | None = None
    quote: Quote | None = None
    book: Book | None = None
    rate: Decimal | None = None
    other_exposure: Decimal = ZERO
    other_margin: Decimal = ZERO
    peak_equity: Decimal = ZERO
    trading: TradingState = TradingState.HALTED
    trading_reason: str = ""
    kill_level: int = 0
    kill_reason: str = ""
    is_armed: bool = False
    is_simulated_data: bool = False
    is_synced: bool = False
    sync_reason: str = ""
    halted: str = ""
    sent: tuple[Sent, ...] = ()
    executions: int = 0
    is_journal_ok: bool = False
    journal_reason: str = ""
    disk_free: int | None = None
    clock_error_ns: int | None = None

    @property
    def held(self) -> Decimal:
        """The signed quantity held."""
        return self.position.qty if self.position is not None else ZERO

    @property
    def is_live(self) -> bool:
        """Real money is at stake; an unknown account counts as such."""
        return self.account is None or self.account.mode is AccountMode.LIVE

    @property
    def day_pnl(self) -> Decimal | None:
        """Equity now less the day's first equity, None when either is unknown."""
        if self.account is None or self.valuation is None or not self.account.day_start_ns:
            return None
        return self.valuation.equity - self.account.day_start_equity
