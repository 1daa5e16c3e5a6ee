"""Physical checks: what no venue could take. They hold for every order, also for those that reduce."""

from __future__ import annotations

from decimal import Decimal

from bidmere.model.instrument import Instrument, InstrumentStatus
from bidmere.model.market import Side
from bidmere.model.money import ZERO, plain
from bidmere.model.orders import Bracket, Limit, TimeInForce, TrailingStop, limit_price, trigger_price
from bidmere.risk.case import Case, ceil_lot, floor_lot, quantity, result
from bidmere.risk.decision import CheckResult


def check_instrument(case: Case) -> CheckResult:
    """The instrument must be known and trading; close-only takes what reduces."""
    instrument = case.snapshot.instrument
    status = instrument.status if instrument is not None else None
    close_only = status is InstrumentStatus.CLOSE_ONLY
    bad = status is not InstrumentStatus.TRADING
    now = status.value if status is not None else "unknown"
    return result(
        case, "L-INSTRUMENT", "Instrument", bad, limit="trading", now=now, after="–",
        message=f"{case.intent.instrument} is {now}: no {'new ' if close_only else ''}order is taken.",
        physical=not close_only,
    )  # fmt: skip


def check_type(case: Case) -> CheckResult:
    """The venue must take this kind of order and time in force; an end must lie ahead."""
    intent, instrument = case.intent, case.snapshot.instrument
    kinds = instrument.order_types if instrument is not None else frozenset()
    tifs = instrument.tifs if instrument is not None else frozenset()
    problem = ""
    if kinds and intent.spec.kind not in kinds:
        problem = f"{intent.instrument} takes no {intent.spec.kind} orders."
    elif tifs and intent.tif not in tifs:
        problem = f"{intent.instrument} takes no {intent.tif} orders."
    elif intent.tif is TimeInForce.GTD and not intent.expire_ns:
        problem = "A GTD order needs its end: give a date and time."
    elif intent.expire_ns is not None and intent.expire_ns <= case.snapshot.now_ns:
        problem = "The order's end lies in the past."
    elif intent.slippage_cap is not None and intent.slippage_cap <= 0:
        problem = "The slippage cap must be above zero."
    return result(
        case, "L-TYPE", "Order type", bool(problem), limit="taken by the venue", now=f"{intent.spec.kind} {intent.tif}",
        after="–", message=problem, physical=True,
    )  # fmt: skip


def check_qty(case: Case) -> CheckResult:
    """The quantity must be positive, on the lot grid, within the venue's least and most."""
    instrument, qty = case.snapshot.instrument, case.intent.qty
    if instrument is None:
        return result(case, "L-QTY", "Quantity", True, now=plain(qty), after="–", message="The lot size is not known.",
                      physical=True)  # fmt: skip
    top = instrument.max_qty
    problem = fix = ""
    if qty <= 0:
        problem = "The quantity must be above zero."
    elif not instrument.on_lot(qty):
        nearest = floor_lot(instrument, qty) or instrument.lot
        problem = f"{plain(qty)} is not a multiple of the lot {plain(instrument.lot)}."
        fix = f"Round to {plain(nearest)}"
    elif qty < instrument.min_qty and not case.intent.reduce_only:
        problem = f"{plain(qty)} is below the least quantity {plain(instrument.min_qty)}."
        fix = f"Use {plain(instrument.min_qty)}"
    elif top is not None and qty > top:
        problem = f"{plain(qty)} is above the largest quantity {plain(top)}."
        fix = f"Use {plain(top)}"
    elif isinstance(case.intent.spec, Limit) and (shown := case.intent.spec.display_qty) is not None:
        if shown <= 0 or not instrument.on_lot(shown):
            problem = f"The shown quantity {plain(shown)} is not a positive multiple of {plain(instrument.lot)}."
        elif shown > qty:
            problem = f"The shown quantity {plain(shown)} is more than the order's {plain(qty)}."
    least = max(instrument.min_qty, instrument.lot)
    limit = f"{plain(least)} – {plain(top)}" if top is not None else f"≥ {plain(least)}"
    return result(
        case, "L-QTY", "Quantity", bool(problem), limit=f"{limit}, lot {plain(instrument.lot)}",
        now=quantity(case, qty), after="–", message=problem, fix=fix,
        largest=floor_lot(instrument, top) if top is not None else None, physical=True,
    )  # fmt: skip


def check_price(case: Case) -> CheckResult:
    """Every price of the order must be positive and on the tick grid."""
    instrument, spec = case.snapshot.instrument, case.intent.spec
    prices = [value for value in (limit_price(spec), trigger_price(spec)) if value is not None]
    if isinstance(spec, TrailingStop):
        prices = [spec.offset] + ([spec.activation] if spec.activation is not None else [])
    shown = ", ".join(plain(value) for value in prices) or "market"
    problem, fix = _grid_problem(instrument, prices)
    return result(
        case, "L-PRICE", "Price grid", bool(problem), limit=f"tick {plain(instrument.tick)}" if instrument else "–",
        now=shown, after="–", message=problem, fix=fix, physical=True,
    )  # fmt: skip


