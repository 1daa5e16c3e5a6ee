"""Fill the ticket's fields: from the market, from a bracket's usual distances, from an intent staged elsewhere."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from bidmere.desk.words import pct_text
from bidmere.model.instrument import Instrument
from bidmere.model.market import Quote, Side
from bidmere.model.money import plain
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    MarketIfTouched,
    OrderIntent,
    Stop,
    StopLimit,
    TrailingStop,
    limit_price,
    trigger_price,
)
from bidmere_terminal.panels.ticket.draft import SLIPPAGE_CAP, Draft
from bidmere_terminal.panels.ticket.numbers import Number, read_number
from bidmere_terminal.panels.ticket.order_types import SHAPES, TicketType
from bidmere_terminal.panels.ticket.sizing import SizeUnit, to_lot

_AWAY = Decimal("0.005")
_STOP_AWAY = Decimal("0.0075")
_TARGET_AWAY = Decimal("0.015")
_SHOWN_SHARE = Decimal("0.2")


def digits(value: Decimal) -> str:
    """Return a value on a grid as a field shows it: every digit of the grid, no marks."""
    return format(value, "f")


def near_price(word: str, side: Side, quote: Quote, instrument: Instrument) -> str:
    """Return the price of Join (own best), Mid or Cross (the other side's best), on the tick."""
    own, other = (quote.bid, quote.ask) if side is Side.BUY else (quote.ask, quote.bid)
    if word == "Mid":
        rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        return digits(instrument.to_price(quote.mid, rounding))
    return digits(instrument.to_price(own if word == "Join" else other))


def seed_prices(draft: Draft, instrument: Instrument, quote: Quote | None, qty: Decimal) -> dict[str, str]:
    """Return sensible texts for the fields of a type: limits at the touch, triggers half a per cent away."""
    shape, found = SHAPES[draft.kind], dict[str, str]()
    if quote is None:
        return found
    sign = draft.side.sign
    mid = instrument.to_price(quote.mid)
    favourable = draft.kind in (TicketType.MIT, TicketType.LIT)
    away = mid * _AWAY * sign
    trigger = instrument.to_price(mid - away if favourable else mid + away)
    if shape.trigger:
        found["trigger"] = digits(trigger)
    if shape.price:
        beside = draft.kind in (TicketType.STOP_LIMIT, TicketType.LIT)
        price = digits(trigger) if beside else near_price("Join", draft.side, quote, instrument)
        if draft.kind is TicketType.OCO:
            price = digits(instrument.to_price(mid - away))
        found["price"] = price
    if shape.offset:
        found["offset"] = digits(instrument.price_up(mid * _AWAY))
    if shape.display and qty > 0:
        found["display"] = digits(max(instrument.lot, to_lot(instrument, qty * _SHOWN_SHARE)))
    return found


def first_exits(side: Side, instrument: Instrument, entry: Decimal) -> dict[str, str]:
    """Return a stop at 1 R and a target at 2 R of three quarters of a per cent."""
    stop, target = entry * (1 - _STOP_AWAY * side.sign), entry * (1 + _TARGET_AWAY * side.sign)
    return {"sl": digits(instrument.to_price(stop)), "tp": digits(instrument.to_price(target))}


def away_words(text: str, entry: Decimal | None) -> str:
    """Return how far a typed price is from the entry, `−0.74 %`; empty when either is not there."""
    read = read_number(text)
    if not isinstance(read, Number) or not entry:
        return ""
    return pct_text((read.value / entry - 1) * 100)


def exits_words(draft: Draft, entry: Decimal | None) -> str:
    """Return the distances of both exits from the entry."""
    parts = [(name.upper(), away_words(getattr(draft, name), entry)) for name in ("sl", "tp")]
    return " · ".join(f"{name} {words}" for name, words in parts if words)


def draft_of(intent: OrderIntent, base: Draft) -> Draft:
    """Return the draft that resolves to an intent made elsewhere."""
    spec, bracket = intent.spec, intent.bracket
    price, trigger = limit_price(spec), trigger_price(spec)
    return replace(
        base,
        side=intent.side,
        kind=_kind(intent),
        unit=SizeUnit.BASE,
        size=plain(intent.qty),
        price=plain(price) if price is not None else "",
        trigger=plain(trigger) if trigger is not None else "",
        offset=plain(spec.offset) if isinstance(spec, TrailingStop) else "",
        display=plain(spec.display_qty) if isinstance(spec, Limit) and spec.display_qty is not None else "",
        slippage_cap=intent.slippage_cap or SLIPPAGE_CAP,
        tif=intent.tif,
        expire_ns=intent.expire_ns,
        post_only=isinstance(spec, Limit) and spec.post_only,
        reduce_only=intent.reduce_only,
        bracket=bracket is not None,
        sl=plain(bracket.stop_loss) if bracket is not None and bracket.stop_loss is not None else "",
        tp=plain(bracket.take_profit) if bracket is not None and bracket.take_profit is not None else "",
    )


def _kind(intent: OrderIntent) -> TicketType:
    match intent.spec:
        case Limit(display_qty=shown):
            return TicketType.ICEBERG if shown is not None else TicketType.LIMIT
        case Stop():
            return TicketType.STOP
        case StopLimit():
            return TicketType.STOP_LIMIT
        case TrailingStop():
            return TicketType.TRAILING
        case MarketIfTouched():
            return TicketType.MIT
        case LimitIfTouched():
            return TicketType.LIT
        case _:
            return TicketType.MARKET
