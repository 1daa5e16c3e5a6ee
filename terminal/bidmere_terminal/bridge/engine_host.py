"""Where the engine lives: its own asyncio loop in its own thread, or the GUI's loop (Q-1)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib
import inspect
import logging
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar, cast

from bidmere.desk.api import DeskApi
from bidmere.desk.feed import DeskFeed
from bidmere.engine.config import EngineConfig
from bidmere.errors import BidmereError
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.money import use_money_context

log = logging.getLogger(__name__)

T = TypeVar("T")
BEAT_S = 0.2
SWITCH_INTERVAL_S = 0.0005
STOP_LIMIT_S = 15.0


class EngineLike(Protocol):
    """What the host needs of an engine."""

    @property
    def desk(self) -> DeskApi: ...
    @property
    def feed(self) -> DeskFeed: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


MakeEngine = Callable[[EngineConfig], EngineLike]


def make_engine(config: EngineConfig) -> EngineLike:
    """Import the engine and make one; the import is heavy, so it happens on the engine's thread."""
    module = importlib.import_module("bidmere.engine.engine")
    return cast("EngineLike", module.Engine(config))


class EngineHost:
    """Start, reach and stop one engine. `threaded` puts it on a loop and thread of its own, shown to `watch`."""

    def __init__(
        self,
        config: EngineConfig,
        make: MakeEngine = make_engine,
        *,
        threaded: bool = True,
        watch: Callable[[asyncio.AbstractEventLoop], None] | None = None,
    ) -> None:
        self.config = config
        self.threaded = threaded
        self.engine: EngineLike | None = None
        self.thread: threading.Thread | None = None
        self._make = make
        self._watch = watch
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._beat_at = time.perf_counter()
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._tasks = TaskOwner("engine-host")

    @property
    def running(self) -> bool:
        """The engine has started and was not stopped."""
        return self.engine is not None

    @property
    def beat_age_s(self) -> float:
        """Seconds since the engine's loop last turned."""
        return time.perf_counter() - self._beat_at

    async def start(self) -> None:
        """Start the engine; raises what its start raises, and then nothing is left running."""
        if self.threaded:
            sys.setswitchinterval(SWITCH_INTERVAL_S)
            ready: concurrent.futures.Future[None] = concurrent.futures.Future()
            self.thread = threading.Thread(target=self._run_thread, args=(ready,), name="engine", daemon=True)
            self.thread.start()
            await asyncio.wrap_future(ready)
            return
        self._loop = asyncio.get_running_loop()
        engine = self._make(self.config)
        await engine.start()
        self.engine = engine
        self._tasks.spawn(self._beat(), "beat")

    async def call(self, ask: Callable[[DeskApi], Awaitable[T] | T]) -> T:
        """Run `ask(desk)` on the engine's loop. Raises BidmereError when there is no engine."""
        engine, loop = self.engine, self._loop
        if engine is None or loop is None:
            raise BidmereError("The engine is not running: wait until it has started, or press Retry.")
        if loop is asyncio.get_running_loop():
            return await _ask(ask, engine.desk)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_ask(ask, engine.desk), loop))

    async def stop(self) -> None:
        """Stop the engine and its thread; gives up after 15 s, which the journal survives."""
        engine, self.engine = self.engine, None
        if not self.threaded:
            await self._tasks.close()
            if engine is not None:
                await asyncio.wait_for(engine.stop(), STOP_LIMIT_S)
            return
        loop, ending, thread = self._loop, self._ending, self.thread
        if thread is None or not thread.is_alive():
            return
        if loop is not None and ending is not None:
            loop.call_soon_threadsafe(ending.set)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await asyncio.wrap_future(self._ended)
        except TimeoutError:
            log.error("The engine did not stop within %.0f s; the program ends without it.", STOP_LIMIT_S)
            return
        thread.join(1.0)

    def _run_thread(self, ready: concurrent.futures.Future[None]) -> None:
        use_money_context()
        try:
            with asyncio.Runner() as runner:
                runner.run(self._live(ready))
        finally:
            self._ended.set_result(None)

    async def _live(self, ready: concurrent.futures.Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        if self._watch is not None:
            self._watch(self._loop)
        try:
            engine = self._make(self.config)
            await engine.start()
        except Exception as error:  # noqa: BLE001 - handed to whoever called start()
            ready.set_exception(error)
            return
        self.engine = engine
        beat = self._tasks.spawn(self._beat(), "beat")
        ready.set_result(None)
        try:
            await self._ending.wait()
        finally:
            beat.cancel()
            await engine.stop()

    async def _beat(self) -> None:
        while True:
            self._beat_at = time.perf_counter()
            await asyncio.sleep(BEAT_S)


def _ask(ask: Callable[[DeskApi], Awaitable[T] | T], desk: DeskApi) -> Coroutine[Any, Any, T]:
    async def run() -> T:
        answer = ask(desk)
        if inspect.isawaitable(answer):
            return await cast("Awaitable[T]", answer)
        return answer

    return run()
