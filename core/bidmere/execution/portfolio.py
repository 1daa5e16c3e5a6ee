"""Accounts and positions as the fills make them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from bidmere.errors import InvalidInput
from bidmere.execution.ports import FindInstrument, MarksView
from bidmere.model.account import Account, Valuation, value_account
from bidmere.model.events import FundingPaid
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.money import ZERO
from bidmere.model.position import Position

DAY_NS = 86_400_000_000_000
FillKey = tuple[str, str, str, str]


class Portfolio:
    """Hold every account and position; each fill counts once, whatever channel and order it comes by (R-4)."""

    def __init__(self, instruments: FindInstrument, marks: MarksView) -> None:
        self._instruments = instruments
        self._marks = marks
        self.accounts: dict[str, Account] = {}
        self.positions: dict[tuple[str, InstrumentId], Position] = {}
        self.fills: dict[FillKey, Fill] = {}
        self.peaks: dict[str, Decimal] = {}

    def open(self, account: Account) -> None:
        """Add an account with its opening cash."""
        self.accounts[account.id] = account

    def account(self, account: str) -> Account:
        """Return an account. Raises InvalidInput."""
        try:
            return self.accounts[account]
        except KeyError:
            known = ", ".join(self.accounts) or "none"
            raise InvalidInput(f"There is no account {account!r}; known: {known}.") from None

    def knows(self, fill: Fill) -> bool:
        """Say whether a fill was booked already."""
        return fill.key in self.fills

    def book(self, fill: Fill) -> Position | None:
        """Book a fill and return the position after it; None when the instrument is not known here."""
        instrument = self._instruments(fill.instrument)
        self.fills[fill.key] = fill
        if instrument is None or fill.account not in self.accounts:
            return None
        key = (fill.account, fill.instrument)
        before = self.positions.get(key) or Position(instrument=instrument, account=fill.account)
        after = before.apply(fill)
        self.positions[key] = after
        account = self.accounts[fill.account]
        self.accounts[fill.account] = account.booked(fill, instrument, after.realised - before.realised)
        return after

    def fund(self, paid: FundingPaid) -> None:
        """Book funding or another periodic amount."""
        account = self.accounts.get(paid.account)
        if account is not None:
            self.accounts[paid.account] = account.credited(paid.currency, paid.amount)

    def position(self, account: str, instrument: InstrumentId) -> Position | None:
        """Return a position, None where nothing was ever held."""
        return self.positions.get((account, instrument))

    def held(self, account: str, instrument: InstrumentId) -> Decimal:
        """Return the signed quantity held."""
        position = self.positions.get((account, instrument))
        return position.qty if position is not None else ZERO

    def positions_of(self, account: str) -> Iterable[Position]:
        """Yield an account's positions, flat ones too."""
        return (position for (owner, _), position in self.positions.items() if owner == account)

    def valuation(self, account: str) -> Valuation:
        """Return an account's value now, and remember the highest. Raises InvalidInput."""
        owner = self.account(account)
        value = value_account(owner, self.positions_of(account), self._marks.mark, self._marks.rate)
        if not value.missing and value.equity > self.peaks.get(account, ZERO):
            self.peaks[account] = value.equity
        return value

    def start_day(self, account: str, ts: int, equity: Decimal) -> None:
        """Set the equity that the day's loss is counted from."""
        owner = self.account(account)
        self.accounts[account] = replace(owner, day_start_ns=ts // DAY_NS * DAY_NS, day_start_equity=equity)
