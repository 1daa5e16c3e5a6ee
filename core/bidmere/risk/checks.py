"""Every check of the gate, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bidmere.risk.case import Case
from bidmere.risk.checks_limits import (
    check_buying_power,
    check_gross,
    check_leverage,
    check_order_value,
    check_position,
    check_trade_risk,
)
from bidmere.risk.checks_market import check_collar, check_data_age, check_self_cross
from bidmere.risk.checks_order import (
    check_bracket,
    check_instrument,
    check_min_notional,
    check_price,
    check_qty,
    check_reduce_only,
    check_short,
    check_type,
)
from bidmere.risk.checks_pace import check_duplicate, check_open_orders, check_rate, check_repeated_execution
from bidmere.risk.checks_state import (
    check_account,
    check_armed,
    check_clock,
    check_daily_loss,
    check_data_mode,
    check_disk,
    check_drawdown,
    check_halt,
    check_journal,
    check_kill,
    check_trading_state,
    check_unknown,
    check_venue,
)
from bidmere.risk.decision import CheckResult

Check = Callable[[Case], CheckResult]

CHECKS: Final[tuple[Check, ...]] = (
    check_kill,
    check_trading_state,
    check_armed,
    check_data_mode,
    check_account,
    check_instrument,
    check_halt,
    check_venue,
    check_unknown,
    check_type,
    check_qty,
    check_price,
    check_min_notional,
    check_reduce_only,
    check_short,
    check_bracket,
    check_data_age,
    check_collar,
    check_self_cross,
    check_order_value,
    check_position,
    check_gross,
    check_leverage,
    check_buying_power,
    check_trade_risk,
    check_open_orders,
    check_rate,
    check_duplicate,
    check_repeated_execution,
    check_daily_loss,
    check_drawdown,
    check_clock,
    check_journal,
    check_disk,
)
