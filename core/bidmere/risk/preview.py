"""The what-if of an order, by the same functions as the gate (U-62, U-91)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bidmere.model.fills import Fill, Liquidity
from bidmere.model.instrument import Instrument, InstrumentKind
from bidmere.model.market import Side
from bidmere.model.money import ONE, ZERO
from bidmere.model.orders import Limit, LimitIfTouched, Market, Order, OrderIntent, limit_price
from bidmere.model.position import Position
from bidmere.risk.case import Case, build_case, crosses_now, touch_price
from bidmere.risk.checks_size import stop_price
from bidmere.risk.decision import Preview
from bidmere.risk.figures import HUNDRED, floor_to
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot
from bidmere.risk.validator import RiskValidator


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of the order that is expected to fill at one price."""

    qty: Decimal
    price: Decimal
    liquidity: Liquidity


def preview(
    order: Order | OrderIntent, snap: RiskSnapshot, limits: RiskLimits, validator: RiskValidator | None = None
) -> Preview:
    """Work out what an order would cost, fill at and leave behind, with the gate's full report.

    Nothing is sent and nothing changes. Figures that lack an input are None and the input is named in `missing`.
    """
    if isinstance(order, OrderIntent):
        order = Order(client_id="", intent=order, qty=order.qty, spec=order.spec)
    case = build_case(order.intent, order.qty, order.spec, snap, limits)
    pieces, is_deep = expected_pieces(case)
    instrument, rate = case.instrument, snap.rate
    filled = _filled(case, Position(instrument=instrument, account=case.intent.account), pieces) if instrument else None
    fill_price = filled.avg_price if filled is not None and pieces else None
    after = filled
    if filled is not None and snap.position is not None:
        after = _filled(case, snap.position, pieces)
    fee_settle = sum((_fee(instrument, piece) for piece in pieces), ZERO) if instrument else ZERO
    worth = sum((instrument.notional(one.qty, one.price) for one in pieces), ZERO) if instrument else ZERO
    kind, fee_rate = _fee_kind(case, pieces)
    known = bool(pieces) and rate is not None
    fee = fee_settle * rate if known and rate is not None else None
    margin, power = _power(case, after, pieces, fee)
    loss = _exit_result(case, pieces, stop_price(case), Liquidity.TAKER)
    bracket = case.intent.bracket
    reward = _exit_result(case, pieces, bracket.take_profit, Liquidity.MAKER) if bracket is not None else None
    return Preview(
        notional=worth * rate if known and rate is not None else None,
        currency=case.currency,
        fee=fee,
        fee_kind=kind,
        fee_rate=fee_rate,
        fill_price=fill_price,
        slippage=_slippage(case, fill_price),
        margin_change=margin,
        buying_power_after=power,
        position_after=after.qty if after is not None else snap.held,
        avg_after=after.avg_price if after is not None else snap.position.avg_price if snap.position else ZERO,
        loss_at_stop=loss,
        loss_at_stop_pct=loss * HUNDRED / case.equity if loss is not None and case.equity else None,
        reward_at_target=reward,
        day_loss_room=_day_loss_room(case),
        liquidation_price=_liquidation(case, after, pieces, fee_settle),
        residence="venue",
        missing=_missing(case, is_deep),
        report=(validator or RiskValidator()).report(order, snap, limits),
    )


