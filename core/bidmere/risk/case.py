"""One intent against one snapshot: the values that several checks need, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from bidmere.model.instrument import Instrument
from bidmere.model.market import Side
from bidmere.model.money import ONE, ZERO
from bidmere.model.orders import Limit, Market, Order, OrderIntent, OrderSpec, TimeInForce, limit_price, trigger_price
from bidmere.risk.decision import CheckResult, Verdict
from bidmere.risk.figures import NOTHING, floor_to
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot, is_exit

_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An intent, the quantity and spec asked for now, and what follows from the snapshot.

    `filled` is what a changed order has filled already, `leaves` what would still work. `reducible` is the most that
    `leaves` may be and still only reduce; `reduces` says that this is such an order (class R: no limit stops it, U-6).
    `mid` is the middle of the market, `price` the worst price the order may trade at; `value_unit` and `mark_unit` are
    what one unit of quantity is worth at `price` and at `mid`, in the account's currency. None is unknown.
    `same_pending` and `other_pending` are what may still fill and add on the intent's side and on the other;
    `other_value` and `other_margin` are the worth and margin of everything on other instruments.
    """

    intent: OrderIntent
    qty: Decimal
    spec: OrderSpec
    snap: RiskSnapshot
    limits: RiskLimits
    instrument: Instrument | None
    changed: Order | None
    filled: Decimal
    leaves: Decimal
    reducible: Decimal
    reduces: bool
    equity: Decimal | None
    mid: Decimal | None
    price: Decimal | None
    value_unit: Decimal | None
    mark_unit: Decimal | None
    same_pending: Decimal
    other_pending: Decimal
    other_value: Decimal
    other_margin: Decimal

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return self.intent.side.sign

    @property
    def currency(self) -> str:
        """The account's currency, empty when the account is unknown."""
        return self.snap.account.currency if self.snap.account is not None else ""

    @property
    def trades_now(self) -> bool:
        """The order takes what is there at once: a market order, or a limit that does not stay."""
        return isinstance(self.spec, Market) or (
            isinstance(self.spec, Limit) and self.intent.tif in (TimeInForce.IOC, TimeInForce.FOK)
        )

    def after(self, leaves: Decimal) -> Decimal:
        """Return the position towards the intent's side when all that is pending there fills too."""
        return self.sign * self.snap.held + self.same_pending + leaves

    def worst(self, leaves: Decimal) -> Decimal:
        """Return the largest absolute position that pending orders and this one could make."""
        other_way = abs(self.sign * self.snap.held - self.other_pending)
        return max(abs(self.snap.held), abs(self.after(leaves)), other_way)

    def largest_passing(self, passes: Callable[[Decimal], bool], estimate: Decimal) -> Decimal:
        """Return the largest total quantity on the lot grid; `passes` takes leaves, `estimate` is within a few lots.

        What only reduces always passes.
        """
        if self.instrument is None:
            return ZERO
        lot, floor = self.instrument.lot, self.instrument.to_qty(self.reducible)
        leaves = max(floor_to(lot, estimate), floor)
        for _ in range(_STEPS):
            if leaves <= floor or passes(leaves):
                break
            leaves -= lot
        if leaves > floor and not passes(leaves):
            leaves = floor
        for _ in range(_STEPS):
            if not passes(leaves + lot):
                break
            leaves += lot
        return self.filled + max(leaves, floor)

    def largest_reducing(self) -> Decimal | None:
        """Return the largest total quantity that would only reduce, None when there is none."""
        room = self.instrument.to_qty(self.reducible) if self.instrument is not None else ZERO
        return self.filled + room if room else None


def build_case(
    intent: OrderIntent,
    qty: Decimal,
    spec: OrderSpec,
    snap: RiskSnapshot,
    limits: RiskLimits,
    changed: Order | None = None,
) -> Case:
    """Work the case out; `changed` is the working order when a change is judged (`snap.working` is without it)."""
    filled = changed.filled_qty if changed is not None else ZERO
    leaves = qty - filled
    instrument = snap.instrument if snap.instrument is not None and snap.instrument.id == intent.instrument else None
    same, other = _pending(intent, snap)
    reducible = _reducible(intent, spec, snap)
    mid, prices = _mid(snap), _prices(intent.side, spec, snap)
    units = [unit for price in prices if (unit := _unit(instrument, price, snap.rate)) is not None]
    mark_unit = _unit(instrument, mid if mid is not None else (prices[0] if prices else None), snap.rate)
    shrinks = changed is not None and spec == changed.spec and qty <= changed.qty
    others = _others(snap, instrument, mark_unit)
    return Case(
        intent=intent,
        qty=qty,
        spec=spec,
        snap=snap,
        limits=limits,
        instrument=instrument,
        changed=changed,
        filled=filled,
        leaves=leaves,
        reducible=reducible,
        reduces=intent.reduce_only or ZERO < leaves <= reducible or shrinks,
        equity=snap.equity,
        mid=mid,
        price=prices[0] if prices else None,
        value_unit=max(units, default=None),
        mark_unit=mark_unit,
        same_pending=same,
        other_pending=other,
        other_value=others[0],
        other_margin=others[1],
    )


