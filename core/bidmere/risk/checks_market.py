"""Checks against the market: how old the data are, how far the price is, and whether it would meet our own order."""

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
from bidmere.risk.case import Case, floor_lot, quantity, result
from bidmere.risk.decision import CheckResult

_HUNDRED = Decimal(100)
_NS_PER_S = 1_000_000_000


def check_data_age(case: Case) -> CheckResult:
    """Prices must be fresh; an order that trades at once needs fresher ones than one that rests."""
    quote, limits = case.snapshot.quote, case.limits
    at_once = isinstance(case.intent.spec, Market)
    limit = limits.data_age_ns if at_once else limits.resting_data_age_ns
    age = None
    if quote is not None and case.mid is not None:
        age = max(0, case.snapshot.now_ns - (quote.ts_recv or quote.ts_event))
    now = "no quote" if age is None else f"{age / _NS_PER_S:.1f} s"
    return result(
        case, "L-DATA-AGE", "Data age", age is None or age > limit, limit=f"{limit // _NS_PER_S} s", now=now, after="–",
        warned=age is not None and age > limits.data_age_ns,
        message=f"The newest quote of {case.intent.instrument} is {now} old."
        if age is not None
        else f"There is no quote of {case.intent.instrument} yet: wait for prices.",
    )  # fmt: skip


def check_collar(case: Case) -> CheckResult:
    """No order may trade far from the middle of the market (R-30)."""
    spec, mid, collar = case.intent.spec, case.mid, case.limits.collar_pct
    limit = f"{plain(collar)} % from mid"
    if mid is None:
        return result(
            case, "L-COLLAR", "Price collar", True, limit=limit, now="no quote", after="–",
            message="The price cannot be compared with the market: wait for prices.",
        )  # fmt: skip
    if isinstance(spec, Market):
        return _market_collar(case, mid, limit)
    price, trigger = limit_price(spec), trigger_price(spec)
    reference = trigger if trigger is not None else mid
    away = case.sign * (price - reference) * _HUNDRED / reference if price is not None else ZERO
    from_mid = abs((price or trigger or mid) - mid) * _HUNDRED / mid
    too_far, at_once = away > collar, _triggers_at_once(case, mid)
    if too_far:
        message = (
            f"The limit is {away:.2f} % {'above' if case.sign > 0 else 'below'} "
            f"{'its trigger' if trigger is not None else 'the middle of the market'}."
        )
    elif at_once:
        message = "Its trigger has been passed already: it would go off at once."
    else:
        message = f"The price is {from_mid:.1f} % away from the market."
    fix = ""
    if too_far and case.snapshot.instrument is not None:
        edge = reference * (ONE + case.sign * collar / _HUNDRED)
        instrument = case.snapshot.instrument
        fix = f"Use {instrument.price_down(edge) if case.sign > 0 else instrument.price_up(edge):,}"
    return result(
        case, "L-COLLAR", "Price collar", too_far, limit=limit, now=f"{from_mid:.2f} %", after="–",
        warned=at_once or from_mid > case.limits.far_pct, message=message, fix=fix,
    )  # fmt: skip


def check_self_cross(case: Case) -> CheckResult:
    """An order must not trade with another of the same account."""
    worst = _reach(case)
    orders = case.snapshot.orders if worst is not None else ()
    crossed = next((order for order in orders if worst is not None and _crosses(case, order, worst)), None)
    return result(
        case, "L-SELF-CROSS", "Own orders", crossed is not None, limit="none crossed",
        now="none" if crossed is None else crossed.client_id, after="–",
        message=f"It would trade with your own order at {plain(limit_price(crossed.spec) or ZERO)}: cancel that first."
        if crossed is not None
        else "",
    )  # fmt: skip


def _market_collar(case: Case, mid: Decimal, limit: str) -> CheckResult:
    collar, cap = case.limits.collar_pct, case.intent.slippage_cap
    if cap is not None and cap * _HUNDRED <= collar:
        return result(case, "L-COLLAR", "Price collar", False, limit=limit, now=f"capped at {cap * _HUNDRED:.2f} %",
                      after="–")  # fmt: skip
    edge = mid * (ONE + case.sign * collar / _HUNDRED)
    buys = case.intent.side is Side.BUY
    book, instrument = case.snapshot.book, case.snapshot.instrument
    levels = (book.asks if buys else book.bids) if book is not None else ()
    if not levels or instrument is None:
        touch = case.price
        bad = touch is None or case.sign * (touch - edge) > 0
        return result(
            case, "L-COLLAR", "Price collar", bad, limit=limit, now="no depth", after="–", warned=True,
            message="The far side is outside the collar." if bad else "No depth is known: the fill is estimated at the "
            "best price.",
        )  # fmt: skip
    within = ZERO
    seen_all = True
    for price, size in levels:
        if case.sign * (Decimal(repr(price)) - edge) > 0:
            seen_all = False
            break
        within += Decimal(repr(size))
    short = case.leaves > within
    most = case.filled + floor_lot(instrument, within)
    message = f"Only {quantity(case, floor_lot(instrument, within))} is offered within {plain(collar)} % of the mid."
    if seen_all:
        message = f"The visible depth is {quantity(case, floor_lot(instrument, within))}; the rest may cost more."
    return result(
        case, "L-COLLAR", "Price collar", short and not seen_all, limit=limit,
        now=f"{quantity(case, floor_lot(instrument, within))} inside", after="–", warned=short, message=message,
        largest=None if seen_all else max(most, case.largest_reducing()),
        fix=f"Use {plain(most)}" if most else "",
    )  # fmt: skip


def _triggers_at_once(case: Case, mid: Decimal) -> bool:
    spec = case.intent.spec
    if isinstance(spec, Stop | StopLimit):
        return case.sign * (mid - spec.trigger) >= 0
    if isinstance(spec, MarketIfTouched | LimitIfTouched):
        return case.sign * (spec.trigger - mid) >= 0
    return False


def _reach(case: Case) -> Decimal | None:
    """Return the worst price the order could trade at now, None when it cannot trade now."""
    spec = case.intent.spec
    if isinstance(spec, Limit):
        return None if spec.post_only else spec.price
    return case.price if isinstance(spec, Market) else None


def _crosses(case: Case, order: Order, worst: Decimal) -> bool:
    own = order.spec.price if isinstance(order.spec, Limit) else None
    return (
        own is not None
        and not order.intent.parent
        and order.intent.instrument == case.intent.instrument
        and order.intent.side is not case.intent.side
        and case.sign * (worst - own) >= 0
    )
