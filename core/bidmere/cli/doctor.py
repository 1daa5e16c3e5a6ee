"""`doctor`: is this machine fit to trade from?"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bidmere._version import __version__
from bidmere.cli.output import show, table
from bidmere.errors import BidmereError
from bidmere.settings.paths import open_profile

_MIN_FREE_MB, _WARN_FREE_MB = 200, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer of the doctor: ok, warn or bad, what was seen, what to do."""

    check: str
    level: str
    seen: str
    advice: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Check everything and return 1 when something is bad."""
    findings = [_guarded(check, arguments.profile) for check in CHECKS]
    bad = sum(finding.level == "bad" for finding in findings)
    marks = {"ok": "● ok", "warn": "▲ warn", "bad": "■ bad"}
    text = table(
        ("Check", "State", "Seen", "What to do"),
        [(found.check, marks[found.level], found.seen, found.advice) for found in findings],
    )
    show({"version": __version__, "ok": not bad, "checks": findings}, text, as_json=arguments.json)
    return 1 if bad else 0


def _guarded(check: Callable[[Path], Finding], profile: Path) -> Finding:
    try:
        return check(profile)
    except (OSError, ImportError, BidmereError, sqlite3.Error, subprocess.SubprocessError) as error:
        name = check.__name__.strip("_").replace("_", " ").capitalize()
        return Finding(check=name, level="bad", seen=str(error), advice="See the message.")


def _python(_profile: Path) -> Finding:
    seen = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()}"
    fits = sys.version_info >= (3, 11)
    advice = "" if fits else "Use 3.11 or newer."
    return Finding(check="Python", level="ok" if fits else "bad", seen=seen, advice=advice)


def _qt(_profile: Path) -> Finding:
    if importlib.util.find_spec("PySide6") is None:
        return Finding(check="Qt", level="warn", seen="PySide6 is not installed", advice="Needed for the desk only.")
    probe = "from PySide6 import QtCore, QtGui; QtGui.QGuiApplication([]); print(QtCore.qVersion())"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    result = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return Finding(check="Qt", level="bad", seen=last, advice="`python run.py setup` installs what Qt needs here.")
    screen = platform.system() != "Linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    seen = f"Qt {result.stdout.strip()}, {'a screen' if screen else 'no screen'}"
    return Finding(check="Qt", level="ok", seen=seen, advice="" if screen else "The desk needs a screen or offscreen.")


def _key_store(_profile: Path) -> Finding:
    import keyring

    backend = keyring.get_keyring()
    name = f"{type(backend).__module__}.{type(backend).__name__}"
    usable = float(getattr(backend, "priority", 0)) > 0 and not any(
        word in name for word in ("fail", "null", "keyrings.alt")
    )
    advice = "" if usable else "Not needed for paper trading; broker keys need a key store."
    return Finding(check="Key store", level="ok" if usable else "warn", seen=name, advice=advice)


def _disk(profile: Path) -> Finding:
    free_mb = shutil.disk_usage(_existing(profile)).free // 1_000_000
    level = "bad" if free_mb < _MIN_FREE_MB else "warn" if free_mb < _WARN_FREE_MB else "ok"
    advice = f"Below {_MIN_FREE_MB} MB no order is sent." if level != "ok" else ""
    return Finding(check="Disk", level=level, seen=f"{free_mb:,} MB free for {profile}", advice=advice)


def _clock(_profile: Path) -> Finding:
    first_wall, first = time.time(), time.monotonic()  # noqa: TID251 - the doctor compares the two clocks
    time.sleep(0.2)
    drift_ms = ((time.time() - first_wall) - (time.monotonic() - first)) * 1e3  # noqa: TID251
    sane = first_wall > 1_700_000_000
    level = "ok" if sane and abs(drift_ms) < 50 else "bad"
    return Finding(
        check="Clock", level=level, seen=f"wall clock runs true within {abs(drift_ms):.1f} ms over 200 ms",
        advice="" if level == "ok" else "Set the machine's clock and switch on time synchronisation.",
    )  # fmt: skip


def _sqlite(_profile: Path) -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "probe.db")
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            connection.execute("CREATE TABLE probe (x)")
            connection.commit()
        finally:
            connection.close()
    fits = mode == "wal"
    return Finding(check="SQLite", level="ok" if fits else "bad", seen=f"{sqlite3.sqlite_version}, journal mode {mode}")


def _data_folders(profile: Path) -> Finding:
    if not profile.exists():
        return Finding(check="Data folders", level="ok", seen=f"{profile} will be made on first start")
    open_profile(profile)
    count = sum(1 for _ in profile.rglob("*"))
    return Finding(check="Data folders", level="ok", seen=f"{profile}: writable, {count} entries")


def _libraries(_profile: Path) -> Finding:
    needed = ("numpy", "msgspec", "talib", "pyarrow", "duckdb")
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        seen = "missing: " + ", ".join(missing)
        return Finding(check="Libraries", level="bad", seen=seen, advice="Run `python run.py setup`.")
    return Finding(check="Libraries", level="ok", seen="all there")


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


CHECKS: tuple[Callable[[Path], Finding], ...] = (
    _python, _qt, _libraries, _key_store, _disk, _clock, _sqlite, _data_folders,
)  # fmt: skip
