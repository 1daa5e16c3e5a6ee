"""One intent against one snapshot: the values that several checks need, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import ONE, ZERO, plain
from bidmere.model.orders import Market, Order, OrderIntent, limit_price, trigger_price
from bidmere.risk.decision import CheckResult, Verdict
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot

_HUNDRED = Decimal(100)
_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An intent (with the quantity and spec asked for now) and what follows from the snapshot.

    `filled` is what a changed order has filled already, `leaves` what would still work. `reducible` is the largest
    `leaves` that can only reduce the position; `reduces` says that this intent is class R. `mid` and `price` are
    Decimal prices, `price` the worst the order may trade at; `value_unit` and `mark_unit` are what one unit of
    quantity is worth at `price` and at `mid`, in the account's currency. Any of them is None when unknown.
    `same_pending` and `other_pending` are what may still fill on the intent's side and on the other.
    """

    intent: OrderIntent
    snapshot: RiskSnapshot
    limits: RiskLimits
    filled: Decimal
    leaves: Decimal
    reducible: Decimal
    reduces: bool
    mid: Decimal | None
    price: Decimal | None
    value_unit: Decimal | None
    mark_unit: Decimal | None
    same_pending: Decimal
    other_pending: Decimal

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return self.intent.side.sign

    @property
    def equity(self) -> Decimal | None:
        """The account's equity when every currency in it could be valued."""
        valuation = self.snapshot.valuation
        if valuation is None or any("/" in name for name in valuation.missing):
            return None
        return valuation.equity

    @property
    def currency(self) -> str:
        """The account's currency, empty when the account is unknown."""
        return self.snapshot.account.currency if self.snapshot.account is not None else ""

    def position_after(self, leaves: Decimal) -> Decimal:
        """Return the position on the intent's side when all that is pending there fills too."""
        return self.sign * self.snapshot.held + self.same_pending + leaves

    def worst_qty(self, leaves: Decimal) -> Decimal:
        """Return the largest absolute position that pending orders and this one could make."""
        held = abs(self.snapshot.held)
        other_way = abs(self.sign * self.snapshot.held - self.other_pending)
        return max(held, abs(self.position_after(leaves)), other_way)

    def largest_passing(self, passes: Callable[[Decimal], bool], estimate: Decimal) -> Decimal:
        """Return the largest total quantity on the lot grid that passes; `passes` takes leaves and is monotone."""
        instrument = self.snapshot.instrument
        if instrument is None:
            return ZERO
        lot = instrument.lot
        floor = instrument.to_qty(self.reducible)
        leaves = max(instrument.to_qty(max(estimate, ZERO)), floor)
        for _ in range(_STEPS):
            if leaves <= floor or passes(leaves):
                break
            leaves -= lot
        else:
            leaves = floor
        for _ in range(_STEPS):
            if not passes(leaves + lot):
                break
            leaves += lot
        return self.filled + max(leaves, floor)

    def largest_reducing(self) -> Decimal:
        """Return the total quantity that would only reduce, 0 when there is none."""
        instrument = self.snapshot.instrument
        return self.filled + instrument.to_qty(self.reducible) if instrument is not None and self.reducible else ZERO


def build_case(
    intent: OrderIntent, snapshot: RiskSnapshot, limits: RiskLimits, changed: Order | None = None
) -> Case:
    """Work the case out; `changed` is the working order when a change is judged."""
    filled = changed.filled_qty if changed is not None else ZERO
    leaves = max(ZERO, intent.qty - filled)
    same, other = _pending(intent, snapshot)
    reducible = _reducible(intent, snapshot)
    instrument, mid = snapshot.instrument, _mid(snapshot)
    price = worst_price(intent, snapshot)
    reduces = intent.reduce_only or ZERO < leaves <= reducible
    if changed is not None and intent.spec == changed.spec and intent.qty <= changed.qty:
        reduces = True
    return Case(
        intent=intent,
        snapshot=snapshot,
        limits=limits,
        filled=filled,
        leaves=leaves,
        reducible=reducible,
        reduces=reduces,
        mid=mid,
        price=price,
        value_unit=_unit(instrument, price, snapshot.rate),
        mark_unit=_unit(instrument, mid if mid is not None else price, snapshot.rate),
        same_pending=same,
        other_pending=other,
    )


