"""Checks on the order's own shape: instrument, type, grid, least and most, exits."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from bidmere.model.instrument import Instrument, InstrumentStatus
from bidmere.model.market import Side
from bidmere.model.money import ONE, ZERO, plain
from bidmere.model.orders import Bracket, Limit, TimeInForce, TrailingStop, limit_price, trigger_price
from bidmere.risk.case import Case, result
from bidmere.risk.decision import CheckResult
from bidmere.risk.figures import NOTHING, ceil_to, money, price_text, qty_text


def check_instrument(case: Case) -> CheckResult:
    """The instrument must be known and trading; close-only takes what reduces."""
    status = case.instrument.status if case.instrument is not None else None
    name = status.value if status is not None else "unknown"
    closing = status is InstrumentStatus.CLOSE_ONLY
    return result(
        case,
        "L-INSTRUMENT",
        "Instrument",
        status is not InstrumentStatus.TRADING,
        limit="trading",
        now=name,
        message=f"{case.intent.instrument} is {name}: "
        + ("only orders that reduce are taken." if closing else "choose another instrument or wait until it trades."),
        physical=not closing,
    )


def check_type(case: Case) -> CheckResult:
    """The venue must take this kind of order with this time in force."""
    instrument, kind, tif = case.instrument, case.spec.kind, case.intent.tif
    kinds = instrument.order_types if instrument is not None else frozenset()
    tifs = instrument.tifs if instrument is not None else frozenset()
    wrong_kind, wrong_tif = bool(kinds) and kind not in kinds, bool(tifs) and tif.value not in tifs
    what = f"{kind} orders" if wrong_kind else f"{tif.value} orders"
    choice = kinds if wrong_kind else tifs
    return result(
        case,
        "L-TYPE",
        "Order type",
        wrong_kind or wrong_tif,
        limit="taken by the venue",
        now=f"{kind} {tif.value}",
        message=f"{case.intent.instrument} takes no {what}: choose {', '.join(sorted(choice))}.",
    )


def check_expiry(case: Case) -> CheckResult:
    """A good-till-date order must end in the future."""
    intent, now_ns = case.intent, case.snap.now_ns
    missing = intent.tif is TimeInForce.GTD and intent.expire_ns is None
    past = intent.expire_ns is not None and intent.expire_ns <= now_ns
    left = NOTHING if intent.expire_ns is None else f"{(intent.expire_ns - now_ns) / 1e9:,.0f} s"
    return result(
        case,
        "L-EXPIRY",
        "Expiry",
        missing or past,
        limit="in the future",
        now=left,
        message="A GTD order needs its end: give a date and time."
        if missing
        else "The order's end lies in the past: give a later one.",
    )


def check_tick(case: Case) -> CheckResult:
    """Every price of the order must be above zero and on the tick grid."""
    prices = [price for price in (limit_price(case.spec), trigger_price(case.spec)) if price is not None]
    if isinstance(case.spec, TrailingStop):
        prices = [price for price in (case.spec.offset, case.spec.activation) if price is not None]
    bracket = case.intent.bracket
    if bracket is not None:
        exits = (bracket.take_profit, bracket.stop_loss, bracket.trail)
        prices += [price for price in exits if price is not None]
    instrument = case.instrument
    bad = next((one for one in prices if one <= 0 or (instrument is not None and not instrument.on_tick(one))), None)
    message = fix = ""
    if bad is not None and bad <= 0:
        message = f"{plain(bad)} is no price: give one above zero."
    elif bad is not None and instrument is not None:
        near = max(instrument.to_price(bad), instrument.tick)
        fix = f"Round to {price_text(instrument, near)}"
        message = f"{plain(bad)} is not a multiple of the tick {plain(instrument.tick)}: round it."
    return result(
        case,
        "L-TICK",
        "Price grid",
        bad is not None,
        limit=f"tick {plain(instrument.tick)}" if instrument is not None else "tick unknown",
        now=", ".join(price_text(instrument, one) if one is not bad else plain(one) for one in prices) or "market",
        message=message,
        fix=fix,
        physical=True,
    )


def check_lot(case: Case) -> CheckResult:
    """The quantity must be above what is filled already and on the lot grid, and so must a shown quantity."""
    instrument, qty = case.instrument, case.qty
    if instrument is None:
        return result(case, "L-LOT", "Quantity grid", False, limit="lot unknown", now=plain(qty))
    shown = case.spec.display_qty if isinstance(case.spec, Limit) else None
    message = fix = ""
    if case.leaves <= 0:
        message = (
            f"{plain(case.filled)} is filled already: give a larger quantity."
            if case.filled
            else "The quantity must be above zero."
        )
    elif not instrument.on_lot(qty):
        near = max(instrument.to_qty(qty, ROUND_HALF_EVEN), instrument.lot)
        message, fix = f"{plain(qty)} is not a multiple of the lot {plain(instrument.lot)}.", f"Round to {plain(near)}"
    elif shown is not None and (shown <= 0 or shown > qty or not instrument.on_lot(shown)):
        message = (
            f"The shown quantity {plain(shown)} must be a multiple of {plain(instrument.lot)} and at most {plain(qty)}."
        )
    return result(
        case,
        "L-LOT",
        "Quantity grid",
        bool(message),
        limit=f"lot {plain(instrument.lot)}",
        now=qty_text(instrument, qty),
        message=message,
        fix=fix,
        physical=True,
        caps=False,
    )


def check_min_qty(case: Case) -> CheckResult:
    """The order must be of the venue's least quantity."""
    least = case.instrument.min_qty if case.instrument is not None else ZERO
    return result(
        case,
        "L-MIN-QTY",
        "Least quantity",
        case.qty < least,
        limit=f"≥ {qty_text(case.instrument, least)}",
        now=qty_text(case.instrument, case.qty),
        message=f"{plain(case.qty)} is below the venue's least quantity of {plain(least)}: raise it.",
        fix=f"Use {plain(least)}",
        caps=False,
    )


