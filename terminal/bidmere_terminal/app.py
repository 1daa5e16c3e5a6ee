"""Start and end of the desk: application, theme, window first, then the engine; pictures and scripts on request."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import traceback
from pathlib import Path

import qasync
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from bidmere.engine.config import EngineConfig, Mode
from bidmere.errors import BidmereError, ProfileLocked
from bidmere.kernel.clock import LiveClock
from bidmere.kernel.tasks import TaskOwner
from bidmere.model.money import use_money_context
from bidmere.settings.paths import default_profile, open_profile
from bidmere.settings.schema import DeskSettings
from bidmere.settings.store import SettingsStore
from bidmere_terminal import script
from bidmere_terminal.arguments import parse
from bidmere_terminal.bridge.bridge import Bridge
from bidmere_terminal.bridge.desk_model import DeskModel
from bidmere_terminal.bridge.engine_host import STOP_LIMIT_S, EngineHost, MakeEngine, make_engine
from bidmere_terminal.crash import CrashReports, culprit
from bidmere_terminal.dump import write_dump, write_picture
from bidmere_terminal.notices import Notices
from bidmere_terminal.theme.apply import apply_theme
from bidmere_terminal.theme.tokens import THEMES
from bidmere_terminal.window.main_window import MainWindow, WindowParts
from bidmere_terminal.window.slot import PanelSlot

log = logging.getLogger(__name__)

EXIT_OK, EXIT_FAILED, EXIT_NO_PROFILE, EXIT_LOCKED = 0, 1, 3, 4
_PAINT_S = 0.05


class _Reports(QObject):
    """Bring reports from any thread to the GUI thread."""

    arrived = Signal(str, object)


class DeskApp:
    """One run of the desk on a running qasync loop; `settled` once the engine has started or failed, `seen` once
    the pictures asked for are written."""

    def __init__(
        self,
        options: argparse.Namespace,
        profile: Path,
        settings: SettingsStore[DeskSettings],
        crash: CrashReports,
        make: MakeEngine,
    ) -> None:
        self.options = options
        self.profile = profile
        self.failure: BaseException | None = None
        self.settled = asyncio.Event()
        self.seen: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._make = make
        self._crash = crash
        self._tasks = TaskOwner("app")
        self._quit = asyncio.Event()
        self._code = EXIT_OK
        clock = LiveClock()
        self.settings = settings
        self.notices = Notices(clock)
        self.model = DeskModel()
        self.bridge = Bridge(self._host(), self.model)
        self.window = MainWindow(
            WindowParts(
                bridge=self.bridge,
                model=self.model,
                settings=self.settings,
                notices=self.notices,
                clock=clock,
                profile_dir=profile,
                replaying=bool(options.replay),
            )
        )
        self.window.closing.connect(self._on_closing)
        self.window.retry.connect(self._on_retry)

    def _host(self) -> EngineHost:
        given = self.options
        config = EngineConfig(
            profile_dir=self.profile,
            mode=Mode.REPLAY if given.replay else Mode.SIM,
            seed=given.seed,
            data=tuple(given.replay or ()),
            symbol=given.symbol,
            tz=given.tz,
            speed=given.speed,
            synthetic=given.synthetic,
        )
        threaded = given.engine_loop == "thread"
        return EngineHost(config, self._make, threaded=threaded, watch=self._crash.watch_loop)

    # ---- life
    async def run(self) -> int:
        """Show the window, start the engine after the first paint, and wait for the end."""
        if self.options.size:
            self.window.resize(*self.options.size)
            self.window.show()
        elif self.window.screen().availableSize().width() < 1500:
            self.window.resize(1280, 720)
            self.window.showMaximized()
        else:
            self.window.resize(1600, 900)
            self.window.showMaximized()
        for problem in self.settings.problems:
            self.notices(problem, level="warning")
        wanted = self.settings.value.workspace
        await asyncio.sleep(0)
        self.window.workspaces.open(wanted if wanted in self.window.workspaces.names() else "Terminal")
        await asyncio.sleep(_PAINT_S)
        await self.start_engine()
        self.settled.set()
        if self.options.script or self.options.screenshot or self.options.ui_dump or self.options.exit:
            self._tasks.spawn(self._be_seen(), "be-seen")
        await self._quit.wait()
        await self._stop()
        return self._code

    async def start_engine(self) -> None:
        """Start the engine; a failure becomes a card in the window and one sentence on stderr."""
        self.failure = None
        self.window.engine_starting()
        try:
            await self.bridge.start()
        except Exception as error:
            self.failure = error
            if isinstance(error, BidmereError):
                sys.stderr.write(f"bidmere: {error}\n")
            else:
                log.exception("The engine did not start.")
                sys.stderr.write(f"bidmere: The engine did not start: {error}\n")
            self.window.engine_failed(error, "".join(traceback.format_exception(error)))
            return
        self.window.engine_ready()

    def _on_retry(self) -> None:
        self._tasks.spawn(self._retry(), "retry")

    async def _retry(self) -> None:
        await self.bridge.host.stop()
        self.bridge.host = self._host()
        await self.start_engine()

    def _on_closing(self) -> None:
        self._quit.set()

    async def _stop(self) -> None:
        """Close the gate first, then everything else; 15 s at most (Q-6)."""
        self.window.setEnabled(False)
        try:
            await self.bridge.drop_jobs()
            self.window.release()
        except Exception:
            log.exception("The window did not let go cleanly.")
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self.bridge.stop()
        except Exception:
            log.exception("The engine did not stop cleanly.")
            self._code = self._code or EXIT_FAILED
        await self._tasks.close()
        self.window.may_close = True
        self.window.close()
        self.window.deleteLater()

    # ---- to be seen from outside
    async def _be_seen(self) -> None:
        given, until = self.options, asyncio.get_running_loop().time() + self.options.after
        try:
            if given.script:
                if self.failure is not None:
                    raise script.ScriptError("The script was not run: the engine did not start.")
                await script.Script(self.window).run(given.script)
            await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        except BidmereError as error:
            self._fail(error)
        try:
            if given.screenshot:
                write_picture(self.window, given.screenshot)
            if given.ui_dump:
                write_dump(self.window, given.ui_dump)
        except BidmereError as error:
            self._fail(error)
        if not self.seen.done():
            self.seen.set_result(None)
        if given.exit:
            if self.failure is not None and self._code == EXIT_OK:
                self._code = EXIT_LOCKED if isinstance(self.failure, ProfileLocked) else EXIT_FAILED
            self._quit.set()

    def _fail(self, error: BidmereError) -> None:
        sys.stderr.write(f"bidmere: {error}\n")
        self._code = EXIT_FAILED

    # ---- stray exceptions
    def on_report(self, where: str, error: object) -> None:
        """Blame a panel where one raised, else say it as a notice (U-22)."""
        if not isinstance(error, BaseException):
            return
        slot = culprit(error, PanelSlot)
        if slot is not None:
            # Not now: the panel's own code is still on the stack.
            QTimer.singleShot(0, slot, lambda: slot.fail(error))
            return
        text = f"Something went wrong in {where}; the rest goes on."
        self.notices(text, level="error", detail=f"{type(error).__name__}: {error}", key=f"crash {type(error)}")


def main(argv: list[str] | None = None, make: MakeEngine = make_engine) -> int:
    """Run the desk and return the exit code."""
    options = parse(argv, script.HELP)
    try:
        profile = open_profile(options.profile or default_profile())
    except BidmereError as error:
        sys.stderr.write(f"bidmere: {error}\n")
        return EXIT_NO_PROFILE
    _choose_platform(options)
    use_money_context()
    app = QApplication.instance() or QApplication([sys.argv[0]])
    if not isinstance(app, QApplication):
        return EXIT_FAILED
    app.setApplicationName("bidmere")
    app.setApplicationDisplayName("Bidmere")
    app.setDesktopFileName("bidmere")
    app.setQuitOnLastWindowClosed(False)
    settings = SettingsStore(profile / "settings.json", DeskSettings())
    stored = settings.value.theme
    apply_theme(app, THEMES[options.theme or (stored if stored in THEMES else "dark")])
    reports = _Reports()
    crash = CrashReports(reports.arrived.emit)
    crash.install(profile)
    loop = qasync.QEventLoop(app)
    crash.watch_loop(loop)
    try:
        with loop:
            return int(loop.run_until_complete(_run(options, profile, settings, crash, reports, make)))
    finally:
        crash.remove()


async def _run(
    options: argparse.Namespace,
    profile: Path,
    settings: SettingsStore[DeskSettings],
    crash: CrashReports,
    reports: _Reports,
    make: MakeEngine,
) -> int:
    desk = DeskApp(options, profile, settings, crash, make)
    reports.arrived.connect(desk.on_report)
    return await desk.run()


def _choose_platform(options: argparse.Namespace) -> None:
    """Draw without a screen where a picture or a dump is wanted and there is none."""
    has_screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform.startswith("linux") and not has_screen and (options.screenshot or options.ui_dump):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
