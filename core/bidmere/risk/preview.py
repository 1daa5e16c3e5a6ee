"""The what-if of an order, by the same functions as the gate (U-62, U-91)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bidmere.model.fills import Fill, Liquidity
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import ZERO
from bidmere.model.orders import Limit, Market, OrderIntent
from bidmere.model.position import Position
from bidmere.risk.case import Case, build_case
from bidmere.risk.decision import Preview
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot
from bidmere.risk.validator import RiskValidator

_HUNDRED = Decimal(100)


def preview(intent: OrderIntent, snapshot: RiskSnapshot, limits: RiskLimits) -> Preview:
    """Work out what an order would cost, fill at and leave behind, with the gate's full report."""
    case = build_case(intent, snapshot, limits)
    report = RiskValidator().report(case)
    fill_price = expected_fill(case)
    kind, rate = _fee(case)
    after = _position_after(case, fill_price)
    notional = _worth(case, fill_price)
    fee = notional * rate if notional is not None else None
    loss, reward = _exits(case, fill_price, rate)
    equity = case.equity
    return Preview(
        notional=notional,
        currency=case.currency,
        fee=fee,
        fee_kind=kind,
        fee_rate=rate,
        fill_price=fill_price,
        slippage=_slippage(case, fill_price),
        margin_change=_margin_change(case, after),
        buying_power_after=_buying_power_after(case, fee),
        position_after=after.qty,
        avg_after=after.avg_price,
        loss_at_stop=loss,
        loss_at_stop_pct=loss * _HUNDRED / equity if loss is not None and equity else None,
        reward_at_target=reward,
        day_loss_room=_day_loss_room(case),
        liquidation_price=_liquidation(case, after.qty),
        residence="venue" if intent.bracket is not None else "",
        missing=_missing(case),
        report=report,
    )


def expected_fill(case: Case) -> Decimal | None:
    """Return the average price a market order would get by walking the book; other kinds fill at their price."""
    if not isinstance(case.intent.spec, Market):
        crosses = _crosses_now(case)
        return _touch(case) if crosses and _touch(case) is not None else case.price
    book = case.snapshot.book
    levels = (book.asks if case.intent.side is Side.BUY else book.bids) if book is not None else ()
    wanted, paid, price = case.leaves, ZERO, None
    for level, size in levels:
        price = Decimal(repr(level))
        taken = min(wanted, Decimal(repr(size)))
        paid += taken * price
        wanted -= taken
        if wanted <= 0:
            break
    if price is None or case.leaves <= 0:
        return case.price
    return (paid + wanted * price) / case.leaves


def _touch(case: Case) -> Decimal | None:
    quote = case.snapshot.quote
    if quote is None:
        return None
    return Decimal(repr(quote.ask if case.intent.side is Side.BUY else quote.bid))


def _crosses_now(case: Case) -> bool:
    spec, touch = case.intent.spec, _touch(case)
    return isinstance(spec, Limit) and touch is not None and touch > 0 and case.sign * (spec.price - touch) >= 0


def _fee(case: Case) -> tuple[str, Decimal]:
    instrument = case.snapshot.instrument
    rests = isinstance(case.intent.spec, Limit) and not _crosses_now(case)
    if instrument is None:
        return "taker", ZERO
    return ("maker", instrument.maker_fee) if rests else ("taker", instrument.taker_fee)


def _worth(case: Case, price: Decimal | None) -> Decimal | None:
    instrument, rate = case.snapshot.instrument, case.snapshot.rate
    if instrument is None or price is None or rate is None:
        return None
    return instrument.notional(case.leaves, price) * rate


def _slippage(case: Case, fill: Decimal | None) -> Decimal | None:
    touch = _touch(case)
    if fill is None or touch is None or touch <= 0 or not isinstance(case.intent.spec, Market):
        return None
    return case.sign * (fill - touch) / touch


