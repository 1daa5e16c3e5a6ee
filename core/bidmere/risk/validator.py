"""The gate: the only place where an order becomes an approved one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bidmere.brokerage.approval import issue_order, issue_replace
from bidmere.model.money import ZERO
from bidmere.model.orders import Order, OrderSpec
from bidmere.risk.case import Case, build_case, floor_lot
from bidmere.risk.checks import CHECKS
from bidmere.risk.checks_order import least_qty
from bidmere.risk.decision import Approved, ApprovedChange, Denied, GateReport, Verdict
from bidmere.risk.limits import RiskLimits
from bidmere.risk.snapshot import RiskSnapshot

_FLOORS = frozenset({"L-QTY", "L-MIN-NOTIONAL"})
"""Checks that a larger quantity may satisfy: failing them does not mean that no quantity passes."""


class RiskValidator:
    """Judge orders and changes by every check there is; there is no way around it."""

    def validate(self, order: Order, snapshot: RiskSnapshot, limits: RiskLimits) -> Approved | Denied:
        """Judge a new order."""
        report = self.report(build_case(order.intent, snapshot, limits))
        if report.passed and order.qty == order.intent.qty and order.spec == order.intent.spec:
            return Approved(order=issue_order(order), report=report)
        return Denied(order=order, report=report)

    def validate_replace(
        self, order: Order, qty: Decimal, spec: OrderSpec, snapshot: RiskSnapshot, limits: RiskLimits
    ) -> ApprovedChange | Denied:
        """Judge a change of a working order; the snapshot must not count the order itself."""
        intent = replace(order.intent, qty=qty, spec=spec)
        report = self.report(build_case(intent, snapshot, limits, changed=order))
        if report.passed:
            return ApprovedChange(change=issue_replace(order, qty, spec), report=report)
        return Denied(order=order, report=report)

    def report(self, case: Case) -> GateReport:
        """Run every check and work out the largest quantity that all of them pass."""
        checks = tuple(check(case) for check in CHECKS)
        failed = [check for check in checks if check.verdict is Verdict.FAIL]
        blocked = any(check.largest is None and check.code not in _FLOORS for check in failed)
        caps = [check.largest for check in checks if check.largest is not None]
        largest = None if blocked or not caps else self._on_grid(case, min(caps))
        return GateReport(checks=checks, largest_qty=largest, ts=case.snapshot.now_ns)

    @staticmethod
    def _on_grid(case: Case, largest: Decimal) -> Decimal | None:
        instrument = case.snapshot.instrument
        if instrument is None:
            return None
        qty = floor_lot(instrument, max(largest, ZERO))
        least = instrument.lot
        if not case.intent.reduce_only and case.price is not None:
            reducing = qty - case.filled <= case.reducible
            least = max(instrument.lot, instrument.min_qty) if reducing else least_qty(instrument, case.price)
        return qty if qty >= least and qty > case.filled else None
