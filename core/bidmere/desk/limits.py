"""The limits of an account as a person reads them, from the order manager's state."""

from __future__ import annotations

from collections.abc import Iterable

from bidmere.execution.oms import OrderManager
from bidmere.model.money import ZERO
from bidmere.model.orders import Order, Stop, StopLimit, TrailingStop
from bidmere.model.position import Position
from bidmere.risk.monitor import RiskRow
from bidmere.risk.monitor import risk_rows as rows_of

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
    """Return every limit of an account with where it stands."""
    working = [order for order in oms.orders() if order.intent.account == account and order.state.is_working]
    held = [position for position in oms.positions() if position.account == account and not position.is_flat]
    return rows_of(
        oms.valuation(account),
        next((one for one in oms.accounts() if one.id == account), None),
        held,
        working,
        oms.recent_orders(account),
        oms.limits(account),
        oms.peak_equity(account),
        sum(not is_protected(position, working) for position in held),
        oms.trading_state(account),
        oms.kill_level,
        oms.now_ns(),
    )


def risk_share(oms: OrderManager, account: str) -> float:
    """Return how much of the scarcest limit is used, 0 to 1 and beyond."""
    return max((row.share for row in risk_rows(oms, account) if row.share is not None), default=0.0)
