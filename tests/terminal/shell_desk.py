"""Start the real window on a fake desk, run a job on it, and stop it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import qasync
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from shell_fakes import FakeEngine

from bidmere.settings.schema import DeskSettings
from bidmere.settings.store import SettingsStore
from bidmere_terminal.app import DeskApp
from bidmere_terminal.arguments import parse
from bidmere_terminal.crash import CrashReports

Until = Callable[[Callable[[], bool]], Coroutine[Any, Any, None]]
Job = Callable[[DeskApp], Coroutine[Any, Any, None]]


class Desk:
    """Start a desk in `profile`, run a job on it, and stop it again; `engine` is the fake of the last run."""

    def __init__(self, app: QApplication, profile: Path) -> None:
        self.app = app
        self.profile = profile
        self.engine: FakeEngine | None = None
        self.fail: Exception | None = None
        self.prepare: Callable[[FakeEngine], None] = lambda _engine: None

    def make(self, config: object) -> FakeEngine:
        self.engine = FakeEngine(config)
        self.engine.fail = self.fail
        self.prepare(self.engine)
        return self.engine

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        assert self.engine is not None
        return list(self.engine.desk.calls)

    def run(self, job: Job, *arguments: str, expect: int = 0) -> None:
        """Run a job between start and end; what it raises fails the test."""
        options = parse(["--profile", str(self.profile), "--size", "1600x900", *arguments])
        crash = CrashReports(lambda where, error: raised.append(error))
        raised: list[BaseException] = []
        loop = qasync.QEventLoop(self.app)
        loop.set_exception_handler(lambda _loop, context: raised.append(context.get("exception") or RuntimeError()))

        async def whole() -> int:
            settings = SettingsStore(self.profile / "settings.json", DeskSettings())
            desk = DeskApp(options, self.profile, settings, crash, self.make)
            running = asyncio.get_running_loop().create_task(desk.run(), name="desk")
            try:
                await desk.settled.wait()
                await job(desk)
            finally:
                desk.window.close()
                code = await running
            return code

        with loop:
            code = loop.run_until_complete(whole())
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert not raised, raised
        assert code == expect
