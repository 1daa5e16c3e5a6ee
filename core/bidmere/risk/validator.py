"""The gate: the only place where an order becomes an approved one (R-31)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from bidmere.brokerage.approval import issue_order, issue_replace
from bidmere.model.orders import Order, OrderSpec
from bidmere.risk.case import Case, build_case
from bidmere.risk.checks import CHECKS
from bidmere.risk.decision import Approved, ApprovedChange, CheckResult, Denied, GateReport, Verdict
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot

QUANTITY_FLOORS: Final = frozenset({"L-LOT", "L-MIN-QTY", "L-MIN-NOTIONAL"})
"""Checks that another, often larger quantity satisfies: failing them does not mean that none passes."""


class RiskValidator:
    """Judge orders and changes by every check there is; there is no way around it."""

    def report(self, order: Order, snap: RiskSnapshot, limits: RiskLimits) -> GateReport:
        """Run every check on a new order, as its `qty` and `spec` stand."""
        return _report(build_case(order.intent, order.qty, order.spec, snap, limits))

    def report_replace(
        self, order: Order, qty: Decimal, spec: OrderSpec, snap: RiskSnapshot, limits: RiskLimits
    ) -> GateReport:
        """Run every check on a change of a working order; the order itself may be in `snap.working`."""
        others = tuple(other for other in snap.working if other.client_id != order.client_id)
        return _report(build_case(order.intent, qty, spec, replace(snap, working=others), limits, changed=order))

    def validate(self, order: Order, snap: RiskSnapshot, limits: RiskLimits) -> Approved | Denied:
        """Judge a new order; only a pass of every check is stamped."""
        report = self.report(order, snap, limits)
        if report.passed:
            return Approved(order=issue_order(order), report=report)
        return Denied(order=order, report=report)

    def validate_replace(
        self, order: Order, qty: Decimal, spec: OrderSpec, snap: RiskSnapshot, limits: RiskLimits
    ) -> ApprovedChange | Denied:
        """Judge a change of a working order (`qty` is the new total); only a pass of every check is stamped."""
        report = self.report_replace(order, qty, spec, snap, limits)
        if report.passed:
            return ApprovedChange(change=issue_replace(order, qty, spec), report=report)
        return Denied(order=order, report=report)


def _judge(case: Case) -> tuple[CheckResult, ...]:
    return tuple(check(case) for check in CHECKS)


def _report(case: Case) -> GateReport:
    checks = _judge(case)
    return GateReport(checks=checks, largest_qty=_largest(case, checks), ts=case.snap.now_ns)


def _largest(case: Case, checks: tuple[CheckResult, ...]) -> Decimal | None:
    """Return the largest quantity that all checks pass; it is judged once more when the one asked for fails."""
    failed = [check for check in checks if check.verdict is Verdict.FAIL]
    caps = [check.largest for check in checks if check.largest is not None]
    if case.instrument is None or not caps:
        return None
    if any(check.largest is None and check.code not in QUANTITY_FLOORS for check in failed):
        return None
    largest = case.instrument.to_qty(min(caps))
    if largest <= case.filled:
        return None
    if failed:
        again = build_case(case.intent, largest, case.spec, case.snap, case.limits, case.changed)
        if any(check.verdict is Verdict.FAIL for check in _judge(again)):
            return None
    return largest