def result(
    case: Case,
    code: str,
    title: str,
    failed: bool,
    *,
    limit: str = "",
    now: str = "",
    after: str = "",
    message: str = "",
    warned: bool = False,
    largest: Decimal | None = None,
    fix: str = "",
    physical: bool = False,
    caps: bool = True,
) -> CheckResult:
    """Make a check's result.

    A limit never stops what only reduces: it warns then (U-6); so, failing, it allows what would reduce, unless the
    caller knows a larger quantity or the failure says nothing about larger ones (`caps`). Physical checks stop all.
    """
    if failed and not physical:
        largest = case.largest_reducing() if largest is None and caps else largest
        if case.reduces:
            failed, warned = False, True
    verdict = Verdict.FAIL if failed else Verdict.WARN if warned else Verdict.PASS
    if verdict is Verdict.PASS:
        message, fix = "", ""
    return CheckResult(
        code=code, title=title, verdict=verdict, limit=limit, now=now, after=after, message=message, largest=largest,
        fix=fix if failed else "",
    )  # fmt: skip


def worst_price(intent: OrderIntent, snapshot: RiskSnapshot) -> Decimal | None:
    """Return the price an order is valued at: its own limit or trigger, else the far side of the quote."""
    own = limit_price(intent.spec) or trigger_price(intent.spec)
    if own is not None:
        return own
    quote = snapshot.quote
    if quote is None:
        return None
    touch = quote.ask if intent.side is Side.BUY else quote.bid
    return Decimal(repr(touch)) if touch > 0 else None


def money(amount: Decimal, currency: str) -> str:
    """Return an amount for a person: `6,741.00 USDT`."""
    return f"{amount:,.2f} {currency}"


def percent(part: Decimal, whole: Decimal) -> str:
    """Return a share for a person: `6.7 %`."""
    return f"{part * _HUNDRED / whole:.1f} %" if whole > 0 else "–"


def quantity(case: Case, qty: Decimal) -> str:
    """Return a quantity with its unit."""
    instrument = case.snapshot.instrument
    return f"{plain(qty)} {instrument.base}" if instrument is not None else plain(qty)


def pending_qty(order: Order) -> Decimal:
    """Return what may still fill and add: nothing for orders that can only reduce."""
    return ZERO if order.intent.reduce_only else order.leaves_qty


def ceil_lot(instrument: Instrument, qty: Decimal) -> Decimal:
    """Return the smallest quantity on the lot grid that is not below `qty`."""
    return instrument.to_qty(qty, ROUND_CEILING)


def floor_lot(instrument: Instrument, qty: Decimal) -> Decimal:
    """Return the largest quantity on the lot grid that is not above `qty`."""
    return instrument.to_qty(qty, ROUND_FLOOR)


def _pending(intent: OrderIntent, snapshot: RiskSnapshot) -> tuple[Decimal, Decimal]:
    same = other = ZERO
    for order in snapshot.orders:
        if order.intent.instrument == intent.instrument:
            if order.intent.side is intent.side:
                same += pending_qty(order)
            else:
                other += pending_qty(order)
    return same, other


def _reducible(intent: OrderIntent, snapshot: RiskSnapshot) -> Decimal:
    parent = snapshot.parent
    if parent is not None:
        ended = parent.state.is_terminal
        return (parent.filled_qty if ended else parent.qty) if parent.side is not intent.side else ZERO
    against = -intent.side.sign * snapshot.held
    if against <= 0:
        return ZERO
    # Resting reduce-only exits end with the position; a market close already on its way does not leave room.
    taken = ZERO
    for order in snapshot.orders:
        if order.intent.instrument == intent.instrument and order.intent.side is intent.side:
            opens = not (order.intent.reduce_only or intent.reduce_only)
            if opens or isinstance(order.spec, Market):
                taken += order.leaves_qty
    return max(ZERO, against - taken)


def _mid(snapshot: RiskSnapshot) -> Decimal | None:
    quote = snapshot.quote
    if quote is None or not quote.bid > 0 or not quote.ask > 0:
        return None
    return (Decimal(repr(quote.bid)) + Decimal(repr(quote.ask))) / 2


def _unit(instrument: Instrument | None, price: Decimal | None, rate: Decimal | None) -> Decimal | None:
    if instrument is None or price is None or rate is None:
        return None
    return instrument.notional(ONE, price) * rate
