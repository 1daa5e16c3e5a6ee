"""The limits of an account: finite by default, for everything (R-30)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """Hold every limit of one account.

    `_pct` are percent of equity unless said otherwise: `collar_pct` and `far_pct` are percent of the mid price (beyond
    `far_pct` a resting price is only warned about), `daily_loss_pct` counts from the day's first equity,
    `drawdown_pct` from the highest equity; `trade_risk_pct` is what an order may lose at its own stop; `max_leverage`
    is gross exposure over equity. From `warn_share` of a limit checks and gauges warn, from `alarm_share` gauges alarm
    (U-58).
    """

    collar_pct: Decimal = Decimal(2)
    far_pct: Decimal = Decimal(20)
    order_value_pct: Decimal = Decimal(10)
    position_pct: Decimal = Decimal(50)
    gross_exposure_pct: Decimal = Decimal(500)
    trade_risk_pct: Decimal = Decimal("0.5")
    max_leverage: Decimal = Decimal(5)
    open_orders_symbol: int = 10
    open_orders_total: int = 50
    orders_per_second: int = 5
    orders_per_minute: int = 60
    duplicate_window_ns: int = 2 * NS_PER_S
    fills_per_minute_per_strategy: int = 10
    daily_loss_pct: Decimal = Decimal(2)
    drawdown_pct: Decimal = Decimal(10)
    max_data_age_ns: int = 2 * NS_PER_S
    max_clock_error_ns: int = 250_000_000
    min_disk_mb: int = 200
    warn_share: Decimal = Decimal("0.75")
    alarm_share: Decimal = Decimal("0.9")
