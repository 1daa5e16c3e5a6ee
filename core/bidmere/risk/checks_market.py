"""Checks against the market: how old the prices are, how far the order's is, and whether it would meet our own."""

from __future__ import annotations

from decimal import Decimal

from bidmere.model.market import Side
from bidmere.model.money import ONE, ZERO, plain
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    Order,
    Stop,
    StopLimit,
    limit_price,
    trigger_price,
)
from bidmere.risk.case import Case, crosses_now, result, touch_price
from bidmere.risk.decision import CheckResult
from bidmere.risk.figures import HUNDRED, ceil_to, floor_to, price_text, qty_text

_NS_PER_S = 1_000_000_000
_TITLE = "Price collar"


def check_data_age(case: Case) -> CheckResult:
    """An order that trades now needs fresh prices; one that rests needs to have seen any."""
    quote, age, most = case.snap.quote, case.snap.quote_age_ns, case.limits.max_data_age_ns
    unseen, stale = quote is None, quote is not None and (age is None or age > most)
    now = "no quote" if unseen else "age unknown" if age is None else f"{age / _NS_PER_S:,.1f} s"
    return result(
        case,
        "L-DATA-AGE",
        "Data age",
        unseen or (stale and case.trades_now),
        limit=f"≤ {most / _NS_PER_S:g} s" if case.trades_now else "any quote",
        now=now,
        message=f"There is no quote of {case.intent.instrument} yet: wait for prices."
        if unseen
        else f"The quote of {case.intent.instrument} is stale ({now}): wait for a fresh one.",
        warned=stale,
    )


def check_collar(case: Case) -> CheckResult:
    """No order may trade far from the middle of the market, nor a limit far from its own trigger (R-30)."""
    spec, mid, collar = case.spec, case.mid, case.limits.collar_pct
    limit = f"{plain(collar)} % from mid"
    if mid is None:
        message = "The price cannot be compared with a two-sided market: wait for prices."
        return result(case, "L-COLLAR", _TITLE, True, limit=limit, now="no two-sided quote", message=message)
    if isinstance(spec, Market):
        return _market_collar(case, mid, limit)
    price, trigger = limit_price(spec), trigger_price(spec)
    reference = trigger if trigger is not None and trigger > 0 else mid
    away = case.sign * (price - reference) * HUNDRED / reference if price is not None else ZERO
    own = price if price is not None else trigger if trigger is not None else mid
    distance = abs(own - mid) * HUNDRED / mid
    beyond = "above" if case.sign > 0 else "below"
    name = "its trigger" if trigger is not None else "the middle of the market"
    fix, message = "", f"The price is {distance:.1f} % away from the market: it may never be reached."
    if away > collar:
        edge = reference * (ONE + case.sign * collar / HUNDRED)
        if case.instrument is not None:
            nearest = (floor_to if case.sign > 0 else ceil_to)(case.instrument.tick, edge)
            fix = f"Use {price_text(case.instrument, nearest)}"
        message = f"The limit is {away:.2f} % {beyond} {name} and {plain(collar)} % is allowed: move it closer."
    return result(
        case,
        "L-COLLAR",
        _TITLE,
        away > collar,
        limit=f"{plain(collar)} % beyond {name}",
        now=f"{distance:.2f} % from mid",
        message=message,
        warned=distance > case.limits.far_pct,
        fix=fix,
    )


def check_price_side(case: Case) -> CheckResult:
    """Warn of a trigger that is passed already, and of a post-only order that would trade."""
    spec, message = case.spec, ""
    touch = touch_price(case.intent.side, case.snap)
    trigger = trigger_price(spec)
    if touch is not None and trigger is not None:
        up = isinstance(spec, Stop | StopLimit)
        passed = case.sign * (touch - trigger) >= 0 if up else case.sign * (trigger - touch) >= 0
        if passed:
            message = f"The trigger {price_text(case.instrument, trigger)} is passed already: it would go off at once."
    elif isinstance(spec, Limit) and spec.post_only and crosses_now(case.intent.side, spec, case.snap):
        message = "It is post-only and would trade at once: the venue will refuse it, so move the price."
    return result(
        case,
        "L-PRICE-SIDE",
        "Side of the market",
        False,
        limit="not passed yet" if isinstance(spec, Stop | StopLimit | MarketIfTouched | LimitIfTouched) else "any",
        now=price_text(case.instrument, touch) if touch is not None else "no quote",
        message=message,
        warned=bool(message),
    )


def check_self_cross(case: Case) -> CheckResult:
    """An order must not trade with another of the same account."""
    reach = _reach(case)
    crossed = next((order for order in case.snap.working if reach is not None and _meets(case, order, reach)), None)
    price = limit_price(crossed.spec) if crossed is not None else None
    shown = price_text(case.instrument, price) if price is not None else "none"
    return result(
        case,
        "L-SELF-CROSS",
        "Own orders",
        crossed is not None,
        limit="none met",
        now=shown,
        message=f"It would trade with your own order at {shown}: cancel that one first.",
    )


def _market_collar(case: Case, mid: Decimal, limit: str) -> CheckResult:
    """Judge a market order by what the visible book offers inside the collar."""
    collar, instrument, snap = case.limits.collar_pct, case.instrument, case.snap
    edge = mid * (ONE + case.sign * collar / HUNDRED)
    touch = touch_price(case.intent.side, snap) or mid
    levels = (snap.book.asks if case.intent.side is Side.BUY else snap.book.bids) if snap.book is not None else ()
    if case.sign * (touch - edge) > 0 or instrument is None:
        away = abs(touch - mid) * HUNDRED / mid
        message = f"The best price is {away:.2f} % from mid and {plain(collar)} % is allowed: use a limit order."
        return result(case, "L-COLLAR", _TITLE, True, limit=limit, now=f"{away:.2f} % from mid", message=message)
    if not levels:
        message = "No depth is known, so the fill is estimated at the best price."
        return result(case, "L-COLLAR", _TITLE, False, limit=limit, now="no depth", message=message, warned=True)
    within, leaves_collar = ZERO, False
    for price, size in levels:
        if case.sign * (Decimal(repr(price)) - edge) > 0:
            leaves_collar = True
            break
        within += Decimal(repr(size))
    offered = max(floor_to(instrument.lot, within), instrument.to_qty(case.reducible))
    short = case.leaves > offered
    depth = qty_text(instrument, floor_to(instrument.lot, within))
    return result(
        case,
        "L-COLLAR",
        _TITLE,
        short and leaves_collar,
        limit=limit,
        now=f"{depth} offered inside",
        message=f"Only {depth} is offered within {plain(collar)} % of mid: take that or use a limit order."
        if leaves_collar
        else f"The visible depth is {depth}; the rest may cost more.",
        warned=short,
        largest=case.filled + offered if leaves_collar else None,
        fix=f"Use {plain(case.filled + offered)}" if offered else "",
    )


def _reach(case: Case) -> Decimal | None:
    """Return the worst price the order could trade at now, None when it cannot trade now."""
    if isinstance(case.spec, Limit):
        return case.spec.price
    return touch_price(case.intent.side, case.snap) if isinstance(case.spec, Market) else None


def _meets(case: Case, order: Order, reach: Decimal) -> bool:
    return (
        isinstance(order.spec, Limit)
        and order.instrument == case.intent.instrument
        and order.side is not case.intent.side
        and case.sign * (reach - order.spec.price) >= 0
    )
