"""What the gate says: every check's result, the decision, and the what-if before it is asked (U-61, U-91)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bidmere.brokerage.approval import ApprovedOrder, ApprovedReplace
from bidmere.model.orders import Order

GATE_VERSION: Final = 1
"""Grows by one whenever a check is added, removed or judges differently; journalled with every approval."""


class Verdict(StrEnum):
    """What one check says: ✔, ⚠ or ✖."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check: `limit`, `now` and `after` are display texts with units, `message` one sentence.

    `largest` is the largest quantity this check alone would pass, None where quantity does not matter; `fix` a short
    offer such as "Round to 64,980.0", empty when there is none.
    """

    code: str
    title: str
    verdict: Verdict
    limit: str
    now: str
    after: str
    message: str = ""
    largest: Decimal | None = None
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """Every check in the order it ran; `largest_qty` is the largest quantity all of them pass.

    `largest_qty` is None when no quantity passes or when quantity does not decide.
    """

    checks: tuple[CheckResult, ...]
    largest_qty: Decimal | None
    ts: int
    gate_version: int = GATE_VERSION

    @property
    def passed(self) -> bool:
        """No check failed; an empty report passes nothing."""
        return bool(self.checks) and not any(check.verdict is Verdict.FAIL for check in self.checks)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The checks that refuse."""
        return tuple(check for check in self.checks if check.verdict is Verdict.FAIL)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """The checks that pass with a warning."""
        return tuple(check for check in self.checks if check.verdict is Verdict.WARN)

    @property
    def first_failure(self) -> CheckResult | None:
        """The check that names the denial, None when all pass."""
        return next(iter(self.failed), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The gate passed an order."""

    order: ApprovedOrder
    report: GateReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedChange:
    """The gate passed a change of a working order."""

    change: ApprovedReplace
    report: GateReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The gate refused; the first failed check gives the reason."""

    order: Order
    report: GateReport

    @property
    def code(self) -> str:
        """The stable code of the first failed check."""
        failure = self.report.first_failure
        return failure.code if failure is not None else "L-REPORT"

    @property
    def reason(self) -> str:
        """The sentence of the first failed check."""
        failure = self.report.first_failure
        return failure.message if failure is not None else "The gate gave no report, so nothing was sent."


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The what-if of an order, in `currency` (the account's) unless a field says otherwise.

    `fee_rate` and `slippage` are fractions of notional and of price; `fill_price` and `avg_after` are prices;
    `position_after` is a signed quantity; `loss_at_stop` includes fees and is negative for a loss; `_pct` is percent of
    equity; `residence` says where exits live ("venue" or "terminal"); `missing` names the inputs that were not there.
    """

    notional: Decimal | None
    currency: str
    fee: Decimal | None
    fee_kind: str
    fee_rate: Decimal
    fill_price: Decimal | None
    slippage: Decimal | None
    margin_change: Decimal | None
    buying_power_after: Decimal | None
    position_after: Decimal
    avg_after: Decimal
    loss_at_stop: Decimal | None
    loss_at_stop_pct: Decimal | None
    reward_at_target: Decimal | None
    day_loss_room: Decimal | None
    liquidation_price: Decimal | None
    residence: str
    missing: tuple[str, ...]
    report: GateReport
