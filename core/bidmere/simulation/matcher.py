"""Match one instrument: price, then time, among our accounts and the outside liquidity of a feed.

Rules a user can rely on:
* Outside liquidity at a price stands before our resting order as far as it was there first (`WorkingOrder.ahead`).
  Prints at the price and a shrinking level eat that queue; a print or an opposite quote beyond our price fills us
  whole, at our price; an opposite quote at our price fills as much as it shows.
* What our aggressive orders take from the outside stays taken until the feed speaks again.
* Two orders of one account never trade with each other: the resting one is canceled, the new one goes on.
* A market order trades at once; what finds no liquidity tries again on the next data, unless it is IOC, FOK or has a
  slippage cap (a fraction of the best opposite price, 0.005 is 0.5 %): then the rest ends.
"""

from __future__ import annotations

from typing import Protocol

from bidmere.model.fills import Liquidity
from bidmere.model.instrument import Instrument
from bidmere.model.market import Book, Quote, Trade
from bidmere.model.orders import Limit, LimitIfTouched, MarketIfTouched, OrderState, TimeInForce, TrailingStop
from bidmere.simulation.liquidity import UNLIMITED, ExternalLiquidity
from bidmere.simulation.resting import RestingBook
from bidmere.simulation.slippage import SlippageModel
from bidmere.simulation.working import Stage, WorkingOrder


class Host(Protocol):
    """What a matcher asks of its exchange."""

    def live_lots(self, order: WorkingOrder) -> int:
        """Return the lots that may fill now (entry, group and position considered)."""

    def fill(self, order: WorkingOrder, lots: int, price: int, liquidity: Liquidity, outside: bool) -> None:
        """Book a fill and report it."""

    def finish(self, order: WorkingOrder, state: OrderState, cause: str, reason: str) -> None:
        """End an order and report it."""

    def triggered(self, order: WorkingOrder) -> None:
        """Report that a conditional order went off."""

    def defer_triggers(self, matcher: Matcher) -> None:
        """Ask for `check_triggers` once the present input is worked off."""


