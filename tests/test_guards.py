"""The guards of conftest.py are tested as everything else: each leak it names must fail a test."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")

SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
qt_api = pyside6
qt_log_level_fail = WARNING
markers = expected_errors(*patterns): ERROR records allowed
"""

LEAKS = {
    "task": (
        """
        import asyncio
        async def test_it():
            asyncio.get_running_loop().create_task(asyncio.sleep(60), name="forgotten")
        """,
        "*task 'forgotten'*begun at *test_leak_fails.py:* in test_it*",
    ),
    "thread": (
        """
        import threading
        def test_it():
            threading.Thread(target=threading.Event().wait, args=(6,), name="forgotten", daemon=True).start()
        """,
        "*thread 'forgotten', begun at *test_leak_fails.py:* in test_it*",
    ),
    "process": (
        """
        import subprocess, sys
        def test_it():
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        """,
        "*process *time.sleep(60)*begun at *test_leak_fails.py:* in test_it*",
    ),
    "timer": (
        """
        from PySide6.QtCore import QTimer
        kept = []
        def test_it(qapp):
            timer = QTimer(interval=1000, objectName="forgotten")
            timer.start()
            kept.append(timer)
        """,
        "*timer 'forgotten'*every 1000 ms*",
    ),
    "socket": (
        """
        import contextlib, socket
        def test_it():
            with contextlib.suppress(Exception), socket.socket() as one:
                one.connect(("192.0.2.1", 80))
        """,
        "*reached for the network: 192.0.2.1*",
    ),
    "name": (
        """
        import contextlib, socket
        def test_it():
            with contextlib.suppress(Exception):
                socket.create_connection(("example.com", 80))
        """,
        "*reached for the network: example.com*",
    ),
    "error": (
        """
        import logging
        def test_it():
            logging.getLogger("bidmere.risk").error("the gate is unwell")
        """,
        "*bidmere.risk: the gate is unwell*",
    ),
}

HARMLESS = """
import asyncio, logging, os, pathlib, socket, subprocess, sys, threading
import platformdirs
import pytest
from PySide6.QtCore import QTimer

async def test_tasks_that_end():
    await asyncio.gather(asyncio.sleep(0), asyncio.to_thread(lambda: None))

@pytest.fixture
async def service():
    task = asyncio.create_task(asyncio.sleep(60))
    yield task
    task.cancel()
    await asyncio.wait([task])

async def test_tasks_a_fixture_ends(service):
    assert not service.done()

def test_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass

def test_joined():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    subprocess.run([sys.executable, "-c", ""], check=True)

def test_stopped(qapp):
    timer = QTimer()
    timer.start(1000)
    timer.stop()

@pytest.mark.expected_errors("gate is un")
def test_marked():
    logging.getLogger("bidmere.risk").error("the gate is unwell")

def test_allowed_from_inside(expected_errors):
    expected_errors("gate is un")
    logging.getLogger("bidmere.risk").error("the gate is unwell")

def test_profile():
    assert "bidmere-tests-" in platformdirs.user_data_dir("bidmere")
    assert "bidmere-tests-" in str(pathlib.Path.home())
"""


@pytest.fixture
def guarded(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    pytester.makeini(SETTINGS)
    return pytester


@pytest.mark.parametrize("kind", LEAKS)
def test_leak_fails(guarded: pytest.Pytester, kind: str) -> None:
    source, report = LEAKS[kind]
    guarded.makepyfile(source)
    result = guarded.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([report])


def test_what_ends_in_time_passes(guarded: pytest.Pytester) -> None:
    guarded.makepyfile(HARMLESS)
    result = guarded.runpytest_subprocess("-p", "no:cacheprovider", "-v")
    result.assert_outcomes(passed=8)


def test_qt_warning_fails(guarded: pytest.Pytester) -> None:
    guarded.makepyfile("from PySide6.QtCore import qWarning\ndef test_it(): qWarning('a window lost its screen')")
    guarded.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(failed=1)
