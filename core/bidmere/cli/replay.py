"""`replay`: recorded data through the whole engine, headless and reproducible."""

from __future__ import annotations

import argparse

from bidmere.cli.output import show
from bidmere.cli.session import engine_for, run_async
from bidmere.cli.trade import start_strategy, summarise, summary_text
from bidmere.desk.api import ReplayState
from bidmere.engine.config import EngineConfig, Mode
from bidmere.model.timeframe import Timeframe

MINUTE = Timeframe(1, "m")


def run(arguments: argparse.Namespace) -> int:
    """Play to the end and print the account, the orders and the journal's hash."""
    if arguments.timeframe is not None:
        Timeframe.parse(arguments.timeframe)
    config = EngineConfig(
        profile_dir=arguments.profile,
        mode=Mode.REPLAY,
        seed=arguments.seed,
        data=tuple(arguments.data),
        symbol=arguments.symbol,
        tz=arguments.tz,
        speed=arguments.speed,
        start_paused=True,
    )

    async def job() -> int:
        async with engine_for(config) as engine:
            desk = engine.desk
            account = desk.accounts()[0].id
            arguments.symbol = str(desk.instruments()[0].id)
            await desk.watch([desk.instruments()[0].id])
            arguments.timeframe = arguments.timeframe or _usual_timeframe(desk.replay())
            if arguments.strategy:
                await start_strategy(desk, arguments, account)
            await desk.replay_control("play")
            await engine.replay_finished()
            state = desk.replay()
            assert state is not None
            summary = summarise(desk, account) | {"replay": state, "journal_hash": await engine.journal_hash()}
        show(summary, f"{_replayed(state)}\n{summary_text(summary)}", as_json=arguments.json)
        return 0

    return run_async(job)


def _usual_timeframe(state: ReplayState | None) -> str:
    """Return the bars a strategy sees when nobody says: those that were recorded, or minutes of what is finer."""
    recorded = state.timeframe if state is not None else None
    return str(recorded) if recorded is not None and recorded.ns > MINUTE.ns else str(MINUTE)


def _replayed(state: ReplayState) -> str:
    hours = (state.position_ns - state.start_ns) / 3.6e12
    return f"Replayed {state.symbol}: {hours:,.1f} hours of data."
