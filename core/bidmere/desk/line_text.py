"""From an intent back to the line that says it, and the chips that show what a line was understood as."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from bidmere.desk.words import price_text, type_words
from bidmere.errors import InvalidInput
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import plain
from bidmere.model.orders import (
    Limit,
    LimitIfTouched,
    MarketIfTouched,
    OrderIntent,
    OrderSpec,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
    limit_price,
    trigger_price,
)

_HUNDRED = Decimal(100)


def order_line(intent: OrderIntent) -> str:
    """Return the line that reads back to the same intent (U-131). Raises InvalidInput for what no line can say."""
    side = "B" if intent.side is Side.BUY else "S"
    words = [str(intent.instrument), side, plain(intent.qty), *_how(intent.spec)]
    if intent.tif is TimeInForce.GTD:
        words += ["TIF", "GTD", _moment(intent.expire_ns or 0)]
    elif intent.tif is not TimeInForce.GTC:
        words += ["TIF", str(intent.tif)]
    if isinstance(intent.spec, Limit):
        words += ["PO"] if intent.spec.post_only else []
        words += ["ICE", plain(intent.spec.display_qty)] if intent.spec.display_qty is not None else []
    words += ["RO"] if intent.reduce_only else []
    if intent.bracket is not None:
        if intent.bracket.trail is not None:
            raise InvalidInput("A trailing exit cannot be written as a line.")
        words += ["SL", plain(intent.bracket.stop_loss)] if intent.bracket.stop_loss is not None else []
        words += ["TP", plain(intent.bracket.take_profit)] if intent.bracket.take_profit is not None else []
    if intent.slippage_cap is not None:
        words += ["SLIP", f"{plain(intent.slippage_cap * _HUNDRED)}%"]
    words += ["ACC", intent.account] if intent.account else []
    words += ["TAG", f'"{intent.reason}"'] if intent.reason else []
    return " ".join(words)


def _how(spec: OrderSpec) -> list[str]:
    if isinstance(spec, Limit):
        return ["@", plain(spec.price)]
    if isinstance(spec, Stop):
        return ["STP", plain(spec.trigger)]
    if isinstance(spec, StopLimit):
        return ["STP", plain(spec.trigger), "LMT", plain(spec.price)]
    if isinstance(spec, TrailingStop):
        if spec.activation is not None:
            raise InvalidInput("A trailing stop with an activation price cannot be written as a line.")
        return ["TRAIL", f"{plain(spec.offset)}p"]
    if isinstance(spec, MarketIfTouched):
        return ["MIT", plain(spec.trigger)]
    if isinstance(spec, LimitIfTouched):
        return ["LIT", plain(spec.trigger), "LMT", plain(spec.price)]
    return ["MKT"]


def _moment(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def order_chips(intent: OrderIntent, instrument: Instrument) -> tuple[str, ...]:
    """Return what an order was understood as, one short text each: `BTCUSDT·SIM`, `BUY`, `0.1 BTC`, `LIMIT 65,000`."""
    chips = [
        f"{intent.instrument.symbol}·{intent.instrument.venue}",
        str(intent.side).upper(),
        f"{plain(intent.qty)} {instrument.base}",
        _price_chip(intent.spec, instrument),
        str(intent.tif),
    ]
    if isinstance(intent.spec, Limit) and intent.spec.post_only:
        chips.append("post-only")
    if isinstance(intent.spec, Limit) and intent.spec.display_qty is not None:
        chips.append(f"shows {plain(intent.spec.display_qty)}")
    if intent.reduce_only:
        chips.append("reduce-only")
    if intent.bracket is not None and intent.bracket.stop_loss is not None:
        chips.append(f"SL {price_text(instrument, intent.bracket.stop_loss)}")
    if intent.bracket is not None and intent.bracket.take_profit is not None:
        chips.append(f"TP {price_text(instrument, intent.bracket.take_profit)}")
    return tuple(chips)


def _price_chip(spec: OrderSpec, instrument: Instrument) -> str:
    words = [type_words(spec).upper()]
    trigger, limit = trigger_price(spec), limit_price(spec)
    if isinstance(spec, TrailingStop):
        words.append(f"{price_text(instrument, spec.offset)} behind")
    if trigger is not None:
        words.append(price_text(instrument, trigger))
    if limit is not None:
        words.append(price_text(instrument, limit) if trigger is None else f"limit {price_text(instrument, limit)}")
    return " ".join(words)
