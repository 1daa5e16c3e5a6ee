"""Every simulated instrument can be traded from a fresh account under the usual limits."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bidmere.engine.config import EngineConfig
from bidmere.engine.engine import Engine
from bidmere.model.market import Side
from bidmere.model.orders import Market, OrderIntent, OrderState


async def test_the_smallest_order_of_every_instrument_passes_the_gate_and_fills(tmp_path: Path) -> None:
    engine = Engine(EngineConfig(profile_dir=tmp_path, seed=5, updates_per_s=10.0))
    await engine.start()
    try:
        desk = engine.desk
        instruments = desk.instruments()
        await desk.watch([one.id for one in instruments])
        for instrument in instruments:
            for _ in range(200):
                quote = desk.quote(instrument.id)
                if quote is not None:
                    break
                await asyncio.sleep(0.02)
            assert quote is not None
            least = max(instrument.lot, instrument.min_qty)
            value = instrument.notional(least, instrument.to_price(quote.ask))
            qty = least if not instrument.min_notional else instrument.to_qty(
                least * max(1, 2 * instrument.min_notional / value)
            )
            intent = OrderIntent(
                instrument=instrument.id, side=Side.BUY, qty=max(qty, least), spec=Market(), account="Paper-1",
                source="api",
            )  # fmt: skip
            report = desk.preview(intent).report
            assert report.passed, (instrument.id, [check.message for check in report.failed])
        es = desk.resolve("ES").id
        result = await desk.submit(
            OrderIntent(
                instrument=es, side=Side.BUY, qty=desk.resolve("ES").lot, spec=Market(), account="Paper-1", source="api"
            )
        )
        assert result.order.state in (OrderState.PENDING_SUBMIT, OrderState.OPEN, OrderState.FILLED)
        for _ in range(100):
            if next(one for one in desk.orders() if one.client_id == result.order.client_id).state.is_terminal:
                break
            await asyncio.sleep(0.02)
        assert desk.positions()[0].qty == 1
    finally:
        await engine.stop()
