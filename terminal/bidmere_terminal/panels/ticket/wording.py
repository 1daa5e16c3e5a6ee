"""An order intent in the words of the submit button: everything that will be sent, nothing else (U-84)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bidmere.desk.words import date_text, price_text, qty_text, time_text
from bidmere.model.instrument import Instrument
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    Order,
    OrderIntent,
    OrderSpec,
    OrderState,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)


def spell(intents: Sequence[OrderIntent], instrument: Instrument, mode: str) -> str:
    """Return `BUY 0.100 BTCUSDT LIMIT 64,980.0 — PAPER`; an OCO pair names both legs."""
    first = intents[0]
    kind = " / ".join(spec_words(one.spec, instrument) for one in intents)
    words = [first.side.value.upper(), qty_text(instrument, first.qty), instrument.id.symbol]
    words.append(f"OCO {kind}" if len(intents) > 1 else kind)
    if first.tif is TimeInForce.GTD and first.expire_ns is not None:
        words.append(f"until {date_text(first.expire_ns)} {time_text(first.expire_ns, millis=False)} UTC")
    elif first.tif is not TimeInForce.GTC:
        words.append(first.tif.value)
    if first.reduce_only:
        words.append("REDUCE-ONLY")
    if first.bracket is not None:
        if first.bracket.stop_loss is not None:
            words.append(f"SL {price_text(instrument, first.bracket.stop_loss)}")
        if first.bracket.take_profit is not None:
            words.append(f"TP {price_text(instrument, first.bracket.take_profit)}")
    return f"{' '.join(words)} — {mode}"


def spec_words(spec: OrderSpec, instrument: Instrument) -> str:
    """Return type and prices of one order."""
    match spec:
        case Market():
            return "MARKET"
        case Limit(price=price, post_only=post_only, display_qty=shown):
            words = f"{'ICEBERG' if shown is not None else 'LIMIT'} {price_text(instrument, price)}"
            words += f" SHOW {qty_text(instrument, shown)}" if shown is not None else ""
            return f"{words} POST-ONLY" if post_only else words
        case Stop(trigger=trigger):
            return f"STOP {price_text(instrument, trigger)}"
        case StopLimit(trigger=trigger, price=price):
            return f"STOP {price_text(instrument, trigger)} LIMIT {price_text(instrument, price)}"
        case TrailingStop(offset=offset):
            return f"TRAILING STOP {price_text(instrument, offset)}"
        case MarketIfTouched(trigger=trigger):
            return f"IF TOUCHED {price_text(instrument, trigger)} MARKET"
        case LimitIfTouched(trigger=trigger, price=price):
            return f"IF TOUCHED {price_text(instrument, trigger)} LIMIT {price_text(instrument, price)}"


_WORDS = {
    OrderState.AWAITING_CONFIRM: "Waiting for a confirmation",
    OrderState.APPROVED: "Sending…",
    OrderState.PENDING_SUBMIT: "Sending…",
    OrderState.UNKNOWN: "Unknown — checking with the venue",
    OrderState.QUARANTINED: "Needs a look: the venue contradicts itself",
    OrderState.DRAFT: "Draft",
}


def outcome(order: Order, instrument: Instrument) -> tuple[str, str]:
    """Return (kind, sentence) for the result line; kind is order, info, warning or error (§2.3 words, U-8)."""
    took = latency_words(order)
    match order.state:
        case OrderState.FILLED:
            what = f"{short_qty(instrument, order.filled_qty)} @ {price_text(instrument, order.avg_price)}"
            return "order", f"Filled {what}{took}"
        case OrderState.PARTIAL:
            done, whole = short_qty(instrument, order.filled_qty), short_qty(instrument, order.qty)
            return "order", f"Partly filled {done} of {whole} @ {price_text(instrument, order.avg_price)}{took}"
        case OrderState.OPEN:
            return "order", f"Working{took}"
        case OrderState.CANCELED | OrderState.EXPIRED:
            why = order.reason or order.intent.tif.value
            if order.filled_qty:
                return "info", f"Ended with {short_qty(instrument, order.filled_qty)} filled ({why})"
            return "info", f"Ended unfilled ({why})"
        case OrderState.REJECTED | OrderState.DENIED | OrderState.DEAD:
            who = {"risk": "risk check", "venue": "venue", "broker": "broker"}.get(order.cause, "this terminal")
            code = f" — {order.code}" if order.code else ""
            return "error", f"Rejected ({who}): {order.reason or 'no reason was given'}{code}"
        case _:
            kind = "warning" if order.state in (OrderState.UNKNOWN, OrderState.QUARANTINED) else "info"
            return kind, _WORDS[order.state]


def short_qty(instrument: Instrument, qty: Decimal) -> str:
    """Return a quantity without the zeros that say nothing, for sentences."""
    text = qty_text(instrument, qty)
    return text.rstrip("0").rstrip(".") if "." in text else text


def latency_words(order: Order) -> str:
    """Return ` · 18 ms` from hand-over to the venue's first word, empty before there is one."""
    start, end = order.submitted_ns or order.created_ns, order.accepted_ns or order.first_fill_ns
    return f" · {max(0, end - start) / 1e6:.0f} ms" if start and end else ""
