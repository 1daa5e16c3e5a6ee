"""Checks against the account's own limits: size, exposure, margin, risk."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bidmere.model.instrument import InstrumentKind
from bidmere.model.money import ONE, ZERO, plain
from bidmere.risk.case import Case, result
from bidmere.risk.decision import CheckResult
from bidmere.risk.figures import HUNDRED, money, percent, qty_text


def check_order_value(case: Case) -> CheckResult:
    """One order may tie up only a share of equity: its value, or the margin of a future."""

    def quantity(leaves: Decimal) -> Decimal:
        return case.filled + leaves

    unit = _tied_up(case, case.value_unit)
    return _share(case, "L-ORDER-VALUE", "Order value", case.limits.order_value_pct, unit, quantity)


def check_position(case: Case) -> CheckResult:
    """The position, with all that is pending on its side, may tie up only a share of equity."""

    def quantity(leaves: Decimal) -> Decimal:
        return max(ZERO, case.after(leaves))

    unit = _tied_up(case, case.mark_unit)
    return _share(case, "L-POSITION", "Position", case.limits.position_pct, unit, quantity)


def check_exposure(case: Case) -> CheckResult:
    """All positions, with all that is pending at worst case, may be worth only so many percent of equity."""
    pct = case.limits.gross_exposure_pct
    return _share(case, "L-EXPOSURE", "Gross exposure", pct, case.mark_unit, case.worst, case.other_value)


def check_leverage(case: Case) -> CheckResult:
    """Gross exposure at worst case may be only so many times equity."""
    equity, unit, most = case.equity, case.mark_unit, case.limits.max_leverage
    if equity is None or equity <= 0 or unit is None:
        return _unvalued(case, "L-LEVERAGE", "Leverage", f"{plain(most)}×")
    room = most * equity - case.other_value

    def passes(leaves: Decimal) -> bool:
        return unit * case.worst(leaves) <= room

    now = (case.other_value + abs(case.snap.held) * unit) / equity
    after = (case.other_value + case.worst(case.leaves) * unit) / equity
    largest = case.largest_passing(passes, room / unit - case.after(ZERO)) if unit else None
    return result(
        case,
        "L-LEVERAGE",
        "Leverage",
        not passes(case.leaves),
        limit=f"{plain(most)}×",
        now=f"{now:.2f}×",
        after=f"{after:.2f}×",
        message=f"Leverage would be {after:.2f}× and {plain(most)}× is the limit: {_advice(case, largest)}.",
        warned=after >= most * case.limits.warn_share,
        largest=largest,
        fix=_use(largest),
    )


def check_buying_power(case: Case) -> CheckResult:
    """Equity must cover the margin of everything at worst case, and this order's fee."""
    equity, unit, worst_unit, instrument = case.equity, case.mark_unit, case.value_unit, case.instrument
    if equity is None or unit is None or worst_unit is None or instrument is None:
        return _unvalued(case, "L-BUYING-POWER", "Buying power", "≥ 0")
    per_qty = max(unit, worst_unit) * instrument.margin_initial
    fee_unit = worst_unit * max(instrument.taker_fee, ZERO)
    free = equity - case.other_margin

    def left(leaves: Decimal) -> Decimal:
        return free - per_qty * case.worst(leaves) - fee_unit * leaves

    before, after = free - per_qty * case.worst(ZERO), left(case.leaves)
    per_lot = per_qty + fee_unit
    estimate = (free - per_qty * case.after(ZERO)) / per_lot if per_lot else ZERO
    largest = case.largest_passing(lambda leaves: left(leaves) >= 0, estimate) if per_lot else None
    return result(
        case,
        "L-BUYING-POWER",
        "Buying power",
        after < 0,
        limit=f"≥ {money(ZERO, case.currency)}",
        now=money(before, case.currency),
        after=money(after, case.currency),
        message=f"The order takes {money(before - after, case.currency)} and {money(max(before, ZERO), case.currency)} "
        f"is free with all pending orders counted: {_advice(case, largest)}.",
        largest=largest,
        fix=_use(largest),
    )


def check_trade_risk(case: Case) -> CheckResult:
    """The loss at the order's own stop may be only a share of equity."""
    code, title, pct = "L-TRADE-RISK", "Risk of the trade", case.limits.trade_risk_pct
    stop = stop_price(case)
    if stop is None or case.intent.bracket is None:
        return result(case, code, title, False, limit=f"{plain(pct)} % of equity", now="no stop")
    if case.instrument is None or case.snap.rate is None or case.price is None or stop <= 0:
        return _unvalued(case, code, title, f"{plain(pct)} % of equity")
    unit = abs(case.instrument.pnl(ONE, case.price, stop)) * case.snap.rate

    def quantity(leaves: Decimal) -> Decimal:
        return case.filled + leaves

    return _share(case, code, title, pct, unit, quantity)


def stop_price(case: Case) -> Decimal | None:
    """Return where the order's own stop would be at first, None without a stop or without a price to trail from."""
    bracket = case.intent.bracket
    if bracket is None:
        return None
    if bracket.trail is not None:
        return case.price - case.sign * bracket.trail if case.price is not None else None
    return bracket.stop_loss


def _tied_up(case: Case, unit: Decimal | None) -> Decimal | None:
    """Return what one unit ties up; a future is worth more than most accounts, exposure and leverage cap its value."""
    if unit is None or case.instrument is None or case.instrument.kind is not InstrumentKind.FUTURE:
        return unit
    return unit * case.instrument.margin_initial


def _share(
    case: Case,
    code: str,
    title: str,
    pct: Decimal,
    unit: Decimal | None,
    quantity: Callable[[Decimal], Decimal],
    others: Decimal = ZERO,
) -> CheckResult:
    """Judge `others + unit × quantity(leaves)` against a share of equity."""
    equity = case.equity
    if equity is None or equity <= 0 or unit is None:
        return _unvalued(case, code, title, f"{plain(pct)} % of equity")
    room = equity * pct / HUNDRED

    def passes(leaves: Decimal) -> bool:
        return others + unit * quantity(leaves) <= room

    value, before = others + unit * quantity(case.leaves), others + unit * quantity(ZERO)
    # Where the quantity grows by one for one with leaves it is quantity(leaves) = leaves + offset.
    offset = case.filled if code in ("L-ORDER-VALUE", "L-TRADE-RISK") else case.after(ZERO)
    largest = case.largest_passing(passes, (room - others) / unit - offset) if unit else None
    currency = case.currency
    return result(
        case,
        code,
        title,
        not passes(case.leaves),
        limit=f"{money(room, currency)} ({plain(pct)} %)",
        now=money(before, currency),
        after=f"{money(value, currency)} ({percent(value, equity)})",
        message=f"{title} would be {money(value, currency)} and {money(room, currency)} is the limit: "
        f"{_advice(case, largest)}.",
        warned=value >= room * case.limits.warn_share,
        largest=largest,
        fix=_use(largest),
    )


def _unvalued(case: Case, code: str, title: str, limit: str) -> CheckResult:
    return result(
        case,
        code,
        title,
        True,
        limit=limit,
        now="unknown",
        after="unknown",
        message=f"{title} cannot be worked out without equity above zero, a price and a rate: wait for them.",
    )


def _advice(case: Case, largest: Decimal | None) -> str:
    return f"{qty_text(case.instrument, largest)} would pass" if largest else "no size of this instrument passes now"


def _use(largest: Decimal | None) -> str:
    return f"Use {plain(largest)}" if largest else ""
