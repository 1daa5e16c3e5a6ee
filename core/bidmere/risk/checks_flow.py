"""Checks on how many and how often: working orders, rate, repeats."""

from __future__ import annotations

from bidmere.model.orders import OrderIntent
from bidmere.risk.case import Case, result
from bidmere.risk.decision import CheckResult
from bidmere.risk.limits import NS_PER_S
from bidmere.risk.snapshot import is_exit

_MINUTE_NS = 60 * NS_PER_S


def origin(intent: OrderIntent) -> str:
    """Return who repeats: the strategy, else the kind of surface (`hotkey` of `hotkey:buy`)."""
    return f"strategy:{intent.strategy}" if intent.strategy else intent.source.partition(":")[0]


def check_open_symbol(case: Case) -> CheckResult:
    """Only so many entries may work at once in one instrument; exits belong to their entry."""
    symbol = case.intent.instrument
    here = sum(order.instrument == symbol and not is_exit(order) for order in case.snap.working)
    return _count(case, "L-OPEN-SYMBOL", "Working orders here", here, case.limits.open_orders_symbol, str(symbol))


def check_open_total(case: Case) -> CheckResult:
    """Only so many entries may work at once in the account."""
    total = sum(not is_exit(order) for order in case.snap.working)
    return _count(
        case, "L-OPEN-TOTAL", "Working orders", total, case.limits.open_orders_total, f"account {case.intent.account}"
    )


def check_rate(case: Case) -> CheckResult:
    """Only so many orders may be sent in a second and in a minute; exits belong to their entry."""
    now, limits = case.snap.now_ns, case.limits
    times = [ts for ts, intent in case.snap.recent_orders if not intent.parent]
    second = sum(now - ts < NS_PER_S for ts in times)
    minute = sum(now - ts < _MINUTE_NS for ts in times)
    return result(
        case,
        "L-RATE",
        "Order rate",
        second >= limits.orders_per_second or minute >= limits.orders_per_minute,
        limit=f"{limits.orders_per_second}/s, {limits.orders_per_minute}/min",
        now=f"{second}/s, {minute}/min",
        after=f"{second + 1}/s, {minute + 1}/min",
        message=f"{second} orders in the last second and {minute} in the last minute are at the limit: wait a moment.",
        warned=minute + 1 >= limits.orders_per_minute * limits.warn_share,
    )


def check_duplicate(case: Case) -> CheckResult:
    """The same order from the same origin within the window is taken for a slip."""
    window, now = case.limits.duplicate_window_ns, case.snap.now_ns
    ages = (
        [now - ts for ts, intent in case.snap.recent_orders if now - ts < window and _is_twin(case, intent)]
        if case.changed is None
        else []
    )
    ago = f"{min(ages) / NS_PER_S:.1f} s ago" if ages else "none"
    return result(
        case,
        "L-DUPLICATE",
        "Repeat",
        bool(ages),
        limit=f"none within {window / NS_PER_S:g} s",
        now=ago,
        message=f"The same order was sent {ago}: send it again after {window / NS_PER_S:g} s if you mean it.",
    )


def check_strategy_rate(case: Case) -> CheckResult:
    """A strategy whose orders fill again and again is held back."""
    name, most = case.intent.strategy, case.limits.fills_per_minute_per_strategy
    fills = case.snap.strategy_fills.get(name, 0) if name else 0
    return result(
        case,
        "L-STRATEGY-RATE",
        "Repeated execution",
        fills >= most,
        limit=f"{most}/min per strategy",
        now=f"{fills}/min",
        message=f"Strategy {name} had {fills} fills in the last minute and {most} is the limit: pause and look at it.",
        warned=fills >= most * case.limits.warn_share,
    )


def _count(case: Case, code: str, title: str, now: int, most: int, where: str) -> CheckResult:
    return result(
        case,
        code,
        title,
        now >= most,
        limit=str(most),
        now=str(now),
        after=str(now + 1),
        message=f"{now} orders work in {where} and {most} is the limit: cancel one first.",
        warned=now + 1 >= most * case.limits.warn_share,
    )


def _is_twin(case: Case, intent: OrderIntent) -> bool:
    return (
        intent.instrument == case.intent.instrument
        and intent.side is case.intent.side
        and intent.qty == case.qty
        and intent.spec == case.spec
        and intent.parent == case.intent.parent
        and origin(intent) == origin(case.intent)
    )
