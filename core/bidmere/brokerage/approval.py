"""The gate's stamp: an order that did not pass the gate cannot be given to a venue (R-31).

`ApprovedOrder` and `ApprovedReplace` refuse to be made without the process's secret; only `risk` imports `issue_*`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from decimal import Decimal

from bidmere.errors import ContractViolation
from bidmere.model.orders import Order, OrderSpec

_KEY = secrets.token_bytes(32)


class ForgedApproval(ContractViolation):
    """Something tried to send an order that the gate never passed."""

    code = "E-FORGED"


def _mac(*parts: object) -> bytes:
    return hmac.new(_KEY, "\x1f".join(repr(part) for part in parts).encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class ApprovedOrder:
    """An order and the proof that the gate passed exactly this order in this process."""

    order: Order
    mac: bytes

    def __post_init__(self) -> None:
        if not hmac.compare_digest(self.mac, _order_mac(self.order)):
            raise ForgedApproval(f"Order {self.order.client_id} carries no approval of the gate and was not sent.")


@dataclass(frozen=True, slots=True)
class ApprovedReplace:
    """A change of a working order and the proof that the gate passed exactly this change."""

    order: Order
    qty: Decimal
    spec: OrderSpec
    mac: bytes

    def __post_init__(self) -> None:
        if not hmac.compare_digest(self.mac, _replace_mac(self.order, self.qty, self.spec)):
            raise ForgedApproval(f"A change of order {self.order.client_id} carries no approval and was not sent.")


def _order_mac(order: Order) -> bytes:
    return _mac("submit", order.client_id, order.intent, order.qty, order.spec)


def _replace_mac(order: Order, qty: Decimal, spec: OrderSpec) -> bytes:
    return _mac("replace", order.client_id, order.intent, qty, spec)


def issue_order(order: Order) -> ApprovedOrder:
    """Stamp an order; called by the gate alone."""
    return ApprovedOrder(order, _order_mac(order))


def issue_replace(order: Order, qty: Decimal, spec: OrderSpec) -> ApprovedReplace:
    """Stamp a change; called by the gate alone."""
    return ApprovedReplace(order, qty, spec, _replace_mac(order, qty, spec))