def expected_pieces(case: Case) -> tuple[tuple[Piece, ...], bool]:
    """Return the expected fills, and whether the visible book was deep enough to tell.

    What trades at once walks the book, up to its own limit; the rest of a limit order rests at its price, the rest of a
    market order is counted at the last price seen. Orders with a trigger fill at their limit or trigger.
    """
    spec, side, snap = case.spec, case.intent.side, case.snap
    if case.leaves <= 0 or case.price is None:
        return (), True
    bound = limit_price(spec)
    at_once = isinstance(spec, Market) or crosses_now(side, spec, snap)
    if not at_once:
        # A stop or a touched limit takes what is there when it goes off; only a limit order rests.
        rests = isinstance(spec, Limit | LimitIfTouched)
        kind = Liquidity.MAKER if rests else Liquidity.TAKER
        return (Piece(qty=case.leaves, price=bound or case.price, liquidity=kind),), True
    levels = (snap.book.asks if side is Side.BUY else snap.book.bids) if snap.book is not None else ()
    pieces: list[Piece] = []
    left = case.leaves
    for level, size in levels:
        price, offered = Decimal(repr(level)), Decimal(repr(size))
        if left <= 0 or (bound is not None and case.sign * (price - bound) > 0):
            break
        taken = min(left, offered)
        if taken > 0:
            pieces.append(Piece(qty=taken, price=price, liquidity=Liquidity.TAKER))
            left -= taken
    if left > 0 and bound is not None and pieces:
        pieces.append(Piece(qty=left, price=bound, liquidity=Liquidity.MAKER))
    elif left > 0:
        price = pieces[-1].price if pieces else touch_price(side, snap) or case.price
        pieces.append(Piece(qty=left, price=price, liquidity=Liquidity.TAKER))
        return tuple(pieces), False
    return tuple(pieces), True


def liquidation_price(
    instrument: Instrument, qty: Decimal, mark: Decimal, equity: Decimal, other_maintenance: Decimal
) -> Decimal | None:
    """Return where equity would equal all maintenance margin if only this instrument moved; None when it never does.

    `equity` and `other_maintenance` are in the settle currency, `mark` is where `equity` was taken. With K = equity -
    other maintenance, m the multiplier, r the maintenance rate: linear, K + q·m·(P - mark) = r·|q|·m·P, so
    P = (q·m·mark - K) / (m·(q - r·|q|)); inverse, K + q·m·(1/mark - 1/P) = r·|q|·m/P, so
    P = m·(q + r·|q|) / (K + q·m/mark). Other positions are taken to stand still.
    """
    if instrument.kind is InstrumentKind.SPOT or not qty or mark <= 0:
        return None
    free, multiplier, rate = equity - other_maintenance, instrument.multiplier, instrument.margin_maintenance
    if instrument.inverse:
        above, below = multiplier * (qty + rate * abs(qty)), free + qty * multiplier / mark
    else:
        above, below = qty * multiplier * mark - free, multiplier * (qty - rate * abs(qty))
    if not below or above / below <= 0:
        return None
    return floor_to(instrument.tick, above / below) or None


def _filled(case: Case, position: Position, pieces: tuple[Piece, ...]) -> Position:
    for number, piece in enumerate(pieces):
        position = position.apply(_fill(case, piece, number, position.instrument))
    return position


def _fill(case: Case, piece: Piece, number: int, instrument: Instrument) -> Fill:
    return Fill(
        trade_id=f"what-if-{number}",
        client_id="",
        venue_id="",
        instrument=instrument.id,
        account=case.intent.account,
        side=case.intent.side,
        qty=piece.qty,
        price=piece.price,
        fee=_fee(instrument, piece),
        fee_currency=instrument.settle,
        liquidity=piece.liquidity,
        ts_event=case.snap.now_ns,
    )


def _fee(instrument: Instrument, piece: Piece) -> Decimal:
    rate = instrument.maker_fee if piece.liquidity is Liquidity.MAKER else instrument.taker_fee
    return instrument.notional(piece.qty, piece.price) * rate


def _fee_kind(case: Case, pieces: tuple[Piece, ...]) -> tuple[str, Decimal]:
    kind = pieces[0].liquidity if pieces else Liquidity.TAKER
    if case.instrument is None:
        return kind.value, ZERO
    return kind.value, case.instrument.maker_fee if kind is Liquidity.MAKER else case.instrument.taker_fee


