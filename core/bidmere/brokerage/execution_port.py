"""How orders reach a venue and how its word comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from bidmere.brokerage.approval import ApprovedOrder, ApprovedReplace
from bidmere.model.events import FundingPaid, OrderEvent
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.market import Side
from bidmere.model.orders import OrderSpec, OrderState

ReportHandler = Callable[[OrderEvent | FundingPaid], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The venue has the order; `ts_venue` is its own time (ns), 0 when it does not tell."""

    venue_id: str
    ts_venue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The venue refused with a definitive code; `reason` is our sentence, `raw` its own words."""

    code: str
    reason: str
    raw: str = ""


Outcome = Accepted | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """An order as the venue tells it; `side` and `spec` are None where it does not tell."""

    client_id: str
    venue_id: str
    instrument: InstrumentId
    state: OrderState
    qty: Decimal
    filled_qty: Decimal
    avg_price: Decimal
    side: Side | None = None
    spec: OrderSpec | None = None


class ExecutionClient(Protocol):
    """One account at one venue.

    `submit`, `replace` and `cancel` return the venue's answer; they raise NotSent when provably nothing left, and
    OutcomeUnknown (or any time-out) when it may have. Reports (acceptance may also come here, fills, ends) go to the
    handler in the venue's order, on the engine's loop.
    """

    account: str

    def set_report_handler(self, handler: ReportHandler) -> None:
        """Set who hears the venue's reports; called once before any order."""

    async def submit(self, order: ApprovedOrder) -> Outcome:
        """Send a new order."""

    async def replace(self, change: ApprovedReplace) -> Outcome:
        """Send a change of quantity, price or trigger."""

    async def cancel(self, client_id: str, venue_id: str) -> Outcome:
        """Send a cancel; the end itself comes as a report (R-15)."""

    async def query(self, client_id: str) -> VenueOrder | None:
        """Ask for one order; None when the venue does not know it."""

    async def open_orders(self) -> Sequence[VenueOrder]:
        """Ask for all working orders."""

    async def fills_since(self, ts_ns: int) -> Sequence[Fill]:
        """Ask for fills at or after a time."""

    async def positions(self) -> Mapping[InstrumentId, Decimal]:
        """Ask for signed quantities; flat ones are left out."""

    async def balances(self) -> Mapping[str, Decimal]:
        """Ask for cash by currency."""
