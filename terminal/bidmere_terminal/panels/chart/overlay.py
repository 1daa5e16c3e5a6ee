"""The user's own orders, position and fills as the marks a chart draws; plain values, apart from any widget."""

from __future__ import annotations

from collections.abc import Iterable

from bidmere.desk.words import MINUS, amount_text, bare_qty, type_short
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.instrument import Instrument
from bidmere.model.market import Quote, Side
from bidmere.model.money import to_decimal
from bidmere.model.orders import Order, Stop, StopLimit, TrailingStop, limit_price, trigger_price
from bidmere.model.position import Position
from bidmere_terminal.charts.marks import FillMark, LineKind, OrderLine, PositionLine
from bidmere_terminal.charts.marks import Side as MarkSide

_FILLS_SHOWN = 500


def order_kind(order: Order) -> LineKind:
    """Return what an order is on the chart: a stop, a target (an exit at a better price) or an entry."""
    if isinstance(order.spec, Stop | StopLimit | TrailingStop):
        return "stop"
    return "target" if order.intent.reduce_only else "entry"


def _side(side: Side) -> str:
    return "BUY" if side is Side.BUY else "SELL"


def _mark_side(side: Side) -> MarkSide:
    return "buy" if side is Side.BUY else "sell"


def order_lines(orders: Iterable[Order], instrument: Instrument) -> list[OrderLine]:
    """Return a line for each working order of an instrument that has a price to draw."""
    lines = []
    for order in orders:
        if order.instrument != instrument.id or not order.state.is_working:
            continue
        price = trigger_price(order.spec) or limit_price(order.spec)
        if price is None:
            continue
        label = f"{_side(order.side)} {bare_qty(order.leaves_qty)} {type_short(order.spec)}"
        lines.append(OrderLine(order.client_id, float(price), label, order_kind(order), _mark_side(order.side)))
    return lines


def position_line(position: Position | None, quote: Quote | None) -> PositionLine | None:
    """Return the line at a position's average price with what it makes at the middle of bid and ask."""
    if position is None or position.is_flat:
        return None
    instrument = position.instrument
    words = f"{'LONG' if position.qty > 0 else 'SHORT'} {bare_qty(abs(position.qty))}"
    if quote is None:
        return PositionLine(float(position.avg_price), words, 0)
    pnl = position.unrealised(to_decimal(quote.mid))
    text = amount_text(pnl, instrument.settle, signed=True)
    sign = {"+": 1, MINUS: -1}.get(text[0], 0)
    return PositionLine(float(position.avg_price), f"{words}  {text} {instrument.settle}", sign)


def fill_marks(fills: Iterable[Fill], instrument: Instrument) -> list[FillMark]:
    """Return a mark for each of the newest fills of an instrument."""
    own = [fill for fill in fills if fill.instrument == instrument.id]
    return [
        FillMark(
            fill.ts_event,
            float(fill.price),
            _mark_side(fill.side),
            bare_qty(fill.qty),
        )
        for fill in own[-_FILLS_SHOWN:]
    ]


def subtitle(data_mode: str, execution_mode: str, instrument: InstrumentId) -> str:
    """Return the words after the title: where prices come from and where orders go (U-162)."""
    venue = "" if instrument.venue == data_mode else f"{instrument.venue} · "
    return f"{venue}{data_mode} · {execution_mode.lower()}"


def watermark(data_mode: str) -> str:
    """Return the word behind the bars while prices are not live."""
    return {"SIM": "simulated", "REPLAY": "replay", "DELAYED": "delayed"}.get(data_mode, "")