def _slippage(case: Case, price: Decimal | None) -> Decimal | None:
    """Return how much worse than the best price it would fill, for what trades at once."""
    touch = touch_price(case.intent.side, case.snap)
    at_once = isinstance(case.spec, Market) or crosses_now(case.intent.side, case.spec, case.snap)
    if price is None or touch is None or not at_once:
        return None
    return max(ZERO, case.sign * (price - touch) / touch)


def _power(
    case: Case, after: Position | None, pieces: tuple[Piece, ...], fee: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """Return (change of margin used, buying power after): the account valued at mid before and after the fill."""
    instrument, unit, rate, valuation = case.instrument, case.mark_unit, case.snap.rate, case.snap.valuation
    if instrument is None or unit is None or rate is None or after is None:
        return None, None
    margin = (abs(after.qty) - abs(case.snap.held)) * unit * instrument.margin_initial
    if valuation is None or case.equity is None or fee is None:
        return margin, None
    mark = case.mid if case.mid is not None else pieces[0].price
    gained = sum((instrument.pnl(case.sign * one.qty, one.price, mark) for one in pieces), ZERO) * rate
    return margin, max(ZERO, case.equity + gained - fee - valuation.margin_used - margin)


def _exit_result(case: Case, pieces: tuple[Piece, ...], price: Decimal | None, kind: Liquidity) -> Decimal | None:
    """Return the profit of the whole order when it leaves at a price, after the fees of both ways."""
    instrument, rate = case.instrument, case.snap.rate
    if instrument is None or rate is None or price is None or price <= 0 or not pieces:
        return None
    profit = ZERO
    for piece in pieces:
        leaving = Piece(qty=piece.qty, price=price, liquidity=kind)
        profit += instrument.pnl(case.sign * piece.qty, piece.price, price)
        profit -= _fee(instrument, piece) + _fee(instrument, leaving)
    return profit * rate


def _day_loss_room(case: Case) -> Decimal | None:
    account, pnl = case.snap.account, case.snap.day_pnl
    if account is None or pnl is None:
        return None
    return max(ZERO, account.day_start_equity * case.limits.daily_loss_pct / HUNDRED + pnl)


def _liquidation(case: Case, after: Position | None, pieces: tuple[Piece, ...], fee: Decimal) -> Decimal | None:
    rate, equity = case.snap.rate, case.equity
    if after is None or not pieces or not rate or equity is None:
        return None
    instrument = after.instrument
    mark = case.mid if case.mid is not None else pieces[0].price
    gained = sum((instrument.pnl(case.sign * one.qty, one.price, mark) for one in pieces), ZERO)
    return liquidation_price(instrument, after.qty, mark, equity / rate + gained - fee, _other_maintenance(case, rate))


def _other_maintenance(case: Case, rate: Decimal) -> Decimal:
    """Return the maintenance margin of the other positions at their average price, in the settle currency.

    Those that settle in another currency count by their share of the margin in use, as no rate is at hand.
    """
    total = ZERO
    foreign = ONE
    for position in case.snap.positions:
        held = position.instrument
        if position.is_flat or held.id == case.intent.instrument or held.kind is InstrumentKind.SPOT:
            continue
        if case.instrument is not None and held.settle == case.instrument.settle:
            total += abs(position.notional(position.avg_price)) * held.margin_maintenance
        else:
            foreign = ZERO
    if not foreign:
        total = max(total, (case.other_margin - case.snap.other_pending_margin) / rate)
    return total


def _missing(case: Case, is_deep: bool) -> tuple[str, ...]:
    snap, names = case.snap, []
    if case.instrument is None:
        names.append("instrument")
    if case.mid is None:
        names.append("quote")
    if not is_deep:
        names.append("order book" if snap.book is None else "depth of the order book")
    if case.equity is None:
        names.append("account value")
    if snap.rate is None and case.instrument is not None:
        names.append(f"rate {case.instrument.settle}/{case.currency}")
    if snap.day_pnl is None:
        names.append("day start")
    return tuple(names)
