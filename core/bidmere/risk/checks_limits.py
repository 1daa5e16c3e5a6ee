"""Checks against the account's own limits: size, exposure, margin, loss."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bidmere.model.money import ONE, ZERO, plain
from bidmere.risk.case import Case, money, percent, quantity, result
from bidmere.risk.decision import CheckResult

_HUNDRED = Decimal(100)


def check_order_value(case: Case) -> CheckResult:
    """One order may be worth only a share of equity."""
    return _share_of_equity(
        case, "L-ORDER-VALUE", "Order value", case.limits.order_value_pct, case.value_unit, ZERO,
        lambda leaves: case.filled + leaves, -case.filled,
    )  # fmt: skip


def check_position(case: Case) -> CheckResult:
    """The position, with all that is pending on this side, may be worth only a share of equity."""
    return _share_of_equity(
        case, "L-POSITION", "Position", case.limits.position_pct, case.mark_unit, ZERO,
        lambda leaves: max(ZERO, case.position_after(leaves)), -case.position_after(ZERO),
    )  # fmt: skip


def check_gross(case: Case) -> CheckResult:
    """All positions and pending orders at worst case may be worth only a share of equity."""
    return _share_of_equity(
        case, "L-GROSS", "Gross exposure", case.limits.gross_exposure_pct, case.mark_unit,
        case.snapshot.other_exposure, case.worst_qty, -case.position_after(ZERO),
    )  # fmt: skip


def check_leverage(case: Case) -> CheckResult:
    """Gross exposure may be only so many times equity."""
    equity, unit, limit = case.equity, case.mark_unit, case.limits.max_leverage
    if equity is None or unit is None or equity <= 0:
        return _unvalued(case, "L-LEVERAGE", "Leverage", f"{plain(limit)}×")
    others = case.snapshot.other_exposure
    room = limit * equity - others

    def passes(leaves: Decimal) -> bool:
        return unit * case.worst_qty(leaves) <= room

    now = (others + abs(case.snapshot.held) * unit) / equity
    after = (others + case.worst_qty(case.leaves) * unit) / equity
    largest = case.largest_passing(passes, room / unit - case.position_after(ZERO))
    return result(
        case, "L-LEVERAGE", "Leverage", not passes(case.leaves), limit=f"{plain(limit)}×", now=f"{now:.2f}×",
        after=f"{after:.2f}×", warned=after >= limit * case.limits.warn_share and not case.reduces,
        message=f"Leverage would be {after:.2f}× of at most {plain(limit)}×.", largest=largest, fix=_use(largest),
    )  # fmt: skip


def check_buying_power(case: Case) -> CheckResult:
    """Equity must cover the margin of everything at worst case, and this order's fee."""
    equity, unit, instrument = case.equity, case.mark_unit, case.snapshot.instrument
    value_unit = case.value_unit
    if equity is None or unit is None or value_unit is None or instrument is None:
        return _unvalued(case, "L-BUYING-POWER", "Buying power", "≥ 0")
    per_qty = max(unit, value_unit) * instrument.margin_initial
    fee_unit = value_unit * max(instrument.taker_fee, ZERO)
    free = equity - case.snapshot.other_margin

    def left(leaves: Decimal) -> Decimal:
        return free - per_qty * case.worst_qty(leaves) - fee_unit * leaves

    now = free - unit * instrument.margin_initial * case.worst_qty(ZERO)
    after = left(case.leaves)
    estimate = (free - per_qty * case.position_after(ZERO)) / (per_qty + fee_unit) if per_qty + fee_unit > 0 else ZERO
    largest = case.largest_passing(lambda leaves: left(leaves) >= 0, estimate)
    return result(
        case, "L-BUYING-POWER", "Buying power", after < 0, limit="≥ 0", now=money(now, case.currency),
        after=money(after, case.currency), largest=largest, fix=_use(largest),
        message=f"It takes {money(now - after, case.currency)} and {money(max(now, ZERO), case.currency)} is free.",
    )  # fmt: skip


