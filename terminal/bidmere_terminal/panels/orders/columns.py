"""The columns of orders, fills and of one order's story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bidmere.desk.api import StoryLine
from bidmere.desk.words import (
    NOTHING,
    Tone,
    ack_ms,
    bare_qty,
    date_text,
    fixed,
    iso_time,
    lives_at,
    money_text,
    price_text,
    qty_text,
    reason_words,
    state_words,
    step_words,
    time_text,
    type_short,
    type_words,
)
from bidmere.model.fills import Fill
from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import plain
from bidmere.model.orders import Order, OrderState, TrailingStop, limit_price, trigger_price
from bidmere_terminal.tables.columns import Align, Cell, Column

_TONES = {Tone.NEUTRAL: "text_muted", Tone.POSITIVE: "ok", Tone.NEGATIVE: "danger", Tone.WARNING: "warn"}


@dataclass(slots=True)
class OrderRow:
    """An order with its instrument, None when that is not known any more."""

    order: Order
    instrument: Instrument | None


@dataclass(slots=True)
class FillRow:
    """A fill with its instrument."""

    fill: Fill
    instrument: Instrument | None


@dataclass(slots=True)
class StoryRow:
    """A step of an order's life; `since_ns` is when the step before fell."""

    line: StoryLine
    since_ns: int


def can_cancel(order: Order) -> bool:
    """Say whether a cancel makes sense: it may still be at the venue or waits, and no cancel is on its way."""
    waits = order.state is OrderState.AWAITING_CONFIRM
    return (order.state.is_working or waits) and not order.pending_cancel


def can_change(order: Order) -> bool:
    """Say whether a change may be asked for: acknowledged and no request is on its way."""
    at_venue = order.state in (OrderState.OPEN, OrderState.PARTIAL)
    return at_venue and not order.pending_cancel and not order.pending_replace


def is_exit(order: Order) -> bool:
    """Say whether an order protects or closes: such are kept by `Cancel all` (U-48)."""
    return order.intent.reduce_only or bool(order.intent.parent)


def _price(row: OrderRow, value: object) -> str:
    if value is None:
        return NOTHING
    return price_text(row.instrument, value) if row.instrument else str(value)  # type: ignore[arg-type]


def _faint(text: str) -> Cell:
    return Cell(text, "text_faint" if text in (NOTHING, "") else "text")


def side_cell(side: Side) -> Cell:
    """Return the word of a side in its colour."""
    return Cell("Buy", "buy") if side is Side.BUY else Cell("Sell", "sell")


def _symbol(row: OrderRow | FillRow, symbol: str, venue: str) -> Cell:
    return Cell(symbol, "text", f"·{venue}")


def _filled(row: OrderRow) -> Cell:
    order = row.order
    return Cell(f"{bare_qty(order.filled_qty)}/{bare_qty(order.qty)}")


def _limit(row: OrderRow) -> Cell:
    spec = row.order.spec
    price = limit_price(spec)
    if price is None and trigger_price(spec) is not None:
        return Cell(_price(row, trigger_price(spec)), "text", f" {type_short(spec)}")
    return _faint(_price(row, price))


def _trigger(row: OrderRow) -> str:
    spec = row.order.spec
    if isinstance(spec, TrailingStop):
        return f"trail {plain(spec.offset)}"
    return _price(row, trigger_price(spec))


def _state(row: OrderRow) -> Cell:
    words = state_words(row.order)
    return Cell(words.text, _TONES[words.tone])


def _ack(row: OrderRow) -> Cell:
    return _faint(fixed(ack_ms(row.order), 1))


def _editable(has: Callable[[Order], object]) -> Callable[[OrderRow], bool]:
    return lambda row: can_change(row.order) and has(row.order) is not None


