"""`journal verify`."""

from __future__ import annotations

import argparse
from typing import Any

from bidmere.cli.output import show
from bidmere.engine.folders import journals
from bidmere.errors import InvalidInput
from bidmere.storage.journal import JOURNAL_FILE, verify


def verify_journal(arguments: argparse.Namespace) -> int:
    """Check every journal of a profile and return 1 when one is not clean."""
    paths = journals(arguments.profile, JOURNAL_FILE)
    if not paths:
        raise InvalidInput(f"There is no journal in {arguments.profile}: name the profile with --profile.")
    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    for path in paths:
        report = verify(path)
        name = str(path.relative_to(arguments.profile))
        rows.append({"file": name, "report": report})
        state = "clean" if report.ok else "NOT clean"
        lines.append(f"{name} is {state}: {report.events} events, {report.orders} orders, {report.fills} fills.")
        lines += [f"  {problem}" for problem in report.problems]
    ok = all(row["report"].ok for row in rows)
    show({"ok": ok, "journals": rows}, "\n".join(lines), as_json=arguments.json)
    return 0 if ok else 1
