"""An account, a market and a snapshot in which every check of the gate passes, to be spoilt one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from bidmere.model.account import Account, AccountMode, Valuation, value_account
from bidmere.model.fills import Fill, Liquidity
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Book, Quote, Side
from bidmere.model.orders import Limit, Order, OrderIntent, OrderSpec, OrderState
from bidmere.model.position import Position
from bidmere.risk.decision import CheckResult, GateReport
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot
from bidmere.risk.state import TradingState
from bidmere.risk.validator import RiskValidator

D = Decimal
S_NS = 1_000_000_000
NOW = 1_700_000_000 * S_NS
LIMITS = RiskLimits()
GATE = RiskValidator()
ENTRY_LIMIT = Limit(price=D(63800))

PERP = Instrument(
    id=InstrumentId("BTCUSDT", "SIM"),
    kind=InstrumentKind.PERPETUAL,
    base="BTC",
    quote="USDT",
    tick=D("0.1"),
    lot=D("0.001"),
    min_qty=D("0.002"),
    max_qty=D("100"),
    min_notional=D("5"),
    maker_fee=D("0.0002"),
    taker_fee=D("0.0005"),
    margin_initial=D("0.1"),
    margin_maintenance=D("0.05"),
)
INVERSE = replace(
    PERP, id=InstrumentId("BTCUSD", "SIM"), quote="USD", inverse=True, settle="BTC", tick=D("0.5"), lot=D(1),
    min_qty=D(1), max_qty=None, multiplier=D(100), min_notional=D(0),
)  # fmt: skip
SPOT = replace(
    PERP, id=InstrumentId("ETHUSDT", "SIM"), kind=InstrumentKind.SPOT, base="ETH", tick=D("0.01"), lot=D("0.0001"),
    min_qty=D("0.0001"), margin_initial=D(1), margin_maintenance=D(1), shortable=False,
)  # fmt: skip
ACCOUNT = Account(
    id="paper-1",
    name="Paper",
    venue="SIM",
    mode=AccountMode.PAPER,
    currency="USDT",
    balances=(("USDT", D(100_000)),),
    day_start_ns=NOW - 3600 * S_NS,
    day_start_equity=D(100_000),
)


def no_rate(source: str, target: str) -> Decimal | None:
    """Know no rate but one to itself."""
    return D(1) if source == target else None


def quote_of(instrument: Instrument = PERP, bid: float = 63_999.9, ask: float = 64_000.1) -> Quote:
    """Return a quote of now."""
    return Quote(instrument.id, bid, ask, 1.0, 1.0, NOW, NOW)


def book_of(instrument: Instrument = PERP, mid: float = 64_000.0, size: float = 0.5, step: float = 10.0) -> Book:
    """Return a book of twenty even levels."""
    levels = range(20)
    return Book(
        instrument.id,
        tuple((round(mid - 0.1 - n * step, 1), size) for n in levels),
        tuple((round(mid + 0.1 + n * step, 1), size) for n in levels),
        NOW,
        NOW,
    )


def held(qty: str | Decimal, price: str | Decimal = "64000", instrument: Instrument = PERP) -> Position:
    """Return an open position."""
    return Position(
        instrument=instrument, account=ACCOUNT.id, qty=D(qty), avg_price=D(price) if D(qty) else D(0), opened_ns=NOW
    )


def valued(*positions: Position, mark: str = "64000", account: Account = ACCOUNT) -> Valuation:
    """Value the account at one mark for all."""
    return value_account(account, positions, lambda _: D(mark), no_rate)


def snap(position: Position | None = None, **changes: Any) -> RiskSnapshot:
    """Return a snapshot in which everything is well, with the changes asked for."""
    positions = (position,) if position is not None else ()
    base = RiskSnapshot(
        now_ns=NOW,
        account=ACCOUNT,
        valuation=valued(*positions),
        instrument=PERP,
        position=position,
        positions=positions,
        quote=quote_of(),
        quote_age_ns=0,
        book=book_of(),
        rate=D(1),
        trading_state=TradingState.ACTIVE,
        venue_synced=True,
        journal_ok=True,
        disk_free_mb=10_000,
        peak_equity=D(100_000),
    )
    return replace(base, **changes)


def order(
    qty: str | Decimal = "0.1",
    spec: OrderSpec | None = None,
    side: Side = Side.BUY,
    *,
    client_id: str = "T1",
    state: OrderState = OrderState.DRAFT,
    filled: str = "0",
    **changes: Any,
) -> Order:
    """Return an order of the ticket: a limit just below the market unless told otherwise."""
    spec = spec if spec is not None else Limit(price=D("63900") if side is Side.BUY else D("64100"))
    intent = OrderIntent(
        instrument=changes.pop("instrument", PERP.id),
        side=side,
        qty=D(qty),
        spec=spec,
        account=ACCOUNT.id,
        source=changes.pop("source", "ticket"),
    )
    intent = replace(intent, **changes)
    return Order(client_id=client_id, intent=intent, qty=D(qty), spec=spec, state=state, filled_qty=D(filled))


def fill_of(
    one: Order, qty: Decimal, price: Decimal, fee: Decimal | None = None, instrument: Instrument = PERP
) -> Fill:
    """Return an execution of an order."""
    return Fill(
        trade_id=f"{one.client_id}-{qty}-{price}",
        client_id=one.client_id,
        venue_id="V1",
        instrument=instrument.id,
        account=ACCOUNT.id,
        side=one.side,
        qty=qty,
        price=price,
        fee=fee if fee is not None else D(0),
        fee_currency=instrument.settle,
        liquidity=Liquidity.TAKER,
        ts_event=NOW,
    )


def judge(one: Order, snapshot: RiskSnapshot, limits: RiskLimits = LIMITS) -> GateReport:
    """Return the gate's report."""
    return GATE.report(one, snapshot, limits)


def found(report: GateReport, code: str) -> CheckResult:
    """Return one check of a report."""
    return next(check for check in report.checks if check.code == code)


def failed_codes(report: GateReport) -> set[str]:
    """Return the codes that refuse."""
    return {check.code for check in report.failed}
