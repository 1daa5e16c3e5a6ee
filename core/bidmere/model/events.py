"""What happened to an order or an account: the evidence that moves state (R-3), and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.orders import OrderSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """Root of the order events: which order, and when (ns UTC)."""

    client_id: str
    ts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderApproved(OrderEvent):
    """The gate passed it and the journal holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDenied(OrderEvent):
    """The gate refused it; `code` names the first failed check."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAwaitingConfirm(OrderEvent):
    """Policy asks a person first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDead(OrderEvent):
    """It will never be sent: not confirmed, not claimed, or a kill came first."""

    cause: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderClaimed(OrderEvent):
    """The sender took the one-shot claim; bytes may leave from now on (R-11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccepted(OrderEvent):
    """The venue has it (E1)."""

    venue_id: str
    ts_venue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected(OrderEvent):
    """The venue refused it with a code of its definitive list (E2), or proof of absence was found (E3)."""

    code: str
    reason: str
    raw: str = ""
    by: str = "venue"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTriggered(OrderEvent):
    """A conditional order was set off at the venue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled(OrderEvent):
    """An execution, accepted in every state (R-4)."""

    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested(OrderEvent):
    """A cancel left; a flag over the last proven state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRejected(OrderEvent):
    """The venue refused the cancel; the order itself is still as it was."""

    code: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCanceled(OrderEvent):
    """The venue's terminal report of a cancel; `cause` says on whose account."""

    cause: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired(OrderEvent):
    """Time-in-force ended it; never an error (U-8)."""

    cause: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceRequested(OrderEvent):
    """A change left; the order shows old and new until the venue answers."""

    qty: Decimal
    spec: OrderSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReplaced(OrderEvent):
    """The venue changed it."""

    qty: Decimal
    spec: OrderSpec
    venue_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceRejected(OrderEvent):
    """The venue refused the change; the order itself is still as it was."""

    code: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnknown(OrderEvent):
    """No answer in time: it may be at the venue. Reconciled, never re-sent (R-14)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuarantined(OrderEvent):
    """Evidence contradicts itself; the symbol is halted until a person decides."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResolved(OrderEvent):
    """A person decided that a quarantined order is over (E4): who, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPaid:
    """Funding or another periodic amount booked by the venue; negative is paid."""

    account: str
    instrument: InstrumentId
    amount: Decimal
    currency: str
    ts: int
    reason: str = "funding"
