"""Guards around every test: no network, nothing left running, no unexpected error, no touch of the user's profile.

What a test starts it must end: tasks, threads, timers and child processes that outlive it fail it, with the place
where they began. A record at ERROR fails it too, unless `@pytest.mark.expected_errors("pattern", ...)` or the
`expected_errors` fixture allows it. Qt warnings are pytest-qt's (`@pytest.mark.qt_log_ignore("pattern")`).
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import multiprocessing.process
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM") or "offscreen"

_HOME = Path(tempfile.mkdtemp(prefix="bidmere-tests-"))
_PROFILE_DIRS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA")
_GRACE_S = 3.0
_LOOPBACK = re.compile(r"^(localhost|127\.[\d.]+|::1|0\.0\.0\.0|::|)$")
_run_number = itertools.count()

for _name in [name for name in os.environ if name.startswith("BIDMERE_")]:
    del os.environ[_name]
(_HOME / "run").mkdir(mode=0o700)
os.environ.update(
    HOME=str(_HOME),
    USERPROFILE=str(_HOME),
    XDG_CACHE_HOME=str(_HOME / "cache"),  # one for the session: the font cache is dear to make
    XDG_RUNTIME_DIR=str(_HOME / "run"),
    PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
)

# Too-slow is not failing: the machine is shared, and no test asserts time.
_CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=50, suppress_health_check=_CHECKS)
settings.register_profile("desk", deadline=None, max_examples=50, database=None, suppress_health_check=_CHECKS)
settings.register_profile("deep", deadline=None, max_examples=2_000, database=None, suppress_health_check=_CHECKS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "desk"))


# ── where things begin ───────────────────────────────────────────────────────────────────────────────────────────────

_began: weakref.WeakKeyDictionary[object, str] = weakref.WeakKeyDictionary()
_processes: weakref.WeakSet[Any] = weakref.WeakSet()
_lost_tasks: list[str] = []
_MACHINERY = ("/asyncio/", "/threading.py", "/subprocess.py", "/multiprocessing/", "/concurrent/")
_MACHINERY += ("kernel/tasks.py", __file__.replace(os.sep, "/"))


def _place() -> str:
    """Return the innermost two lines outside the machinery that led here."""
    frame, lines = sys._getframe(2), []
    while frame is not None and len(lines) < 2:
        file = frame.f_code.co_filename.replace(os.sep, "/")
        if not any(part in file for part in _MACHINERY):
            lines.append(f"{file}:{frame.f_lineno} in {frame.f_code.co_name}")
        frame = frame.f_back
    return " ← ".join(lines) or "an unknown place"


def _remember_on(owner: type, method: str, remember: Callable[[Any, Any], None]) -> None:
    """Call `remember(self, result)` after every call of `owner.method`."""
    original = getattr(owner, method)

    def remembering(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        remember(self, result)
        return result

    setattr(owner, method, remembering)


def _remember_process(process: Any) -> None:
    _began[process] = _place()
    _processes.add(process)


def _note_lost_tasks(loop: asyncio.AbstractEventLoop | None) -> None:
    """Write down the tasks still pending when their loop is about to close: closing would hide them."""
    if loop is None or loop.is_closed() or loop.is_running():
        return
    _lost_tasks.extend(
        f"task {task.get_name()!r} of {task.get_coro()!r}, begun at {_began.get(task)}"
        for task in asyncio.all_tasks(loop)
        if not task.done()
    )


def _watch_loops() -> None:
    close_runner, close_loop = asyncio.Runner.close, asyncio.BaseEventLoop.close

    def runner_close(self: asyncio.Runner) -> None:
        _note_lost_tasks(getattr(self, "_loop", None))
        close_runner(self)

    def loop_close(self: asyncio.BaseEventLoop) -> None:
        _note_lost_tasks(self)
        close_loop(self)

    asyncio.Runner.close = runner_close
    asyncio.BaseEventLoop.close = loop_close


_remember_on(asyncio.BaseEventLoop, "create_task", lambda _loop, task: _began.__setitem__(task, _place()))
_remember_on(threading.Thread, "start", lambda thread, _none: _began.__setitem__(thread, _place()))
_remember_on(subprocess.Popen, "__init__", lambda process, _none: _remember_process(process))
_remember_on(multiprocessing.process.BaseProcess, "start", lambda process, _none: _remember_process(process))
_watch_loops()


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


# ── network and profile ──────────────────────────────────────────────────────────────────────────────────────────────


class NetworkUseError(RuntimeError):
    """A test reached for a host that is not this machine."""


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse connections that leave the machine, and fail the test even where the code swallows the refusal."""
    reached: list[str] = []

    def check(host: Any) -> None:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not _LOOPBACK.match(name):
            reached.append(name)
            raise NetworkUseError(f"this test reached for {name}: use a fake or a loopback server")

    def guard(method: str) -> None:
        original = getattr(socket.socket, method)

        def guarded(self: socket.socket, *args: Any) -> Any:
            if isinstance(args[-1], tuple):  # Unix sockets have a path
                check(args[-1][0])
            return original(self, *args)

        monkeypatch.setattr(socket.socket, method, guarded)

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host)
        return original_look_up(host, *args, **kwargs)

    original_look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for method in ("connect", "connect_ex", "sendto"):
        guard(method)
    yield
    assert not reached, f"this test reached for the network: {', '.join(reached)}"


