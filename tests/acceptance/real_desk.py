"""Start the real desk on the real engine, act on it as a person does, and read what a person sees."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import qasync
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QDialog

from bidmere.settings.schema import DeskSettings
from bidmere.settings.store import SettingsStore
from bidmere_terminal.app import DeskApp
from bidmere_terminal.arguments import parse
from bidmere_terminal.bridge.engine_host import make_engine
from bidmere_terminal.crash import CrashReports
from bidmere_terminal.dump import window_state
from bidmere_terminal.script import Script

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0
SOURCES = os.pathsep.join(str(ROOT / name) for name in ("core", "brokers", "terminal", "resources"))


class Person:
    """Somebody in front of the window."""

    def __init__(self, app: DeskApp) -> None:
        self.app = app
        self._script = Script(app.window)

    async def does(self, *steps: str) -> None:
        """Carry out script steps: clicks, typing, palette lines."""
        for step in steps:
            await self._script.step(step)

    @property
    def sees(self) -> dict[str, Any]:
        """Everything visible."""
        return window_state(self.app.window)

    def panel(self, name: str) -> dict[str, Any]:
        """The values that a panel shows."""
        values: dict[str, Any] = self.sees["panels"][name]["values"]
        return values

    def texts(self, name: str) -> dict[str, str]:
        """The texts of a panel's visible controls by name."""
        widgets = self.sees["panels"][name]["widgets"]
        return {one["name"]: one.get("value", one.get("text", "")) for one in widgets if one["visible"]}

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of the orders panel, whatever its tab."""
        rows: list[dict[str, str]] = self.panel("orders")["orders"]
        return rows

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds; the limit is far beyond what any machine needs."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_S
        while not holds():
            if loop.time() > end:
                pytest.fail(f"it never came to this: {what}.\n{self.told()}")
            await asyncio.sleep(0.05)

    def told(self) -> str:
        """What the desk shows of orders, prices and troubles, for a failure's message."""
        sees, panels = self.sees, ("chart-1", "ticket", "orders", "positions")
        return "\n".join([*(f"{name}: {self.panel(name)}" for name in panels), f"notices: {sees['notices']}"])

    async def until_ready_to_send(self) -> None:
        """Wait until the ticket can be sent."""
        await self.until(lambda: self.panel("ticket")["submit_enabled"], "the ticket can be sent")

    def sees_no_dialog(self) -> bool:
        """Say that nothing stands in the way."""
        shown = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
        return QApplication.activeModalWidget() is None and not shown


Job = Callable[[Person], Coroutine[Any, Any, None]]


class RealDesk:
    """Start the desk as `python -m bidmere_terminal` does, run a job on it, and stop it again."""

    def __init__(self, app: QApplication, profile: Path) -> None:
        self.app = app
        self.profile = profile

    def run(self, job: Job, *arguments: str, expect: int = 0) -> None:
        """Run a job between start and end; what it raises, and any stray exception, fails the test."""
        given = ["--profile", str(self.profile), "--size", "1920x1080", "--seed", "1", *arguments]
        options = parse(given)
        stray: list[BaseException] = []
        crash = CrashReports(lambda _where, error: stray.append(error))
        loop = qasync.QEventLoop(self.app)
        loop.set_exception_handler(
            lambda _loop, context: stray.append(context.get("exception") or RuntimeError(str(context)))
        )

        async def whole() -> int:
            settings = SettingsStore(self.profile / "settings.json", DeskSettings())
            desk = DeskApp(options, self.profile, settings, crash, make_engine)
            running = asyncio.get_running_loop().create_task(desk.run(), name="desk")
            try:
                await desk.settled.wait()
                await job(Person(desk))
            finally:
                desk.window.close()
                code = await running
            return code

        with loop:
            code = loop.run_until_complete(whole())
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert not stray, stray
        assert code == expect


def started(*arguments: str, module: str = "bidmere", **settings: str) -> subprocess.Popen[str]:
    """Start a program of ours as a process of its own."""
    environment = os.environ | {"PYTHONPATH": SOURCES, "QT_QPA_PLATFORM": "offscreen"} | settings
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ran(*arguments: str, module: str = "bidmere") -> tuple[int, str, str]:
    """Run a program of ours to its end; return its exit code and what it wrote."""
    with started(*arguments, module=module) as process:
        out, err = process.communicate(timeout=90)
    return process.returncode, out, err


def state_of(profile: Path) -> dict[str, Any]:
    """Return what `positions --json` answers."""
    code, out, err = ran("positions", "--json", "--profile", str(profile), "--seed", "1")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def one_sentence(text: str) -> str:
    """Return a message that is a single line for people: no traceback, no usage block, a stop at its end."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    words = lines[0].removeprefix("bidmere: ").strip()
    assert words.endswith((".", "?")), words
    return words
