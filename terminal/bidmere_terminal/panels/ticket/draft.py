"""The ticket's state as a value, and the one way from it to order intents: no widget, no clock, no guess."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from bidmere.desk.words import money_text, price_text, qty_text
from bidmere.model.instrument import Instrument, InstrumentStatus
from bidmere.model.market import Quote, Side
from bidmere.model.money import ZERO, plain
from bidmere.model.orders import (
    Bracket,
    Limit,
    LimitIfTouched,
    Market,
    MarketIfTouched,
    OrderIntent,
    OrderSpec,
    Stop,
    StopLimit,
    TimeInForce,
    TrailingStop,
)
from bidmere_terminal.panels.ticket.numbers import Missing, Number, Unclear, read_number
from bidmere_terminal.panels.ticket.order_types import SHAPES, TicketType, lacks, tif_lacks
from bidmere_terminal.panels.ticket.sizing import Basis, SizeUnit, base_word, size, to_lot, unit_word

SLIPPAGE_CAP = Decimal("0.005")
"""How far a market order may walk the book, as a fraction of the best price, unless somebody says otherwise."""

FIELDS = ("size", "price", "trigger", "offset", "display", "sl", "tp")


@dataclass(frozen=True, slots=True)
class Fix:
    """An offer to put something else into a field: the button's words and the text it writes."""

    label: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the draft cannot be sent, at which field, and what one click would do about it."""

    field: str
    text: str
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything a person chose or typed; texts are as typed."""

    side: Side = Side.BUY
    kind: TicketType = TicketType.MARKET
    unit: SizeUnit = SizeUnit.BASE
    size: str = ""
    price: str = ""
    trigger: str = ""
    offset: str = ""
    display: str = ""
    tif: TimeInForce = TimeInForce.GTC
    expire_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    bracket: bool = False
    sl: str = ""
    tp: str = ""
    account: str = ""
    decimal_mark: str = "."
    slippage_cap: Decimal = SLIPPAGE_CAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the market and the account look like now, for sizes and references; None where unknown."""

    quote: Quote | None = None
    equity: Decimal | None = None
    currency: str = ""
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a draft comes to: intents to send (two for an OCO pair), problems, and texts to show under the size."""

    intents: tuple[OrderIntent, ...] = ()
    problems: tuple[Problem, ...] = ()
    qty: Decimal = ZERO
    entry: Decimal | None = None
    echo: str = ""

    def problem(self, field: str) -> Problem | None:
        """Return the problem of a field."""
        return next((one for one in self.problems if one.field == field), None)


@dataclass(slots=True)
class _Reader:
    """Read fields one by one and collect what is wrong with them."""

    draft: Draft
    instrument: Instrument
    problems: list[Problem]

    def number(self, field: str, name: str, *, needed: bool = True) -> Decimal | None:
        entry = read_number(getattr(self.draft, field), self.draft.decimal_mark)
        match entry:
            case Number(value=value) if value > 0:
                return value
            case Number():
                self.problems.append(Problem(field, f"{name} must be above zero."))
            case Unclear(reason=reason, readings=readings):
                fixes = tuple(Fix(reading, field, reading) for reading in readings)
                self.problems.append(Problem(field, reason, fixes))
            case Missing() if needed:
                self.problems.append(Problem(field, f"{name} is missing."))
        return None

    def price(self, field: str, name: str, *, needed: bool = True) -> Decimal | None:
        value = self.number(field, name, needed=needed)
        if value is None or self.instrument.on_tick(value):
            return value
        low, high = self.instrument.price_down(value), self.instrument.price_up(value)
        nearest = self.instrument.to_price(value)
        order = (nearest, high if nearest == low else low)
        fixes = tuple(
            Fix(f"Round to {price_text(self.instrument, one)}", field, plain(one)) for one in order if one > 0
        )
        step = plain(self.instrument.tick)
        self.problems.append(Problem(field, f"{name} is not a multiple of the tick {step}.", fixes[:1]))
        return None