def check_max_qty(case: Case) -> CheckResult:
    """The order must not exceed the venue's largest quantity."""
    instrument = case.instrument
    most = instrument.max_qty if instrument is not None else None
    if instrument is None or most is None:
        return result(case, "L-MAX-QTY", "Largest quantity", False, limit="none", now=qty_text(instrument, case.qty))
    largest = max(instrument.to_qty(most), case.largest_reducing() or ZERO)
    return result(
        case,
        "L-MAX-QTY",
        "Largest quantity",
        case.qty > most,
        limit=f"≤ {qty_text(instrument, most)}",
        now=qty_text(instrument, case.qty),
        message=f"{plain(case.qty)} is above the venue's largest quantity of {plain(most)}: split the order.",
        largest=largest,
        fix=f"Use {plain(largest)}",
    )


def check_min_notional(case: Case) -> CheckResult:
    """The order must be worth the venue's least."""
    instrument, price = case.instrument, case.price
    if instrument is None or price is None:
        return result(case, "L-MIN-NOTIONAL", "Least value", False)
    worth, least = instrument.notional(case.qty, price), instrument.min_notional
    short = worth < least
    fix = f"Use {plain(least_qty(instrument, price))}" if short else ""
    return result(
        case,
        "L-MIN-NOTIONAL",
        "Least value",
        short,
        limit=f"≥ {money(least, instrument.settle)}",
        now=money(worth, instrument.settle),
        message=f"The order is worth {money(worth, instrument.settle)} and the venue takes no less than "
        f"{money(least, instrument.settle)}: raise the quantity.",
        fix=fix,
        caps=False,
    )


def check_bracket(case: Case) -> CheckResult:
    """Exits must lie on the right side of the entry; an order that closes has none."""
    bracket = case.intent.bracket
    if bracket is None:
        return result(case, "L-BRACKET", "Exits", False, limit="right side of the entry", now="none")
    values = [value for value in (bracket.take_profit, bracket.stop_loss, bracket.trail) if value is not None]
    problem = ""
    if not values:
        problem = "The exits are empty: give a target or a stop."
    elif bracket.stop_loss is not None and bracket.trail is not None:
        problem = "There are two stops: give a fixed one or a trailing one."
    elif case.intent.reduce_only or case.intent.parent:
        problem = "An order that only closes cannot have exits of its own: leave them out."
    elif case.price is not None:
        problem = _side_problem(bracket, case.intent.side, case.price)
    return result(
        case,
        "L-BRACKET",
        "Exits",
        bool(problem),
        limit="right side of the entry",
        now=", ".join(price_text(case.instrument, value) for value in values) or "none",
        message=problem,
    )


def check_reduce_only(case: Case) -> CheckResult:
    """A reduce-only order or an exit must truly reduce: never more than is there (U-7)."""
    instrument, snap = case.instrument, case.snap
    is_exit = snap.parent is not None and case.intent.parent == snap.parent.client_id
    if instrument is None or not (case.intent.reduce_only or is_exit):
        return result(case, "L-REDUCE-ONLY", "Reduce-only", False, now="off")
    room = instrument.to_qty(case.reducible)
    return result(
        case,
        "L-REDUCE-ONLY",
        "Reduce-only",
        case.leaves > room,
        limit=f"≤ {qty_text(instrument, room)}",
        now=qty_text(instrument, case.leaves),
        after=qty_text(instrument, snap.held + case.sign * case.leaves),
        message=f"Only {qty_text(instrument, room)} can still be reduced on this side: take that."
        if room
        else "There is nothing left to reduce on this side: no position, or it is being closed already.",
        largest=case.filled + room,
        fix=f"Use {plain(case.filled + room)}" if room else "",
        physical=True,
    )


def check_short(case: Case) -> CheckResult:
    """What cannot be sold short is sold only as far as it is held."""
    instrument = case.instrument
    if instrument is None or instrument.shortable or case.intent.side is Side.BUY:
        return result(case, "L-SHORT", "Short sale", False, limit="allowed" if instrument else NOTHING)
    room = instrument.to_qty(max(ZERO, case.snap.held - case.same_pending, case.reducible))
    return result(
        case,
        "L-SHORT",
        "Short sale",
        case.leaves > room,
        limit=f"≤ {qty_text(instrument, room)}",
        now=qty_text(instrument, case.snap.held),
        after=qty_text(instrument, -case.after(case.leaves)),
        message=f"{case.intent.instrument} cannot be sold short and {qty_text(instrument, room)} is free to sell.",
        largest=case.filled + room,
        fix=f"Use {plain(case.filled + room)}" if room else "",
    )


def least_qty(instrument: Instrument, price: Decimal) -> Decimal:
    """Return the smallest quantity the venue takes at a price."""
    unit = instrument.notional(ONE, price)
    by_value = ceil_to(instrument.lot, instrument.min_notional / unit) if unit else ZERO
    return max(ceil_to(instrument.lot, instrument.min_qty), instrument.lot, by_value)


def _side_problem(bracket: Bracket, side: Side, entry: Decimal) -> str:
    up = side is Side.BUY
    for value, above, name in ((bracket.take_profit, up, "target"), (bracket.stop_loss, not up, "stop")):
        if value is not None and (value <= entry if above else value >= entry):
            return f"The {name} {plain(value)} must lie {'above' if above else 'below'} the entry at {plain(entry)}."
    if bracket.trail is not None and up and bracket.trail >= entry:
        return f"The trailing distance {plain(bracket.trail)} must be smaller than the price {plain(entry)}."
    return ""
