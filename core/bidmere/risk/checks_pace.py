"""Checks on how many and how often: open orders, rate, repeats."""

from __future__ import annotations

from bidmere.model.orders import OrderIntent
from bidmere.risk.case import Case, result
from bidmere.risk.decision import CheckResult
from bidmere.risk.limits import NS_PER_S

_MINUTE_NS = 60 * NS_PER_S


def origin(intent: OrderIntent) -> str:
    """Return who repeats: the strategy's run, else the surface."""
    return intent.strategy or intent.source


def check_open_orders(case: Case) -> CheckResult:
    """Only so many orders may work at once, per instrument and in all; exits count with their entry."""
    limits = case.limits
    entries = [order for order in case.snapshot.orders if not order.intent.parent]
    here = sum(order.intent.instrument == case.intent.instrument for order in entries)
    full_here, full = here >= limits.open_orders_per_instrument, len(entries) >= limits.open_orders
    return result(
        case, "L-OPEN-ORDERS", "Working orders", full_here or full,
        limit=f"{limits.open_orders_per_instrument} here, {limits.open_orders} in all",
        now=f"{here} here, {len(entries)} in all", after=f"{here + 1} here, {len(entries) + 1} in all",
        message=f"{here if full_here else len(entries)} orders work {'on this instrument' if full_here else 'in all'}: "
        "cancel one first.",
    )  # fmt: skip


def check_rate(case: Case) -> CheckResult:
    """Only so many orders a second and a minute; exits and reductions are not counted against it."""
    now, limits = case.snapshot.now_ns, case.limits
    second = sum(1 for one in case.snapshot.sent if now - one.ts < NS_PER_S)
    minute = sum(1 for one in case.snapshot.sent if now - one.ts < _MINUTE_NS)
    bad = second >= limits.orders_per_second or minute >= limits.orders_per_minute
    return result(
        case, "L-RATE", "Order rate", bad, limit=f"{limits.orders_per_second}/s, {limits.orders_per_minute}/min",
        now=f"{second}/s, {minute}/min", after=f"{second + 1}/s, {minute + 1}/min",
        message="Orders come faster than the limit: wait a moment.",
    )  # fmt: skip


def check_duplicate(case: Case) -> CheckResult:
    """The same order from the same origin within the window is taken for a slip."""
    intent, now = case.intent, case.snapshot.now_ns
    who = origin(intent)
    twin = next(
        (
            one
            for one in reversed(case.snapshot.sent)
            if now - one.ts < case.limits.duplicate_window_ns
            and one.origin == who
            and one.instrument == intent.instrument
            and one.side is intent.side
            and one.qty == intent.qty
            and one.spec == intent.spec
        ),
        None,
    )
    window = f"{case.limits.duplicate_window_ns / NS_PER_S:g} s"
    age = f"{(now - twin.ts) / NS_PER_S:.1f} s ago" if twin is not None else "none"
    return result(
        case, "L-DUPLICATE", "Repeat", twin is not None, limit=f"no twin within {window}", now=age, after="–",
        message=f"The same order was sent {age}: send it again after {window} if you mean it.",
    )  # fmt: skip


def check_repeated_execution(case: Case) -> CheckResult:
    """A strategy whose orders fill again and again is paused."""
    limit, count = case.limits.fills_per_minute_per_strategy, case.snapshot.executions
    applies = bool(case.intent.strategy)
    return result(
        case, "L-REPEAT", "Repeated execution", applies and count >= limit, limit=f"{limit}/min per strategy",
        now=f"{count}/min" if applies else "–", after="–",
        message=f"{case.intent.strategy} had {count} orders filled within a minute: it is held back.",
    )  # fmt: skip