def resolve(draft: Draft, instrument: Instrument, market: Surroundings) -> Resolution:
    """Work a draft out completely; intents are there only when there is no problem."""
    problems: list[Problem] = []
    reader = _Reader(draft, instrument, problems)
    shape = SHAPES[draft.kind]
    if reason := lacks(instrument, draft.kind) or tif_lacks(instrument, draft.tif):
        problems.append(Problem("kind", reason))
    if instrument.status is not InstrumentStatus.TRADING and not draft.reduce_only:
        problems.append(Problem("kind", f"{instrument.id.symbol} is {instrument.status.value} now."))
    price = reader.price("price", "Price") if shape.price else None
    trigger = reader.price("trigger", "Trigger") if shape.trigger else None
    offset = reader.price("offset", "Distance") if shape.offset else None
    entry = price or trigger or reference(market.quote, draft.side, instrument)
    bracket = _bracket(draft, reader, entry)
    stop = bracket.stop_loss if bracket else None
    basis = Basis(price=entry, stop=stop, equity=market.equity, rate=market.rate, currency=market.currency)
    qty = _quantity(draft, reader, basis)
    display = _display(draft, reader, qty) if shape.display else None
    if draft.tif is TimeInForce.GTD and draft.expire_ns is None:
        problems.append(Problem("tif", "A GTD order needs the time it ends."))
    _check_sides(draft, reader, price, trigger)
    echo = _echo(instrument, draft, qty, entry)
    if problems or qty <= 0:
        return Resolution(problems=tuple(problems), qty=qty, entry=entry, echo=echo)
    specs = _specs(draft, price, trigger, offset, display)
    intents = tuple(_intent(draft, instrument, qty, spec, bracket) for spec in specs)
    return Resolution(intents=intents, qty=qty, entry=entry, echo=echo)


def reference(quote: Quote | None, side: Side, instrument: Instrument) -> Decimal | None:
    """Return the price a market order would meet first: ask for a buy, bid for a sell."""
    if quote is None:
        return None
    price = quote.ask if side is Side.BUY else quote.bid
    return instrument.to_price(price) if price == price and price > 0 else None


def _quantity(draft: Draft, reader: _Reader, basis: Basis) -> Decimal:
    amount = reader.number("size", "Size")
    if amount is None:
        return ZERO
    instrument, problems = reader.instrument, reader.problems
    sized = size(instrument, draft.unit, amount, basis)
    if sized.reason:
        problems.append(Problem("size", sized.reason))
        return ZERO
    qty = sized.qty
    if not instrument.on_lot(qty):
        down = instrument.to_qty(qty)
        fixes = (Fix(f"Round to {qty_text(instrument, down)}", "size", plain(down)),) if down > 0 else ()
        problems.append(Problem("size", f"Size is not a multiple of the lot {plain(instrument.lot)}.", fixes))
        return ZERO
    smallest = _smallest(instrument, basis.price)
    if qty < smallest:
        fixes = (Fix(f"Use {qty_text(instrument, smallest)}", "size", plain(smallest)),)
        words = f"Size is below the smallest order of {qty_text(instrument, smallest)} {base_word(instrument)}."
        problems.append(Problem("size", words, fixes if draft.unit is SizeUnit.BASE else ()))
        return ZERO
    if instrument.max_qty is not None and qty > instrument.max_qty:
        fixes = (Fix(f"Use {qty_text(instrument, instrument.max_qty)}", "size", plain(instrument.max_qty)),)
        problems.append(Problem("size", "Size is above the largest order of this venue.", fixes))
        return ZERO
    return qty


def _smallest(instrument: Instrument, price: Decimal | None) -> Decimal:
    """Return the least quantity on the grid that satisfies the minimum quantity and the minimum value."""
    least = max(instrument.lot, instrument.min_qty)
    if instrument.min_notional and (price or instrument.inverse):
        # The minimum counts in the quote currency, in which an inverse contract has a fixed value.
        each = instrument.multiplier if instrument.inverse else instrument.notional(Decimal(1), price or ZERO)
        if each > 0:
            least = max(least, instrument.min_notional / each)
    return to_lot(instrument, least, ROUND_CEILING)


