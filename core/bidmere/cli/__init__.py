"""The command line: the same engine, gate and journal as the desk, without a window."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted."""
    from bidmere.cli.parser import run_command

    return run_command(argv)
