"""A kill waits for nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.engine.sim_desk import ACCOUNT, SimDesk

from bidmere.model.timeframe import Timeframe


async def test_r61_the_kill_is_up_before_any_strategy_has_cancelled(tmp_path: Path) -> None:
    sim = SimDesk(tmp_path / "profile", 1)
    await sim.start()
    instrument = sim.desk.instruments()[0].id
    await sim.during(sim.desk.start_strategy("sma_cross", instrument, Timeframe.parse("1s"), ACCOUNT))
    runner: Any = sim.engine._parts.runner  # type: ignore[union-attr]
    stop_run, slow = runner.stop_run, asyncio.Event()

    async def slowly(run_id: str) -> Any:
        await slow.wait()
        return await stop_run(run_id)

    runner.stop_run = slowly
    killing = asyncio.ensure_future(sim.desk.kill(1, source="hotkey:kill", reason="test"))
    await sim.turn()
    assert sim.desk.health().kill_level == 1
    assert [run.state for run in sim.desk.strategy_runs()] == ["stopped"]
    slow.set()
    await sim.during(killing)
    await sim.stop()
