"""`bench`: figures with their peers from one run; each bench is a module of its own in a process of its own."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys

from bidmere.errors import BidmereError, InvalidInput

_MODULES = {
    "chart": "bidmere_terminal.charts.bench",
    "desk": "bidmere_terminal.bench_desk",
}


def run(arguments: argparse.Namespace) -> int:
    """Run one bench as its own process, without a screen, and pass its answer on."""
    module = _MODULES[arguments.what]
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        raise InvalidInput(f"The {arguments.what} bench needs {module.partition('.')[0]}, which is not installed.")
    command = [sys.executable, "-m", module]
    command += ["--json"] if arguments.json else []
    if arguments.what == "desk":
        for name in ("seconds", "symbols", "rate"):
            value = getattr(arguments, name)
            command += [f"--{name}", f"{value:g}"] if value is not None else []
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    code = subprocess.run(command, env=environment, check=False).returncode
    if code:
        raise BidmereError(f"The {arguments.what} bench ended with code {code}; its own words are above.")
    return 0
