"""The limits of an account as a person reads them: where each stands and how much of it is used."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bidmere.desk.api import RiskRow
from bidmere.execution.oms import OrderManager
from bidmere.model.account import Valuation
from bidmere.model.money import ZERO
from bidmere.model.orders import Order, Stop, StopLimit, TrailingStop
from bidmere.model.position import Position

_HUNDRED = Decimal(100)
_WARN, _URGENT = Decimal("0.75"), Decimal("0.9")
_STOPS = (Stop, StopLimit, TrailingStop)


def is_protected(position: Position, orders: Iterable[Order]) -> bool:
    """Say whether working stops cover the whole position (U-53)."""
    covered = sum(
        (
            order.leaves_qty
            for order in orders
            if order.instrument == position.instrument.id
            and order.intent.account == position.account
            and order.state.is_working
            and isinstance(order.spec, _STOPS)
            and order.side.sign * position.qty < 0
        ),
        ZERO,
    )
    return covered >= abs(position.qty)


def risk_rows(oms: OrderManager, account: str) -> tuple[RiskRow, ...]:
    """Return every limit of an account, the scarcest figures first."""
    limits = oms.limits(account)
    value = oms.valuation(account)
    orders = [order for order in oms.orders() if order.intent.account == account and order.state.is_working]
    held = [position for position in oms.positions() if position.account == account and not position.is_flat]
    naked = sum(not is_protected(position, orders) for position in held)
    loss = max(ZERO, -day_pnl(oms, account, value))
    peak = max(oms.peak_equity(account), value.equity)
    return (
        _money("L-DAILY-LOSS", "Day loss", loss, value, limits.daily_loss_pct, "block new exposure"),
        _money("L-DRAWDOWN", "Drawdown", peak - value.equity, value, limits.drawdown_pct, "block new exposure"),
        _money("L-GROSS", "Gross exposure", value.gross_exposure, value, limits.gross_exposure_pct, "block"),
        _plain("L-LEVERAGE", "Leverage", value.leverage, limits.max_leverage, "×"),
        _money("L-MARGIN", "Margin used", value.margin_used, value, _HUNDRED, "block"),
        _money("L-POSITION", "Largest position", _largest(oms, held, value), value, limits.position_pct, "block"),
        _plain("L-OPEN-ORDERS", "Open orders", Decimal(len(orders)), Decimal(limits.open_orders), ""),
        RiskRow(
            code="L-NO-STOP", title="Positions without stop", scope="account", now=str(naked), warn_at="1",
            stop_at="–", action="warn", share=None,
        ),
    )  # fmt: skip


def risk_share(oms: OrderManager, account: str) -> float:
    """Return how much of the scarcest limit is used, 0 to 1 and beyond."""
    return max((row.share for row in risk_rows(oms, account) if row.share is not None), default=0.0)


def day_pnl(oms: OrderManager, account: str, value: Valuation) -> Decimal:
    """Return equity now less the day's first equity, 0 before the first is known."""
    known = next((one for one in oms.accounts() if one.id == account), None)
    return value.equity - known.day_start_equity if known is not None and known.day_start_ns else ZERO


def _largest(oms: OrderManager, held: list[Position], value: Valuation) -> Decimal:
    if not held:
        return ZERO
    if len(held) == 1:
        return value.gross_exposure
    return max((oms.exposure(position) for position in held), default=ZERO)


def _money(code: str, title: str, now: Decimal, value: Valuation, limit_pct: Decimal, action: str) -> RiskRow:
    stop = value.equity * limit_pct / _HUNDRED
    share = float(now / stop) if stop > 0 else None
    return RiskRow(
        code=code,
        title=title,
        scope="account",
        now=f"{now:,.2f} {value.currency}",
        warn_at=f"{stop * _WARN:,.2f}",
        stop_at=f"{stop:,.2f}",
        action=action,
        share=share,
    )


def _plain(code: str, title: str, now: Decimal, stop: Decimal, unit: str) -> RiskRow:
    digits = 2 if unit else 0
    return RiskRow(
        code=code,
        title=title,
        scope="account",
        now=f"{now:,.{digits}f}{unit}",
        warn_at=f"{stop * _URGENT:,.{digits}f}{unit}",
        stop_at=f"{stop:,.{digits}f}{unit}",
        action="block",
        share=float(now / stop) if stop else None,
    )