@pytest.fixture(autouse=True)
def _own_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the test user folders of its own; they are made only when something writes there."""
    home = _HOME / f"run-{next(_run_number)}"
    for name in _PROFILE_DIRS:
        monkeypatch.setenv(name, str(home / name.lower()))


# ── errors in the log ────────────────────────────────────────────────────────────────────────────────────────────────


class _ErrorRecords(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {self.format(record)}")


@pytest.fixture
def expected_errors(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Allow ERROR records that match a pattern: `expected_errors("venue refused")`."""
    allowed: list[str] = request.node.stash.setdefault(_ALLOWED, [])
    return allowed.append


_ALLOWED = pytest.StashKey[list[str]]()


@pytest.fixture(autouse=True)
def _no_unexpected_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    records = _ErrorRecords()
    logging.getLogger().addHandler(records)
    yield
    logging.getLogger().removeHandler(records)
    marks = [pattern for mark in request.node.iter_markers("expected_errors") for pattern in mark.args]
    allowed = marks + request.node.stash.get(_ALLOWED, [])
    surprises = [text for text in records.messages if not any(re.search(pattern, text) for pattern in allowed)]
    assert not surprises, "unexpected errors in the log:\n" + "\n".join(surprises)


# ── nothing left running ─────────────────────────────────────────────────────────────────────────────────────────────


def _threads() -> set[threading.Thread]:
    """Return the running threads we started (foreign ones, such as Qt's, show up as dummies)."""
    return {thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)}


def _active_timers() -> list[Any]:
    """Return the running QTimers that Python knows; empty where Qt was never loaded."""
    core, shiboken = sys.modules.get("PySide6.QtCore"), sys.modules.get("shiboken6")
    if core is None or shiboken is None:
        return []
    timers = [found for found in gc.get_objects() if issubclass(type(found), core.QTimer) and shiboken.isValid(found)]
    return [timer for timer in timers if timer.isActive()]


def _is_running(process: Any) -> bool:
    if isinstance(process, subprocess.Popen):
        return process.poll() is None
    try:
        return bool(process.is_alive())
    except (ValueError, AssertionError):  # closed, or not this process's child
        return False


def _settle(leaked: Callable[[], list[Any]]) -> list[Any]:
    """Return what is still there after a short grace, in which the ending may finish."""
    until = time.monotonic() + _GRACE_S
    while (left := leaked()) and time.monotonic() < until:
        time.sleep(0.01)
    return left


@pytest.fixture(autouse=True)
def _nothing_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    uses_qt = "qapp" in request.fixturenames
    threads = _threads()
    processes = set(_processes)
    timers = weakref.WeakSet(_active_timers() if uses_qt else [])
    _lost_tasks.clear()
    yield
    left = list(_lost_tasks)
    _lost_tasks.clear()
    left += [
        f"thread {thread.name!r}, begun at {_began.get(thread)}"
        for thread in _settle(lambda: list(_threads() - threads))
    ]
    for process in _settle(lambda: [one for one in set(_processes) - processes if _is_running(one)]):
        left.append(f"process {getattr(process, 'args', process)!r}, begun at {_began.get(process)}")
        process.kill()
    if uses_qt and any(timer not in timers for timer in _active_timers()):
        gc.collect()  # a timer nobody holds any more dies here
        for timer in (one for one in _active_timers() if one not in timers):
            left.append(f"timer {timer.objectName()!r} of {timer.parent()!r}, every {timer.interval()} ms")
            timer.stop()
    assert not left, "left running after the test:\n" + "\n".join(left)


@pytest.fixture
def shared_fixtures() -> Path:
    """Return the folder of recorded market data beside the checkout; skip where there is none."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "fixtures"
    if not folder.is_dir():
        pytest.skip("the recorded market data (shared/fixtures beside the checkout) is not on this machine")
    return folder