def order_columns() -> list[Column]:
    """Return the columns of the order lists, the most telling first."""
    right = Align.RIGHT
    return [
        Column(
            id="time", drop=1, title="Time", width=66, live=False, hint="When asked for, UTC",
            cell=lambda r: Cell(time_text(r.order.created_ns, millis=False), "text_muted"),
            value=lambda r: r.order.created_ns, canonical=lambda r: iso_time(r.order.created_ns),
            detail=lambda r: f"{date_text(r.order.created_ns)} {time_text(r.order.created_ns)} UTC",
        ),
        Column(
            id="symbol", title="Symbol", width=86, min_width=72, live=False,
            cell=lambda r: _symbol(r, r.order.instrument.symbol, r.order.instrument.venue),
            value=lambda r: r.order.instrument.symbol, canonical=lambda r: str(r.order.instrument),
        ),
        Column(
            id="side", title="Side", width=38, live=False, cell=lambda r: side_cell(r.order.side),
            value=lambda r: str(r.order.side),
        ),
        Column(
            id="qty", title="Filled/Qty", width=64, align=right, cell=_filled,
            value=lambda r: r.order.qty, editable=_editable(lambda order: order.qty),
            hint="Filled of quantity — double-click a working order to change",
        ),
        Column(
            id="price", title="Price", width=54, align=right,
            cell=_limit, value=lambda r: limit_price(r.order.spec),
            editable=_editable(lambda order: limit_price(order.spec)), hint="Limit price — double-click to change",
        ),
        Column(
            id="state", title="State", width=70, min_width=64, stretch=1, cell=_state,
            value=lambda r: state_words(r.order).text,
        ),
        Column(
            id="type", drop=2, title="Type", width=42, cell=lambda r: Cell(type_short(r.order.spec)),
            value=lambda r: type_words(r.order.spec), detail=lambda r: type_words(r.order.spec),
        ),
        Column(
            id="trigger", drop=4, title="Trigger", width=54, align=right, cell=lambda r: _faint(_trigger(r)),
            value=lambda r: trigger_price(r.order.spec), editable=_editable(lambda order: trigger_price(order.spec)),
            hint="Trigger price — double-click to change",
        ),
        *_more_order_columns(),
        Column(
            id="cancel", title="", hint="Cancel — × cancels the order", width=24, min_width=24, button=True,
            align=Align.CENTRE, cell=lambda r: Cell("×" if can_cancel(r.order) else "", "danger"), sortable=False,
            detail=lambda r: "Cancel this order (Del)" if can_cancel(r.order) else "",
        ),
    ]  # fmt: skip


def _more_order_columns() -> list[Column]:
    right = Align.RIGHT
    return [
        Column(
            id="reason", drop=3, title="Reason", width=170, min_width=60, stretch=1,
            cell=lambda r: Cell(reason_words(r.order), "text_muted"), value=lambda r: reason_words(r.order),
            detail=lambda r: "\n".join(filter(None, (reason_words(r.order), r.order.raw))),
        ),
        Column(
            id="source", drop=5, title="Source", width=62, live=False,
            cell=lambda r: Cell(r.order.intent.source, "text_muted"),
            value=lambda r: r.order.intent.source,
        ),
        Column(
            id="ack", drop=6, title="Ack ms", width=54, align=right, cell=_ack, value=lambda r: ack_ms(r.order),
            hint="From send to the venue's acknowledgement",
        ),
        Column(
            id="avg", drop=9, title="Avg", width=54, align=right,
            cell=lambda r: _faint(_price(r, r.order.avg_price or None)), value=lambda r: r.order.avg_price or None,
        ),
        Column(
            id="lives", drop=7, title="Lives at", width=60,
            cell=lambda r: _faint(lives_at(r.order)),
            value=lambda r: lives_at(r.order), hint="Where the order is kept: venue or terminal",
        ),
        Column(
            id="tif", drop=8, title="TIF", width=42, live=False,
            cell=lambda r: Cell(str(r.order.intent.tif), "text_muted"),
            value=lambda r: str(r.order.intent.tif), hint="Time in force",
        ),
        Column(
            id="account", title="Account", width=76, visible=False, live=False,
            cell=lambda r: Cell(r.order.intent.account, "text_muted"), value=lambda r: r.order.intent.account,
        ),
        Column(
            id="strategy", title="Strategy", width=90, visible=False, live=False,
            cell=lambda r: Cell(r.order.intent.strategy, "text_muted"), value=lambda r: r.order.intent.strategy,
        ),
        Column(
            id="client_id", title="Client id", width=210, visible=False, live=False,
            cell=lambda r: Cell(r.order.client_id, "text_muted"), value=lambda r: r.order.client_id,
        ),
        Column(
            id="venue_id", title="Venue id", width=110, visible=False,
            cell=lambda r: Cell(r.order.venue_id, "text_muted"), value=lambda r: r.order.venue_id,
        ),
    ]  # fmt: skip


