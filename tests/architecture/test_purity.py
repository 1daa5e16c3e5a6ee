"""Importing the library is free: nothing heavy loaded, nothing made, nothing started."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"PySide6", "pyqtgraph", "qasync", "pandas", "sqlalchemy", "pyarrow", "duckdb", "keyring", "talib"}

PROBE = """
import json, sys, threading
made = []
sys.addaudithook(lambda event, args: made.append(f"{event} {args[0]!r}") if is_making(event, args) else None)

def is_making(event, args):
    if event == "open":
        mode, flags = args[1], args[2]
        return any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & 3)
    return event in ("os.mkdir", "os.rename", "os.remove", "subprocess.Popen", "socket.__new__", "os.fork")

sys.dont_write_bytecode = True
import MODULE
loop = "asyncio" in sys.modules and sys.modules["asyncio"].events._get_running_loop() is not None
print(json.dumps({
    "loaded": sorted({name.partition(".")[0] for name in sys.modules}),
    "made": made,
    "threads": [thread.name for thread in threading.enumerate()],
    "loop": loop,
}))
"""


def probe(module: str) -> dict[str, list[str]]:
    roots = [str(ROOT / name) for name in ("core", "brokers", "terminal", "resources")]
    done = subprocess.run(
        [sys.executable, "-c", PROBE.replace("MODULE", module)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("module", ["bidmere", "bidmere.errors", "bidmere.model"])
def test_import_loads_nothing_heavy_and_makes_nothing(module: str) -> None:
    found = probe(module)
    assert HEAVY.isdisjoint(found["loaded"]), f"import {module} loads {HEAVY & set(found['loaded'])}"
    assert found["made"] == []
    assert found["threads"] == ["MainThread"]
    assert not found["loop"]


def test_probe_sees_what_an_import_makes(tmp_path: Path) -> None:
    (tmp_path / "greedy.py").write_text(
        "import threading, keyring\nopen('made.txt', 'w').close()\n"
        "threading.Thread(target=threading.Event().wait, name='greedy', daemon=True).start()\n",
        encoding="utf-8",
    )
    found = probe(f"os, sys; sys.path.insert(0, {str(tmp_path)!r}); os.chdir(sys.path[0]); import greedy")
    assert "keyring" in found["loaded"]
    assert found["made"] == ["open 'made.txt'"]
    assert "greedy" in found["threads"]