def result(
    case: Case,
    code: str,
    title: str,
    failed: bool,
    *,
    limit: str = NOTHING,
    now: str = NOTHING,
    after: str = NOTHING,
    message: str = "",
    warned: bool = False,
    largest: Decimal | None = None,
    fix: str = "",
    physical: bool = False,
    caps: bool = True,
) -> CheckResult:
    """Make a check's result.

    No limit stops what only reduces: it warns then (U-6), and, failing, still allows the quantity that would reduce,
    unless the caller knows a larger one or the failure says nothing about larger ones (`caps`). Physical checks stop
    every order.
    """
    if failed and not physical:
        if largest is None and caps:
            largest = case.largest_reducing()
            fix = fix or (f"Use {largest:f}" if largest else "")
        if case.reduces:
            failed, warned = False, True
    verdict = Verdict.FAIL if failed else Verdict.WARN if warned else Verdict.PASS
    return CheckResult(
        code=code,
        title=title,
        verdict=verdict,
        limit=limit,
        now=now,
        after=after,
        message=message if verdict is not Verdict.PASS else "",
        largest=largest,
        fix=fix if failed else "",
    )


def touch_price(side: Side, snap: RiskSnapshot) -> Decimal | None:
    """Return the best price of the other side of the market, None when nobody is there."""
    quote = snap.quote
    if quote is None:
        return None
    touch = quote.ask if side is Side.BUY else quote.bid
    return Decimal(repr(touch)) if touch > 0 else None


def crosses_now(side: Side, spec: OrderSpec, snap: RiskSnapshot) -> bool:
    """Say whether a plain limit order meets the other side of the market as it stands."""
    touch = touch_price(side, snap)
    return isinstance(spec, Limit) and touch is not None and side.sign * (spec.price - touch) >= 0


def _prices(side: Side, spec: OrderSpec, snap: RiskSnapshot) -> list[Decimal]:
    """Return the prices it may trade at: its own first; the market's too when it would trade at once."""
    own, touch = limit_price(spec) or trigger_price(spec), touch_price(side, snap)
    if own is None or own <= 0:
        return [touch] if touch is not None else []
    return [own, touch] if touch is not None and crosses_now(side, spec, snap) else [own]


def _pending(intent: OrderIntent, snap: RiskSnapshot) -> tuple[Decimal, Decimal]:
    same = other = ZERO
    for order in snap.working:
        if order.instrument != intent.instrument or is_exit(order):
            continue
        if order.side is intent.side:
            same += order.leaves_qty
        else:
            other += order.leaves_qty
    return same, other


def _reducible(intent: OrderIntent, spec: OrderSpec, snap: RiskSnapshot) -> Decimal:
    parent = snap.parent
    if parent is not None and intent.parent == parent.client_id and parent.instrument == intent.instrument:
        entry = parent.filled_qty if parent.state.is_terminal else parent.qty
        return entry if parent.side is not intent.side else ZERO
    against = -intent.side.sign * snap.held
    if against <= 0:
        return ZERO
    # Resting exits end with the position and leave room; what is on its way to trade now does not (U-7).
    taken = ZERO
    for order in snap.working:
        if order.instrument == intent.instrument and order.side is intent.side:
            closing_now = intent.reduce_only and isinstance(spec, Market) and isinstance(order.spec, Market)
            if closing_now or (not intent.reduce_only and (not is_exit(order) or isinstance(order.spec, Market))):
                taken += order.leaves_qty
    return max(ZERO, against - taken)


def _mid(snap: RiskSnapshot) -> Decimal | None:
    bid, ask = touch_price(Side.SELL, snap), touch_price(Side.BUY, snap)
    return (bid + ask) / 2 if bid is not None and ask is not None else None


def _unit(instrument: Instrument | None, price: Decimal | None, rate: Decimal | None) -> Decimal | None:
    if instrument is None or price is None or rate is None:
        return None
    return instrument.notional(ONE, price) * rate


def _others(snap: RiskSnapshot, instrument: Instrument | None, mark_unit: Decimal | None) -> tuple[Decimal, Decimal]:
    value, margin = snap.other_pending_value, snap.other_pending_margin
    if snap.valuation is None:
        return value, margin
    here = abs(snap.held) * mark_unit if mark_unit is not None else ZERO
    here_margin = here * instrument.margin_initial if instrument is not None else ZERO
    value += max(ZERO, snap.valuation.gross_exposure - here)
    return value, margin + max(ZERO, snap.valuation.margin_used - here_margin)
