"""Accounts: balances in several currencies, valued with stated rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Self

from bidmere.model.fills import Fill
from bidmere.model.instrument import Instrument
from bidmere.model.money import ZERO
from bidmere.model.position import Position

Rate = Callable[[str, str], Decimal | None]
"""(from, to) → how many `to` one `from` is worth; None when no rate is known (never 0, U-57)."""

Mark = Callable[[Instrument], Decimal | None]
"""The price an instrument is valued at; None when none has been seen."""


class AccountMode(StrEnum):
    """An account is one or the other for ever (U-4)."""

    PAPER = "paper"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Hold cash by currency; balances may be negative in one currency (margin), value counts in `currency`."""

    id: str
    name: str
    venue: str
    mode: AccountMode
    currency: str
    balances: tuple[tuple[str, Decimal], ...] = ()
    day_start_ns: int = 0
    day_start_equity: Decimal = ZERO

    def balance(self, currency: str) -> Decimal:
        """Return the cash in one currency, 0 when there is none."""
        return dict(self.balances).get(currency, ZERO)

    def credited(self, currency: str, amount: Decimal) -> Self:
        """Return the account with an amount added (negative: taken)."""
        cash = dict(self.balances)
        cash[currency] = cash.get(currency, ZERO) + amount
        return replace(self, balances=tuple(sorted((name, value) for name, value in cash.items() if value)))

    def booked(self, fill: Fill, instrument: Instrument, realised: Decimal) -> Self:
        """Return the account after a fill: price paid for cash instruments, `realised` for the others; fee always."""
        if instrument.is_cash:
            paid = instrument.notional(fill.qty, fill.price) * fill.side.sign
            changed = self.credited(instrument.settle, -paid)
        else:
            changed = self.credited(instrument.settle, realised)
        return changed.credited(fill.fee_currency, -fill.fee) if fill.fee else changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """An account's value in its own currency; `missing` names what could not be valued (then it is not counted)."""

    currency: str
    equity: Decimal
    cash: Decimal
    positions_value: Decimal
    unrealised: Decimal
    realised: Decimal
    gross_exposure: Decimal
    net_exposure: Decimal
    margin_used: Decimal
    buying_power: Decimal
    leverage: Decimal
    missing: tuple[str, ...] = ()


def value_account(account: Account, positions: Iterable[Position], mark: Mark, rate: Rate) -> Valuation:
    """Value cash and positions in the account's currency with the given marks and rates."""
    missing: list[str] = []

    def convert(amount: Decimal, currency: str) -> Decimal:
        if not amount or currency == account.currency:
            return amount
        factor = rate(currency, account.currency)
        if factor is None:
            missing.append(f"{currency}/{account.currency}")
            return ZERO
        return amount * factor

    cash = sum((convert(amount, currency) for currency, amount in account.balances), ZERO)
    value = unrealised = realised = gross = net = margin = ZERO
    for position in positions:
        instrument = position.instrument
        realised += convert(position.realised, instrument.settle)
        if position.is_flat:
            continue
        price = mark(instrument)
        if price is None:
            missing.append(str(instrument.id))
            price = position.avg_price
        signed = convert(position.notional(price), instrument.settle)
        open_pnl = convert(position.unrealised(price), instrument.settle)
        unrealised += open_pnl
        value += signed if instrument.is_cash else open_pnl
        gross += abs(signed)
        net += signed
        margin += abs(signed) * instrument.margin_initial
    equity = cash + value
    return Valuation(
        currency=account.currency,
        equity=equity,
        cash=cash,
        positions_value=value,
        unrealised=unrealised,
        realised=realised,
        gross_exposure=gross,
        net_exposure=net,
        margin_used=margin,
        buying_power=max(ZERO, equity - margin),
        leverage=gross / equity if equity > 0 else ZERO,
        missing=tuple(dict.fromkeys(missing)),
    )


def rates_from_marks(marks: Mapping[tuple[str, str], Decimal], pegs: Mapping[str, str]) -> Rate:
    """Build a Rate from (base, quote) prices, their inverses, one hop through USD, and pegs counted one to one."""

    def direct(source: str, target: str) -> Decimal | None:
        if source == target:
            return Decimal(1)
        if (source, target) in marks:
            return marks[source, target]
        if marks.get((target, source)):
            return 1 / marks[target, source]
        return None

    def rate(source: str, target: str) -> Decimal | None:
        source, target = pegs.get(source, source), pegs.get(target, target)
        found = direct(source, target)
        if found is not None:
            return found
        first, second = direct(source, "USD"), direct("USD", target)
        return first * second if first is not None and second is not None else None

    return rate
