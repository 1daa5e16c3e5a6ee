"""`data import` and `data list`: recorded market data into the profile, and what lies there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from bidmere.cli.output import show, table
from bidmere.data.library import DataLibrary
from bidmere.errors import BidmereError, DiskFull
from bidmere.model.timeframe import Timeframe
from bidmere.settings.paths import open_profile

DATA_FOLDER = "data"


def import_files(arguments: argparse.Namespace) -> int:
    """Store every file that can be read, say of each what it holds; 1 when one of several could not be used.

    A single file that cannot be used raises its own error.
    """
    library = _library(arguments)
    if len(arguments.files) == 1:
        found = [_add(library, arguments.files[0], arguments)]
    else:
        found = _add_all(library, arguments)
    failed = [one for one in found if "error" in one]
    show({"ok": not failed, "files": found}, _imported_text(found), as_json=arguments.json)
    for one in failed:
        print(f"bidmere: {one['error']['message']}", file=sys.stderr)
    return 1 if failed else 0


def list_stored(arguments: argparse.Namespace) -> int:
    """Show every stored series with its count and its range."""
    folder = arguments.profile / DATA_FOLDER
    stored = _library(arguments).list() if arguments.profile.exists() else []
    rows = [
        (
            one["instrument"], one["kind"], one["timeframe"] or "", f"{one['rows']:,}", one["first"], one["last"],
            f"{max(1, round(one['bytes'] / 1000)):,}",
        )
        for one in stored
    ]  # fmt: skip
    head = ("Instrument", "Kind", "Bars of", "Rows", "First", "Last", "kB")
    text = table(head, rows, frozenset({3, 6})) if rows else f"No data are stored in {arguments.profile}."
    show({"folder": folder, "series": stored}, text, as_json=arguments.json)
    return 0


def _library(arguments: argparse.Namespace) -> DataLibrary:
    return DataLibrary(open_profile(arguments.profile) / DATA_FOLDER)


def _add(library: DataLibrary, path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    timeframe = Timeframe.parse(arguments.timeframe) if arguments.timeframe else None
    found = library.add(
        path, symbol=arguments.symbol, tz=arguments.tz, timeframe=timeframe, contract=arguments.contract
    )
    return {"path": path, **found}


def _add_all(library: DataLibrary, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, path in enumerate(arguments.files, 1):
        try:
            found.append(_add(library, path, arguments))
        except BidmereError as error:
            left = len(arguments.files) - number if isinstance(error, DiskFull) else 0
            untried = f" The other {left} files were not tried." if left > 1 else ""
            untried = " The other file was not tried." if left == 1 else untried
            found.append({"path": path, "error": {"code": error.code, "message": f"{error}{untried}"}})
            if isinstance(error, DiskFull):
                break
    return found


def _imported_text(found: list[dict[str, Any]]) -> str:
    return "\n".join(line for one in found if "error" not in one for line in _lines(one))


def _lines(one: dict[str, Any]) -> list[str]:
    what = f"{one['timeframe']} bars" if one["timeframe"] else one["kind"]
    contract = f", contract {one['contract']}" if one["contract"] else ""
    lines = [
        f"{one['path']}: {one['rows']:,} {what} of {one['instrument']}{contract}, {one['first']} to {one['last']}; "
        f"{one['stored']:,} now stored."
    ]
    for problem in one["problems"]:
        example = f", for example {problem['example']}" if problem["example"] else ""
        lines.append(f"  {problem['kind']}: {problem['count']:,} rows{example}")
    return lines + [f"  {note}" for note in one["notes"]]
