"""An engine for the length of one command."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from bidmere.engine.config import EngineConfig, Mode
from bidmere.engine.engine import Engine


def run_async(job: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a command's coroutine; a first Ctrl+C or SIGTERM ends it in order."""
    logging.getLogger().setLevel(logging.INFO)

    async def main() -> int:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        with suppress(NotImplementedError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, task.cancel if task is not None else lambda: None)
        return await job()

    return asyncio.run(main())


@asynccontextmanager
async def engine_for(config: EngineConfig) -> AsyncIterator[Engine]:
    """Start an engine, give it, and stop it whatever happens."""
    engine = Engine(config)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


def sim_config(arguments: argparse.Namespace) -> EngineConfig:
    """Return the configuration of the simulated venue on the named profile."""
    return EngineConfig(profile_dir=arguments.profile, mode=Mode.SIM, seed=arguments.seed)