def check_bracket(case: Case) -> CheckResult:
    """Exits must lie on the right side of the entry, on the grid; an exit cannot have exits."""
    bracket, instrument = case.intent.bracket, case.snapshot.instrument
    if bracket is None:
        return result(case, "L-BRACKET", "Exits", False, limit="right side of entry", now="none", after="–")
    values = [value for value in (bracket.take_profit, bracket.stop_loss, bracket.trail) if value is not None]
    problem, fix = _grid_problem(instrument, values)
    if not values:
        problem = "A bracket needs a target or a stop."
    elif bracket.stop_loss is not None and bracket.trail is not None:
        problem = "A bracket has one stop: give a fixed stop or a trailing distance."
    elif case.intent.reduce_only or case.intent.parent:
        problem = "An order that only closes cannot have exits of its own."
    elif not problem and case.price is not None:
        problem = _side_problem(bracket, case.intent.side, case.price)
    return result(
        case, "L-BRACKET", "Exits", bool(problem), limit="right side of entry",
        now=", ".join(plain(value) for value in values) or "none", after="–", message=problem, fix=fix, physical=True,
    )  # fmt: skip


def check_min_notional(case: Case) -> CheckResult:
    """The order must be worth the venue's least; what closes is exempt."""
    instrument, price = case.snapshot.instrument, case.price
    least = instrument.min_notional if instrument is not None else ZERO
    worth = instrument.notional(case.intent.qty, price) if instrument is not None and price is not None else ZERO
    settle = instrument.settle if instrument is not None else ""
    fix = ""
    if instrument is not None and price is not None and worth < least:
        fix = f"Use {plain(least_qty(instrument, price))}"
    return result(
        case, "L-MIN-NOTIONAL", "Least value", worth < least and not case.intent.reduce_only,
        limit=f"≥ {plain(least)} {settle}", now=f"{worth:,.2f} {settle}", after="–",
        message=f"The order is worth {worth:,.2f} {settle}, less than the venue's least of {plain(least)}.",
        fix=fix, caps=False,
    )  # fmt: skip


def check_reduce_only(case: Case) -> CheckResult:
    """A reduce-only order must truly reduce: never more than is held."""
    if not case.intent.reduce_only:
        return result(case, "L-REDUCE", "Reduce-only", False, limit="–", now="off", after="–")
    instrument = case.snapshot.instrument
    cap = floor_lot(instrument, case.reducible) if instrument is not None else ZERO
    bad = case.leaves > case.reducible
    message = (
        f"Only {quantity(case, cap)} can be reduced on this side." if cap else "There is no position for it to reduce."
    )
    return result(
        case, "L-REDUCE", "Reduce-only", bad, limit=quantity(case, cap), now=quantity(case, case.leaves),
        after=quantity(case, case.snapshot.held + case.sign * case.leaves), message=message,
        largest=case.filled + cap, fix=f"Use {plain(cap)}" if cap else "", physical=True,
    )  # fmt: skip


def check_short(case: Case) -> CheckResult:
    """What cannot be sold short is sold only as far as it is held."""
    instrument = case.snapshot.instrument
    shortable = instrument is None or instrument.shortable
    applies = not shortable and case.intent.side is Side.SELL and not case.intent.reduce_only
    room = max(ZERO, case.snapshot.held - case.same_pending)
    return result(
        case, "L-SHORT", "Short sale", applies and case.leaves > room, limit="allowed" if shortable else "not allowed",
        now=quantity(case, case.snapshot.held), after=quantity(case, case.snapshot.held + case.sign * case.leaves),
        message=f"{case.intent.instrument} cannot be sold short and {quantity(case, room)} is free to sell.",
        largest=case.filled + floor_lot(instrument, room) if applies and instrument is not None else None,
        physical=True,
    )  # fmt: skip


def least_qty(instrument: Instrument, price: Decimal) -> Decimal:
    """Return the smallest quantity the venue takes at a price."""
    unit = instrument.notional(Decimal(1), price)
    by_value = ceil_lot(instrument, instrument.min_notional / unit) if unit else ZERO
    return max(ceil_lot(instrument, instrument.min_qty), instrument.lot, by_value)


def _grid_problem(instrument: Instrument | None, prices: list[Decimal]) -> tuple[str, str]:
    for price in prices:
        if price <= 0:
            return f"{plain(price)} is no price: it must be above zero.", ""
        if instrument is not None and not instrument.on_tick(price):
            nearest = instrument.to_price(price)
            return f"{plain(price)} is not on the tick of {plain(instrument.tick)}.", f"Round to {nearest:,}"
    return "", ""


def _side_problem(bracket: Bracket, side: Side, entry: Decimal) -> str:
    above = side is Side.BUY
    for value, upper, name in ((bracket.take_profit, above, "target"), (bracket.stop_loss, not above, "stop")):
        if value is not None and (value <= entry if upper else value >= entry):
            return f"The {name} {plain(value)} must lie {'above' if upper else 'below'} {plain(entry)}."
    return ""
