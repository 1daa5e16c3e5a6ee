"""The limits of an account: finite by default, for everything (R-30)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """Hold every limit of one account.

    `_pct` are percent of equity unless the name says otherwise: `collar_pct` is percent of the mid price, the day's
    loss is counted from the day's first equity, the drawdown from the highest equity. `warn_share` is the share of a
    limit from which a check warns.
    """

    collar_pct: Decimal = Decimal(2)
    far_pct: Decimal = Decimal(20)
    order_value_pct: Decimal = Decimal(10)
    position_pct: Decimal = Decimal(50)
    gross_exposure_pct: Decimal = Decimal(200)
    max_leverage: Decimal = Decimal(3)
    trade_risk_pct: Decimal = Decimal("0.5")
    open_orders_per_instrument: int = 10
    open_orders: int = 50
    orders_per_second: int = 5
    orders_per_minute: int = 60
    duplicate_window_ns: int = 2 * NS_PER_S
    fills_per_minute_per_strategy: int = 10
    daily_loss_pct: Decimal = Decimal(2)
    drawdown_pct: Decimal = Decimal(10)
    data_age_ns: int = 2 * NS_PER_S
    resting_data_age_ns: int = 30 * NS_PER_S
    clock_error_ns: int = 250_000_000
    disk_free_bytes: int = 200_000_000
    disk_warn_bytes: int = 500_000_000
    warn_share: Decimal = Decimal("0.75")