class Matcher:
    """Hold and match the orders of one instrument."""

    def __init__(self, instrument: Instrument, host: Host, slippage: SlippageModel) -> None:
        self.instrument = instrument
        self.book = RestingBook()
        self.outside = ExternalLiquidity(instrument)
        self.conditionals: list[WorkingOrder] = []
        self.seeking: list[WorkingOrder] = []
        self._host = host
        self._slippage = slippage

    @property
    def is_idle(self) -> bool:
        """No order of ours is here: data need only be remembered."""
        return not (self.conditionals or self.seeking or self.book)

    # ── data in ──────────────────────────────────────────────────────────────────────────────────────────────────

    def on_book(self, book: Book) -> None:
        """Take a depth snapshot."""
        self.outside.set_book(book)
        if not self.is_idle:
            self._liquidity_changed()

    def on_quote(self, quote: Quote) -> None:
        """Take a best bid and ask."""
        if self.outside.set_quote(quote) and not self.is_idle:
            self._liquidity_changed()

    def on_trade(self, trade: Trade) -> None:
        """Take a print."""
        self.outside.set_trade(trade)
        if self.is_idle:
            return
        if self.book:
            self._printed(trade)
        if not self.outside.has_depth:
            self._liquidity_changed()
        self.check_triggers()

    def _liquidity_changed(self) -> None:
        self.cross()
        if self.book:
            for sign in (1, -1):
                self._cap_queues(sign)
        for order in tuple(self.seeking):
            self._seek(order)
        if not self.outside.trades_seen:
            self.check_triggers()

    def cross(self) -> None:
        """Fill what rests and may fill where the outside market stands at its price or beyond."""
        if self.book:
            for sign in (1, -1):
                self._crossed_by_outside(sign)

    def _crossed_by_outside(self, sign: int) -> None:
        while (found := self._best_live(sign)) and (price := self.outside.best(-sign)) is not None:
            order, lots = found
            assert order.limit is not None
            if (order.limit - price) * sign < 0:
                return
            if order.limit == price:
                lots = min(lots, self.outside.size(-sign, price))
            left = lots
            for level, size in self.outside.walk(-sign):
                if not left or (order.limit - level) * sign < 0:
                    break
                self.outside.take(-sign, level, min(left, size))
                left -= min(left, size)
            self.maker_fill(order, lots, outside=True)

    def _cap_queues(self, sign: int) -> None:
        for order in self.book.orders(sign):
            assert order.limit is not None
            if order.ahead and self.outside.sees(sign, order.limit):
                order.ahead = min(order.ahead, self.outside.size(sign, order.limit))

    def _printed(self, trade: Trade) -> None:
        price, lots = self.outside.to_ticks(trade.price), self.outside.to_lots(trade.size)
        aggressor = self.outside.side_of(trade)
        for sign in (1, -1) if aggressor == 0 else (-aggressor,):
            while (found := self._best_live(sign)) and found[0].limit is not None:
                order, live = found
                if ((order.limit or 0) - price) * sign <= 0:
                    break
                self.maker_fill(order, live, outside=True)
            self._printed_at(sign, price, lots)

    def _printed_at(self, sign: int, price: int, lots: int) -> None:
        eaten = 0  # outside lots of the queue that this print took
        for order in self.book.queue(sign, price):
            if lots <= 0:
                break
            outside = max(0, min(order.ahead - eaten, lots))
            eaten, lots = eaten + outside, lots - outside
            filled = min(lots, self._shown(order))
            if filled > 0:
                lots -= filled
                self.maker_fill(order, filled, outside=True)
        for order in self.book.queue(sign, price):
            order.ahead = max(0, order.ahead - eaten)

    # ── orders in ────────────────────────────────────────────────────────────────────────────────────────────────

    def activate(self, order: WorkingOrder) -> None:
        """Let an order in: park it, or match it and rest, keep or end what is left."""
        if order.is_conditional:
            order.stage = Stage.PARKED
            self.conditionals.append(order)
            self._watch(order)
        else:
            self.go_live(order)

    def go_live(self, order: WorkingOrder) -> None:
        """Match an order now and deal with the rest."""
        if order.intent.tif is TimeInForce.FOK and self.reachable(order) < order.leaves:
            self._host.finish(order, OrderState.EXPIRED, "FOK", self._unfilled(order))
            return
        if isinstance(order.spec, Limit) and order.spec.post_only and self.would_trade(order.sign, order.limit):
            reason = "Post-only: it would have traded at once at its price."
            self._host.finish(order, OrderState.CANCELED, "venue", reason)
            return
        reference = self._opposite(order.sign)  # U-8: the best opposite price at the time
        self._take(order, self._worst(order))
        if order.is_done:
            return
        if order.intent.tif in (TimeInForce.IOC, TimeInForce.FOK):
            self._host.finish(order, OrderState.EXPIRED, "IOC", self._unfilled(order, reference))
        elif self._host.live_lots(order) <= 0:
            order.stage = Stage.HELD
        elif order.limit is not None:
            self.rest(order)
        elif order.intent.slippage_cap is not None:
            self._host.finish(order, OrderState.EXPIRED, "IOC", "Slippage cap: " + self._unfilled(order, reference))
        else:
            order.stage = Stage.SEEKING
            self.seeking.append(order)

    def rest(self, order: WorkingOrder) -> None:
        """Put a limit order at the end of its queue."""
        assert order.limit is not None
        order.shown = min(order.display, order.leaves) if order.display else 0
        self._queue_behind(order)
        self.book.add(order)

    def put_back(self, order: WorkingOrder, stage: Stage) -> None:
        """Put an order of an earlier run where it stood; it matches with the next data."""
        order.stage = stage
        if stage is Stage.RESTING:
            self.rest(order)
        elif stage is Stage.PARKED:
            self.conditionals.append(order)
        elif stage is Stage.SEEKING:
            self.seeking.append(order)

    def remove(self, order: WorkingOrder) -> None:
        """Take an order out of wherever it stands."""
        if order.stage is Stage.RESTING:
            self.book.remove(order)
        elif order.stage is Stage.PARKED:
            self.conditionals.remove(order)
        elif order.stage is Stage.SEEKING:
            self.seeking.remove(order)

    def hold(self, order: WorkingOrder) -> None:
        """Take an order out until there is more for it to close."""
        self.remove(order)
        order.stage = Stage.HELD

    def would_trade(self, sign: int, price: int | None) -> bool:
        """Say whether an order at a price (None: any) would trade at once."""
        best = self._opposite(sign)
        return best is not None and (price is None or (price - best) * sign >= 0)

    def reachable(self, order: WorkingOrder) -> int:
        """Return the lots an order could take now at prices it allows."""
        worst, wanted, found = self._worst(order), order.leaves, 0
        for price, size in self.outside.walk(-order.sign):
            price += order.sign * self._slippage(price, wanted, size)
            if worst is not None and (worst - price) * order.sign < 0:
                break
            found += size
        for other in self.book.orders(-order.sign):
            assert other.limit is not None
            if worst is not None and (worst - other.limit) * order.sign < 0:
                break
            found += self._host.live_lots(other) if other.account != order.account else 0
        return found

    # ── matching ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, order: WorkingOrder, worst: int | None) -> None:
        sign = order.sign
        while not order.is_done and (wanted := self._host.live_lots(order)) > 0:
            found, outside = self._best_live(-sign), self.outside.best(-sign)
            own = found[0].limit if found else None
            if own is None and outside is None:
                return
            if found is None or own is None or (outside is not None and (own - outside) * sign > 0):
                assert outside is not None
                if not self._take_outside(order, outside, wanted, worst):
                    return
                continue
            if worst is not None and (worst - own) * sign < 0:
                return
            resting, live = found
            ahead = min(resting.ahead, self.outside.size(-sign, own))
            if ahead > 0:
                if not self._take_outside(order, own, min(wanted, ahead), worst):
                    return
                self._queue_eaten(-sign, own, min(wanted, ahead))
            elif resting.account == order.account:
                reason = f"Self-match prevention: it would have traded with your order {order.client_id}."
                self._host.finish(resting, OrderState.CANCELED, "venue", reason)
            else:
                lots = min(wanted, self._shown(resting), live)
                self.maker_fill(resting, lots, outside=False)
                self._host.fill(order, lots, own, Liquidity.TAKER, False)
                self._last(own)

    def _take_outside(self, order: WorkingOrder, level: int, wanted: int, worst: int | None) -> bool:
        size = self.outside.size(-order.sign, level)
        price = max(1, level + order.sign * self._slippage(level, wanted, size))
        if worst is not None and (worst - price) * order.sign < 0:
            return False
        lots = min(wanted, size)
        self.outside.take(-order.sign, level, lots)
        self._host.fill(order, lots, price, Liquidity.TAKER, True)
        self._last(price)
        return True

    def maker_fill(self, order: WorkingOrder, lots: int, *, outside: bool) -> None:
        """Fill a resting order at its price and show the next part of an iceberg."""
        assert order.limit is not None
        if order.display:
            order.shown -= min(lots, order.shown)
        self._host.fill(order, lots, order.limit, Liquidity.MAKER, outside)
        if order.stage is Stage.RESTING and order.display and order.shown <= 0:
            order.shown = min(order.display, order.leaves)
            self._queue_behind(order)
            self.book.requeue(order)

    def _seek(self, order: WorkingOrder) -> None:
        self._take(order, None)

    def _best_live(self, sign: int) -> tuple[WorkingOrder, int] | None:
        for order in self.book.orders(sign):
            live = self._host.live_lots(order)
            if live > 0:
                return order, live
        return None

    def _shown(self, order: WorkingOrder) -> int:
        live = self._host.live_lots(order)
        return min(live, order.shown) if order.display else live

    def _queue_behind(self, order: WorkingOrder) -> None:
        assert order.limit is not None
        if self.outside.sees(order.sign, order.limit):
            order.ahead = self.outside.size(order.sign, order.limit)
        else:
            order.ahead = UNLIMITED if self.outside.best(order.sign) is not None and self.outside.has_depth else 0

    def _queue_eaten(self, sign: int, price: int, lots: int) -> None:
        for order in self.book.queue(sign, price):
            order.ahead = max(0, order.ahead - lots)

    def _opposite(self, sign: int) -> int | None:
        found, outside = self._best_live(-sign), self.outside.best(-sign)
        known = [price for price in (found[0].limit if found else None, outside) if price is not None]
        return min(known, key=lambda price: price * sign) if known else None

    def _worst(self, order: WorkingOrder) -> int | None:
        cap, best = order.intent.slippage_cap, self._opposite(order.sign)
        if order.limit is not None or cap is None or best is None:
            return order.limit
        return best + order.sign * int(best * cap)

    def _unfilled(self, order: WorkingOrder, reference: int | None = None) -> str:
        best = reference if reference is not None else self._opposite(order.sign)
        word = "ask" if order.sign > 0 else "bid"
        fills = f"{order.fill_count} fill" + ("" if order.fill_count == 1 else "s")
        grid = self.instrument
        price = f"best {word} {grid.price_of(best):,f}" if best is not None else f"no {word}"
        return f"{fills}, {grid.qty_of(order.filled):,f} of {grid.qty_of(order.qty):,f} filled; {price}."

    # ── triggers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def check_triggers(self) -> None:
        """Set off what the last price has reached."""
        for order in tuple(self.conditionals):
            if order.stage is Stage.PARKED:
                self._watch(order)

    def reference(self, sign: int) -> int | None:
        """Return the last price; where the feed has quotes but no trades, what an order of this side would meet."""
        if self.outside.has_depth and not self.outside.trades_seen:
            return self.outside.best(-sign)
        return self.outside.last

    def _watch(self, order: WorkingOrder) -> None:
        last = self.reference(order.sign)
        if last is None:
            return
        if isinstance(order.spec, TrailingStop):
            self._trail(order, order.spec, last)
        if order.trigger is None:
            return
        touched = isinstance(order.spec, MarketIfTouched | LimitIfTouched)
        beyond = (order.trigger - last if touched else last - order.trigger) * order.sign
        if beyond >= 0:
            self.conditionals.remove(order)
            order.stage, order.triggered = Stage.HELD, True
            self._host.triggered(order)
            self.go_live(order)

    def _trail(self, order: WorkingOrder, spec: TrailingStop, last: int) -> None:
        if not order.activated and spec.activation is not None:
            order.activated = (self.instrument.ticks(spec.activation) - last) * order.sign >= 0
        if not order.activated:
            return
        if order.extreme is None or (order.extreme - last) * order.sign > 0:
            order.extreme = last
        order.trigger = order.extreme + order.sign * order.offset

    def _last(self, price: int) -> None:
        self.outside.last = price
        if self.conditionals:
            self._host.defer_triggers(self)