def fill_columns() -> list[Column]:
    """Return the columns of the list of fills."""
    right = Align.RIGHT
    return [
        Column(
            id="time", title="Time", width=88, live=False,
            cell=lambda r: Cell(time_text(r.fill.ts_event), "text_muted"),
            value=lambda r: r.fill.ts_event, canonical=lambda r: iso_time(r.fill.ts_event), hint="By the venue, UTC",
        ),
        Column(
            id="symbol", title="Symbol", width=86, min_width=72, live=False, stretch=1,
            cell=lambda r: _symbol(r, r.fill.instrument.symbol, r.fill.instrument.venue),
            value=lambda r: r.fill.instrument.symbol, canonical=lambda r: str(r.fill.instrument),
        ),
        Column(
            id="side", title="Side", width=42, cell=lambda r: side_cell(r.fill.side), value=lambda r: str(r.fill.side),
        ),
        Column(
            id="qty", title="Qty", width=76, align=right,
            cell=lambda r: Cell(qty_text(r.instrument, r.fill.qty) if r.instrument else plain(r.fill.qty)),
            value=lambda r: r.fill.qty,
        ),
        Column(
            id="price", title="Price", width=80, align=right,
            cell=lambda r: Cell(price_text(r.instrument, r.fill.price) if r.instrument else plain(r.fill.price)),
            value=lambda r: r.fill.price,
        ),
        Column(
            id="fee", title="Fee", width=90, align=right,
            cell=lambda r: Cell(money_text(r.fill.fee, r.fill.fee_currency), "text_muted"), value=lambda r: r.fill.fee,
        ),
        Column(
            id="liquidity", title="Liquidity", width=64, cell=lambda r: Cell(str(r.fill.liquidity), "text_muted"),
            value=lambda r: str(r.fill.liquidity), hint="Maker rested, taker crossed",
        ),
        Column(
            id="account", title="Account", width=76, cell=lambda r: Cell(r.fill.account, "text_muted"),
            value=lambda r: r.fill.account,
        ),
        Column(
            id="order", title="Client id", width=210, visible=False,
            cell=lambda r: Cell(r.fill.client_id, "text_muted"),
            value=lambda r: r.fill.client_id,
        ),
        Column(
            id="trade", title="Trade id", width=110, visible=False, cell=lambda r: Cell(r.fill.trade_id, "text_muted"),
            value=lambda r: r.fill.trade_id,
        ),
    ]  # fmt: skip


def story_columns() -> list[Column]:
    """Return the columns of an order's timeline."""
    return [
        Column(
            id="time", title="Time", width=88, cell=lambda r: Cell(time_text(r.line.ts), "text_muted"),
            value=lambda r: r.line.ts, canonical=lambda r: iso_time(r.line.ts), sortable=False,
        ),
        Column(
            id="took", title="+ ms", width=54, align=Align.RIGHT, sortable=False,
            cell=lambda r: _faint(fixed((r.line.ts - r.since_ns) / 1e6, 1) if r.since_ns else NOTHING),
            value=lambda r: (r.line.ts - r.since_ns) / 1e6 if r.since_ns else None,
        ),
        Column(
            id="step", title="Step", width=100, sortable=False, cell=lambda r: Cell(step_words(r.line.step)),
            value=lambda r: r.line.step,
        ),
        Column(
            id="detail", title="Detail", width=180, min_width=60, stretch=1, sortable=False,
            cell=lambda r: Cell(r.line.detail, "text_muted"), value=lambda r: r.line.detail,
            detail=lambda r: r.line.detail,
        ),
    ]  # fmt: skip