def check_trade_risk(case: Case) -> CheckResult:
    """The loss at the order's own stop may be only a share of equity."""
    bracket, pct = case.intent.bracket, case.limits.trade_risk_pct
    limit_text = f"{plain(pct)} % of equity"
    distance = trade_risk_distance(case)
    if bracket is None or distance is None:
        now = "no stop" if bracket is None or (bracket.stop_loss is None and bracket.trail is None) else "no price"
        return result(case, "L-TRADE-RISK", "Risk of the trade", False, limit=limit_text, now=now, after="–")
    equity, instrument, rate = case.equity, case.snapshot.instrument, case.snapshot.rate
    if equity is None or instrument is None or rate is None or case.price is None or equity <= 0:
        return _unvalued(case, "L-TRADE-RISK", "Risk of the trade", limit_text)
    stop = case.price - case.sign * distance
    unit = abs(instrument.pnl(ONE, case.price, stop)) * rate if stop > 0 else (case.value_unit or ZERO)
    room = equity * pct / _HUNDRED

    def passes(leaves: Decimal) -> bool:
        return (case.filled + leaves) * unit <= room

    risk = (case.filled + case.leaves) * unit
    largest = case.largest_passing(passes, room / unit - case.filled) if unit else None
    return result(
        case, "L-TRADE-RISK", "Risk of the trade", not passes(case.leaves), limit=limit_text, now="–",
        after=f"{money(risk, case.currency)} ({percent(risk, equity)})", largest=largest, fix=_use(largest),
        warned=risk >= room * case.limits.warn_share,
        message=f"The stop would lose {money(risk, case.currency)}; the limit is {money(room, case.currency)}.",
    )  # fmt: skip


def trade_risk_distance(case: Case) -> Decimal | None:
    """Return how far the order's own stop is from its price, None without a stop or a price."""
    bracket = case.intent.bracket
    if bracket is None:
        return None
    if bracket.trail is not None:
        return bracket.trail
    if bracket.stop_loss is None or case.price is None:
        return None
    return abs(case.price - bracket.stop_loss)


def _share_of_equity(
    case: Case,
    code: str,
    title: str,
    pct: Decimal,
    unit: Decimal | None,
    others: Decimal,
    qty_after: Callable[[Decimal], Decimal],
    offset: Decimal,
) -> CheckResult:
    """Judge `others + unit × qty_after(leaves)` against a share of equity; `offset` shifts the estimate of leaves."""
    limit_text = f"{plain(pct)} % of equity"
    equity = case.equity
    if equity is None or unit is None or equity <= 0:
        return _unvalued(case, code, title, limit_text)
    room = equity * pct / _HUNDRED

    def passes(leaves: Decimal) -> bool:
        return others + unit * qty_after(leaves) <= room

    value = others + unit * qty_after(case.leaves)
    before = others + unit * qty_after(ZERO)
    largest = case.largest_passing(passes, (room - others) / unit + offset if unit else ZERO)
    failed = not passes(case.leaves)
    return result(
        case, code, title, failed, limit=f"{limit_text} = {money(room, case.currency)}",
        now=money(before, case.currency), after=f"{money(value, case.currency)} ({percent(value, equity)})",
        warned=value >= room * case.limits.warn_share and not case.reduces,
        message=f"{title} would be {money(value, case.currency)}; the limit is {money(room, case.currency)}"
        + (f", which allows {quantity(case, largest)}." if failed else "."),
        largest=largest, fix=_use(largest),
    )  # fmt: skip


def _unvalued(case: Case, code: str, title: str, limit: str) -> CheckResult:
    return result(
        case, code, title, True, limit=limit, now="unknown", after="unknown",
        message="It cannot be worked out: the account's value, the price or the rate is not known.",
    )  # fmt: skip


def _use(largest: Decimal | None) -> str:
    return f"Use {plain(largest)}" if largest else ""
