"""Every check of the gate, in the order in which they are told; the first that fails names the denial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bidmere.risk import checks_flow, checks_market, checks_order, checks_size, checks_state
from bidmere.risk.case import Case
from bidmere.risk.decision import CheckResult

Check = Callable[[Case], CheckResult]

CHECKS: Final[tuple[Check, ...]] = (
    checks_state.check_kill,
    checks_state.check_state,
    checks_state.check_account,
    checks_state.check_armed,
    checks_state.check_data_mode,
    checks_state.check_journal,
    checks_state.check_disk,
    checks_state.check_clock,
    checks_state.check_sync,
    checks_state.check_unknown,
    checks_state.check_halted,
    checks_order.check_instrument,
    checks_order.check_type,
    checks_order.check_expiry,
    checks_order.check_tick,
    checks_order.check_lot,
    checks_order.check_min_qty,
    checks_order.check_max_qty,
    checks_order.check_min_notional,
    checks_order.check_reduce_only,
    checks_order.check_short,
    checks_order.check_bracket,
    checks_market.check_data_age,
    checks_market.check_collar,
    checks_market.check_price_side,
    checks_size.check_order_value,
    checks_size.check_position,
    checks_size.check_exposure,
    checks_size.check_leverage,
    checks_size.check_buying_power,
    checks_size.check_trade_risk,
    checks_flow.check_open_symbol,
    checks_flow.check_open_total,
    checks_flow.check_rate,
    checks_flow.check_duplicate,
    checks_flow.check_strategy_rate,
    checks_market.check_self_cross,
    checks_state.check_daily_loss,
    checks_state.check_drawdown,
)
