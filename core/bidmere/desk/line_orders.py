"""From a typed order to an intent: prices, sizes and exits worked out with what the desk knows now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from bidmere.desk.lines import CloseLine, Distance, How, OrderLine, PriceAt, Size, Target
from bidmere.errors import InvalidInput
from bidmere.model.instrument import Instrument
from bidmere.model.market import Quote, Side
from bidmere.model.money import ZERO, plain, to_decimal
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

Convert = Callable[[Decimal, str, str], Decimal | None]
"""(amount, from, to) → the amount in another currency, None when no rate is known."""

_HUNDRED = Decimal(100)
_BP = Decimal(10_000)
_FINE = Decimal("1e-12")
_FAR = Decimal("0.01")
_ROOM = Decimal("0.995")
"""What MAX leaves for fees and a moving price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the desk knows when a line is staged; prices None where nothing has been seen yet."""

    instrument: Instrument
    account: str
    currency: str = "USD"
    quote: Quote | None = None
    last: float | None = None
    high: float | None = None
    low: float | None = None
    equity: Decimal = ZERO
    buying_power: Decimal = ZERO
    position: Decimal = ZERO
    entry: Decimal = ZERO
    convert: Convert = field(default=lambda amount, source, target: amount if source == target else None)


@dataclass(frozen=True, slots=True)
class Drafted:
    """An intent and what deserves a second look."""

    intent: OrderIntent
    warnings: tuple[str, ...] = ()


def draft_order(line: OrderLine, around: Surroundings, source: str = "palette") -> Drafted:
    """Return the intent of an order line. Raises InvalidInput with one sentence when something is not known."""
    return _Drafting(around, line.side).order(line, source)


def draft_close(line: CloseLine, around: Surroundings, source: str = "palette") -> Drafted:
    """Return the reduce-only intent that closes (part of) a position. Raises InvalidInput when there is none."""
    held = around.position
    if not held:
        raise InvalidInput(f"There is no position in {around.instrument.id} to close.")
    side = Side.SELL if held > 0 else Side.BUY
    work = _Drafting(around, side)
    spec = work.spec(line.how, None)
    qty = around.instrument.to_qty(_short(abs(held) * line.percent / _HUNDRED))
    if not qty:
        raise InvalidInput(f"{plain(line.percent)} % of {plain(abs(held))} is less than one lot.")
    intent = OrderIntent(
        instrument=around.instrument.id,
        side=side,
        qty=qty,
        spec=spec,
        account=around.account,
        source=source,
        reduce_only=True,
    )
    return Drafted(intent)


class _Drafting:
    def __init__(self, around: Surroundings, side: Side) -> None:
        self._around = around
        self._side = side
        self._instrument = around.instrument

    def order(self, line: OrderLine, source: str) -> Drafted:
        spec = self.spec(line.how, line)
        entry = self._entry(spec)
        stop = self._exit(line.stop, entry, -1) if line.stop is not None else None
        bracket = self._bracket(line, entry, stop)
        intent = OrderIntent(
            instrument=self._instrument.id,
            side=self._side,
            qty=self._qty(line.size, entry, stop),
            spec=spec,
            account=line.account or self._around.account,
            source=source,
            tif=line.tif or TimeInForce.GTC,
            reduce_only=line.reduce_only,
            expire_ns=line.expire_ns,
            reason=line.tag,
            bracket=bracket,
            slippage_cap=self._slip(line.slip) if line.slip is not None else None,
        )
        return Drafted(intent, self._warnings(line.how, spec))

    # ---- prices
    def reference(self, ref: str) -> Decimal:
        """Return what BID, ASK, MID, LAST, ENTRY, HOD or LOD are now."""
        around, quote = self._around, self._around.quote
        values: dict[str, float | Decimal | None] = {
            "BID": quote.bid if quote is not None else None,
            "ASK": quote.ask if quote is not None else None,
            "MID": quote.mid if quote is not None else None,
            "LAST": around.last,
            "ENTRY": around.entry or None,
            "HOD": around.high,
            "LOD": around.low,
        }
        value = values[ref]
        if not value:
            why = "there is no position" if ref == "ENTRY" else "no price has arrived yet"
            raise InvalidInput(f"{ref} of {self._instrument.id} is not known: {why}.")
        return to_decimal(value)

    def price(self, at: PriceAt) -> Decimal:
        """Return a price; a typed number stays as typed, a worked-out one goes to the tick that is safer."""
        if not at.ref:
            return at.value
        base = self.reference(at.ref)
        if at.offset is not None:
            base += at.sign * self.distance(at.offset, base)
        return self._on_tick(base)

    def distance(self, distance: Distance, base: Decimal) -> Decimal:
        """Return a distance in price units."""
        if distance.unit == "t":
            return distance.value * self._instrument.tick
        if distance.unit == "%":
            return _short(base * distance.value / _HUNDRED)
        if distance.unit == "bp":
            return _short(base * distance.value / _BP)
        return distance.value

    def _on_tick(self, value: Decimal) -> Decimal:
        if value <= 0:
            raise InvalidInput("The price would not be more than 0: make the distance smaller.")
        return self._instrument.price_down(value) if self._side is Side.BUY else self._instrument.price_up(value)

    def spec(self, how: How, line: OrderLine | None) -> OrderSpec:
        """Return the order type with its prices."""
        trigger = self.price(how.trigger) if how.trigger is not None else ZERO
        if how.kind == "limit":
            return Limit(
                price=self._limit(how, ZERO),
                post_only=line is not None and line.post_only,
                display_qty=line.display if line is not None else None,
            )
        if how.kind == "stop":
            return Stop(trigger=trigger)
        if how.kind == "stop-limit":
            return StopLimit(trigger=trigger, price=self._limit(how, trigger))
        if how.kind == "trailing-stop" and how.offset is not None:
            base = ZERO if how.offset.unit in ("t", "p") else self._market()
            offset = self._instrument.to_price(self.distance(how.offset, base))
            return TrailingStop(offset=max(offset, self._instrument.tick))
        if how.kind == "market-if-touched":
            return MarketIfTouched(trigger=trigger)
        if how.kind == "limit-if-touched":
            return LimitIfTouched(trigger=trigger, price=self._limit(how, trigger))
        return Market()

    def _limit(self, how: How, trigger: Decimal) -> Decimal:
        if isinstance(how.price, PriceAt):
            return self.price(how.price)
        if how.price is None:
            raise InvalidInput("The limit price is missing.")
        return self._on_tick(trigger + self._side.sign * self.distance(how.price, trigger))

    def _market(self) -> Decimal:
        return self.reference("ASK" if self._side is Side.BUY else "BID")

    def _entry(self, spec: OrderSpec) -> Decimal | None:
        if isinstance(spec, Limit | StopLimit | LimitIfTouched):
            return spec.price
        if isinstance(spec, Stop | MarketIfTouched):
            return spec.trigger
        try:
            return self._market()
        except InvalidInput:
            return None

    # ---- exits
    def _exit(self, at: PriceAt | Distance, entry: Decimal | None, sense: int) -> Decimal:
        if isinstance(at, PriceAt):
            return self.price(at) if at.ref else at.value
        base = self._known(entry)
        return self._instrument.to_price(base + sense * self._side.sign * self.distance(at, base))

    def _known(self, entry: Decimal | None) -> Decimal:
        return entry if entry is not None else self._market()

    def _bracket(self, line: OrderLine, entry: Decimal | None, stop: Decimal | None) -> Bracket | None:
        if len(line.targets) > 1 or any(target.share not in (None, _HUNDRED) for target in line.targets):
            raise InvalidInput("One target for the whole size is possible now: write a single TP without a share.")
        take = self._target(line.targets[0], entry, stop) if line.targets else None
        if take is None and stop is None:
            return None
        base = self._known(entry)
        sign = self._side.sign
        if stop is not None and (stop - base) * sign >= 0:
            side = "below" if sign > 0 else "above"
            raise InvalidInput(f"The stop {plain(stop)} must be {side} the entry {plain(base)}.")
        if take is not None and (take - base) * sign <= 0:
            side = "above" if sign > 0 else "below"
            raise InvalidInput(f"The target {plain(take)} must be {side} the entry {plain(base)}.")
        return Bracket(take_profit=take, stop_loss=stop)

    def _target(self, target: Target, entry: Decimal | None, stop: Decimal | None) -> Decimal:
        if target.multiple is not None:
            base = self._known(entry)
            if stop is None:
                raise InvalidInput("A target in R needs SL.")
            return self._instrument.to_price(_short(base + self._side.sign * abs(base - stop) * target.multiple))
        at = target.price if target.price is not None else target.distance
        if at is None:
            raise InvalidInput("The target is missing.")
        return self._exit(at, entry, 1)

    def _slip(self, slip: Distance) -> Decimal:
        """Return the cap as a fraction of the price."""
        base = self._market()
        if slip.unit == "%":
            return slip.value / _HUNDRED
        return _short(self.distance(slip, base) / base)

    # ---- sizes
    def _qty(self, size: Size, entry: Decimal | None, stop: Decimal | None) -> Decimal:
        if size.kind == "base":
            return size.value
        if size.kind == "position":
            value = abs(self._around.position) * size.value / _HUNDRED
            if not value:
                raise InvalidInput(f"There is no position in {self._instrument.id}.")
            return self._lots(value)
        base = self._known(entry)
        if size.kind.startswith("risk"):
            return self._lots(self._risked(size, base, stop))
        if size.kind == "notional":
            if size.currency == self._instrument.base:
                return (
                    self._lots(size.value) if not self._instrument.inverse else self._lots(self._per(size.value, base))
                )
            return self._lots(self._per(self._settled(size.value, size.currency), base))
        share = size.value / _HUNDRED if size.kind == "equity" else Decimal(1)
        money = self._around.equity * share
        if size.kind == "max":
            margin = self._instrument.margin_initial or Decimal(1)
            money = self._around.buying_power / margin * _ROOM
        return self._lots(self._per(self._settled(money, self._around.currency), base))

    def _risked(self, size: Size, entry: Decimal, stop: Decimal | None) -> Decimal:
        if stop is None:
            raise InvalidInput("RISK needs SL.")
        if size.kind == "risk-share":
            money = self._settled(self._around.equity * size.value / _HUNDRED, self._around.currency)
        else:
            money = self._settled(size.value, size.currency)
        loss = abs(self._instrument.pnl(Decimal(self._side.sign), entry, stop))
        if not loss:
            raise InvalidInput("The stop is at the entry, so the size would have no bound.")
        return money / loss

    def _per(self, money: Decimal, price: Decimal) -> Decimal:
        return money / self._instrument.notional(Decimal(1), price)

    def _settled(self, money: Decimal, currency: str) -> Decimal:
        settle = self._instrument.settle
        # A quote currency counts as the settle currency where the contract is settled in the same money.
        if currency == settle:
            return money
        converted = self._around.convert(money, currency, settle)
        if converted is None:
            raise InvalidInput(f"There is no rate from {currency} to {settle} yet: give the size in {settle}.")
        return converted

    def _lots(self, value: Decimal) -> Decimal:
        qty = self._instrument.to_qty(_short(value), ROUND_FLOOR)
        if qty <= 0:
            raise InvalidInput(f"That is less than one lot ({plain(self._instrument.lot)} {self._instrument.base}).")
        return qty

    # ---- a second look
    def _warnings(self, how: How, spec: OrderSpec) -> tuple[str, ...]:
        if not isinstance(spec, Limit) or self._around.quote is None:
            return ()
        middle = to_decimal(self._around.quote.mid)
        away = abs(spec.price - middle) / middle
        if away <= _FAR:
            return ()
        text = f"The price is {plain((away * _HUNDRED).quantize(Decimal('0.1')))} % from the market."
        at = how.price
        if isinstance(at, PriceAt) and at.offset is not None and at.offset.unit == "p":
            text += f" {plain(at.offset.value)}p means {plain(at.offset.value)} price units."
        return (text,)


def _short(value: Decimal) -> Decimal:
    """Drop the digits of a division that no grid could hold."""
    return value.quantize(_FINE)
