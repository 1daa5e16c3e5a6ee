"""Every error Bidmere raises on purpose, grouped by what the program does about it.

    BidmereError                 one sentence for the user: what, why, what to do
    ├─ InvalidInput              the user's words or file are wrong; nothing happened; say so and go on
    │  ├─ UnknownInstrument      no such symbol here; suggestions included
    │  └─ UnreadableData         a data file cannot be used
    ├─ StorageError              the disk refused; new orders stop, what is known is kept
    │  ├─ DiskFull               no room; the gate closes until there is
    │  ├─ JournalCorrupt         the journal fails its own check; it is opened read-only
    │  └─ ProfileLocked          another Bidmere holds this profile
    ├─ VenueError                a venue or its connection failed
    │  ├─ NotSent                proof that no byte of the request left
    │  └─ OutcomeUnknown         the request may have taken effect: never retried, reconciled (R-3)
    └─ ContractViolation         a bug of ours or of a plug-in: reported, orders stop

A denial by the gate is a value (`risk.decision.Denied`), never an exception.
"""

from __future__ import annotations

from typing import ClassVar


class BidmereError(Exception):
    """Root of the tree; `code` is stable and goes into logs, reports and JSON."""

    code: ClassVar[str] = "E-GENERAL"


class InvalidInput(BidmereError, ValueError):
    """Refuse what the user gave, and go on unchanged."""

    code = "E-INPUT"


class UnknownInstrument(InvalidInput):
    """Refuse a symbol that no connected venue knows."""

    code = "E-INSTRUMENT"


class UnreadableData(InvalidInput):
    """Refuse a data file that cannot be read as what it claims to be."""

    code = "E-DATA"


class StorageError(BidmereError):
    """Stop new orders: something could not be written down."""

    code = "E-STORAGE"


class DiskFull(StorageError):
    """Stop new orders until there is room."""

    code = "E-DISK"


class JournalCorrupt(StorageError):
    """Open the journal read-only and stop new orders."""

    code = "E-JOURNAL"


class ProfileLocked(StorageError):
    """Leave the profile to the process that holds it."""

    code = "E-LOCKED"


class VenueError(BidmereError):
    """Report the venue and let its reconnect policy act."""

    code = "E-VENUE"


class NotSent(VenueError):
    """Treat the order as refused: no byte left this machine."""

    code = "E-NOT-SENT"


class OutcomeUnknown(VenueError):
    """Mark the order UNKNOWN and reconcile it; never send it again."""

    code = "E-UNKNOWN"


class ContractViolation(BidmereError):
    """Report a bug; a transition, a port or a plug-in broke its contract."""

    code = "E-CONTRACT"