def _position_after(case: Case, price: Decimal | None) -> Position | _Flat:
    snapshot, intent = case.snapshot, case.intent
    instrument = snapshot.instrument
    if instrument is None or price is None or case.leaves <= 0:
        held = snapshot.position
        return _Flat(qty=snapshot.held, avg_price=held.avg_price if held is not None else ZERO)
    before = snapshot.position or Position(instrument=instrument, account=intent.account)
    fill = Fill(
        trade_id="preview", client_id="", venue_id="", instrument=instrument.id, account=intent.account,
        side=intent.side, qty=case.leaves, price=price, fee=ZERO, fee_currency=instrument.settle,
        liquidity=Liquidity.TAKER, ts_event=snapshot.now_ns,
    )  # fmt: skip
    return before.apply(fill)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flat:
    """A position of an instrument that is not known well enough to apply a fill to."""

    qty: Decimal
    avg_price: Decimal


def _margin_change(case: Case, after: Position | _Flat) -> Decimal | None:
    instrument, unit = case.snapshot.instrument, case.mark_unit
    if instrument is None or unit is None:
        return None
    return (abs(after.qty) - abs(case.snapshot.held)) * unit * instrument.margin_initial


def _buying_power_after(case: Case, fee: Decimal | None) -> Decimal | None:
    instrument, unit, equity = case.snapshot.instrument, case.mark_unit, case.equity
    if instrument is None or unit is None or equity is None or fee is None:
        return None
    leaves = ZERO if case.reduces else case.leaves
    return equity - case.snapshot.other_margin - unit * instrument.margin_initial * case.worst_qty(leaves) - fee


def _exits(case: Case, price: Decimal | None, rate: Decimal) -> tuple[Decimal | None, Decimal | None]:
    bracket, instrument = case.intent.bracket, case.snapshot.instrument
    if bracket is None or price is None or instrument is None or case.snapshot.rate is None:
        return None, None
    stop = bracket.stop_loss
    if bracket.trail is not None:
        stop = price - case.sign * bracket.trail
    loss = _result(case, instrument, price, stop, rate, instrument.taker_fee)
    return loss, _result(case, instrument, price, bracket.take_profit, rate, instrument.maker_fee)


def _result(
    case: Case, instrument: Instrument, entry: Decimal, leave: Decimal | None, entry_rate: Decimal, exit_rate: Decimal
) -> Decimal | None:
    """Return the profit between two prices after both fees, in the account's currency."""
    if leave is None or leave <= 0 or case.snapshot.rate is None:
        return None
    profit = instrument.pnl(case.sign * case.leaves, entry, leave)
    fees = instrument.notional(case.leaves, entry) * entry_rate + instrument.notional(case.leaves, leave) * exit_rate
    return (profit - fees) * case.snapshot.rate


def _day_loss_room(case: Case) -> Decimal | None:
    account, pnl = case.snapshot.account, case.snapshot.day_pnl
    if account is None or pnl is None:
        return None
    return max(ZERO, account.day_start_equity * case.limits.daily_loss_pct / _HUNDRED + pnl)


def _liquidation(case: Case, qty: Decimal) -> Decimal | None:
    """Return where equity would equal the maintenance margin if only this instrument moved; linear contracts only."""
    instrument, equity, mid, rate = case.snapshot.instrument, case.equity, case.mid, case.snapshot.rate
    if instrument is None or equity is None or mid is None or rate is None or not qty:
        return None
    if instrument.inverse or instrument.is_cash:
        return None
    unit = instrument.multiplier * rate
    slope = unit * (qty - abs(qty) * instrument.margin_maintenance)
    if not slope:
        return None
    price = (qty * unit * mid - (equity - case.snapshot.other_margin)) / slope
    return instrument.to_price(price) if price > 0 else None


def _missing(case: Case) -> tuple[str, ...]:
    snapshot = case.snapshot
    names = []
    if snapshot.instrument is None:
        names.append("instrument")
    if case.mid is None:
        names.append("quote")
    if isinstance(case.intent.spec, Market) and not (snapshot.book and (snapshot.book.bids or snapshot.book.asks)):
        names.append("order book")
    if case.equity is None:
        names.append("account value")
    if snapshot.rate is None and snapshot.instrument is not None and snapshot.account is not None:
        names.append(f"rate {snapshot.instrument.settle}/{snapshot.account.currency}")
    if snapshot.day_pnl is None:
        names.append("day start")
    return tuple(names)