def _display(draft: Draft, reader: _Reader, qty: Decimal) -> Decimal | None:
    shown = reader.number("display", "Shown size")
    if shown is None:
        return None
    instrument = reader.instrument
    if not instrument.on_lot(shown):
        down = instrument.to_qty(shown)
        fixes = (Fix(f"Round to {qty_text(instrument, down)}", "display", plain(down)),) if down > 0 else ()
        words = f"Shown size is not a multiple of the lot {plain(instrument.lot)}."
        reader.problems.append(Problem("display", words, fixes))
        return None
    if qty and shown >= qty:
        reader.problems.append(Problem("display", "The shown size must be smaller than the whole size."))
        return None
    return shown


def _bracket(draft: Draft, reader: _Reader, entry: Decimal | None) -> Bracket | None:
    if not draft.bracket or draft.kind is TicketType.OCO:
        return None
    before = len(reader.problems)
    stop = reader.price("sl", "Stop-loss", needed=False)
    target = reader.price("tp", "Take-profit", needed=False)
    if len(reader.problems) > before:
        return None
    if stop is None and target is None:
        reader.problems.append(Problem("sl", "A bracket needs a stop-loss, a take-profit or both."))
        return None
    sign = draft.side.sign
    if entry is not None and stop is not None and (entry - stop) * sign <= 0:
        where = "below" if sign > 0 else "above"
        reader.problems.append(Problem("sl", f"The stop-loss of a {draft.side.value} must be {where} the entry."))
    if entry is not None and target is not None and (target - entry) * sign <= 0:
        where = "above" if sign > 0 else "below"
        reader.problems.append(Problem("tp", f"The take-profit of a {draft.side.value} must be {where} the entry."))
    return Bracket(stop_loss=stop, take_profit=target)


def _check_sides(draft: Draft, reader: _Reader, price: Decimal | None, trigger: Decimal | None) -> None:
    if draft.kind is not TicketType.OCO or price is None or trigger is None:
        return
    if (trigger - price) * draft.side.sign <= 0:
        first, second = ("below", "above") if draft.side is Side.BUY else ("above", "below")
        words = f"In an OCO pair that {draft.side.value}s, the limit is {first} the market and the stop {second} it."
        reader.problems.append(Problem("trigger", words))


def _specs(
    draft: Draft, price: Decimal | None, trigger: Decimal | None, offset: Decimal | None, display: Decimal | None
) -> tuple[OrderSpec, ...]:
    """Build the venue orders of a type; the fields it needs have been read and are there."""
    at, when, by = price or ZERO, trigger or ZERO, offset or ZERO
    match draft.kind:
        case TicketType.MARKET:
            return (Market(),)
        case TicketType.LIMIT:
            return (Limit(price=at, post_only=draft.post_only),)
        case TicketType.ICEBERG:
            return (Limit(price=at, post_only=draft.post_only, display_qty=display),)
        case TicketType.STOP:
            return (Stop(trigger=when),)
        case TicketType.STOP_LIMIT:
            return (StopLimit(trigger=when, price=at),)
        case TicketType.TRAILING:
            return (TrailingStop(offset=by),)
        case TicketType.MIT:
            return (MarketIfTouched(trigger=when),)
        case TicketType.LIT:
            return (LimitIfTouched(trigger=when, price=at),)
        case TicketType.OCO:
            return (Limit(price=at), Stop(trigger=when))


def _intent(
    draft: Draft, instrument: Instrument, qty: Decimal, spec: OrderSpec, bracket: Bracket | None
) -> OrderIntent:
    return OrderIntent(
        instrument=instrument.id,
        side=draft.side,
        qty=qty,
        spec=spec,
        account=draft.account,
        source="ticket",
        tif=draft.tif,
        reduce_only=draft.reduce_only,
        expire_ns=draft.expire_ns if draft.tif is TimeInForce.GTD else None,
        reason="Ticket",
        bracket=bracket,
        slippage_cap=draft.slippage_cap if isinstance(spec, Market) else None,
    )


def _echo(instrument: Instrument, draft: Draft, qty: Decimal, entry: Decimal | None) -> str:
    if qty <= 0:
        return ""
    words = f"= {plain(qty)} {unit_word(instrument, SizeUnit.BASE, '')}"
    if entry is None:
        return words
    return f"{words} ≈ {money_text(instrument.notional(qty, entry), instrument.settle)}"
