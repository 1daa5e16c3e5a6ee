"""An order's way from intent to venue, and everything that can stop it."""

from __future__ import annotations

from decimal import Decimal

from bidmere.model.orders import OrderState

D = Decimal


async def test_an_order_travels_gate_journal_claim_venue(desk) -> None:
    order = await desk.limit()
    assert order.state is OrderState.OPEN
    assert [one.client_id for one in desk.venue.submitted] == [order.client_id]
    desk.venue.fill(order.client_id, D("0.04"))
    assert desk.order(order.client_id).state is OrderState.PARTIAL
    desk.venue.fill(order.client_id, D("0.06"))
    assert desk.order(order.client_id).state is OrderState.FILLED
    assert desk.position() == D("0.1")
    assert desk.oms.accounts()[0].balance("USDT") == D(100_000) - D("0.1") * 65_000
    states = [event.order.state.value for event in desk.events if hasattr(event, "order")]
    assert states == ["approved", "pending-submit", "open", "partial", "filled"]
