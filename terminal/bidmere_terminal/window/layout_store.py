"""Workspaces on disk: one file each, the last fifty versions beside it (U-152, U-153)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bidmere.errors import InvalidInput, StorageError
from bidmere.kernel.clock import Clock
from bidmere.kernel.files import keep_aside, write_atomic
from bidmere_terminal.window.layout_json import from_json, to_json
from bidmere_terminal.window.tree import Workspace

KEPT = 50
MAX_BYTES = 4_000_000
_SAFE = "-_ ×"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back from disk, and a sentence when it was not the newest version."""

    workspace: Workspace | None
    problem: str = ""


def file_name(name: str) -> str:
    """Return a file name for a workspace name; letters, digits and a few signs stay."""
    kept = "".join(one if one.isalnum() or one in _SAFE else "_" for one in name)[:60].strip()
    return (kept or "workspace") + ".json"


class LayoutStore:
    """Read and write workspaces in `folder`; versions are in `folder/history/NAME/`, named by their time in ns."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock

    def path(self, name: str) -> Path:
        """Return the file of a workspace."""
        return self.folder / file_name(name)

    def history(self, name: str) -> list[Path]:
        """Return the kept versions, newest first."""
        folder = self._history_folder(name)
        files = [file for file in folder.glob("*.json") if file.stem.isdigit()] if folder.is_dir() else []
        return sorted(files, key=lambda file: int(file.stem), reverse=True)

    def save(self, workspace: Workspace) -> bool:
        """Write a workspace and keep the version; False when nothing changed. Raises StorageError."""
        data = json.dumps(to_json(workspace), indent=1, sort_keys=True, ensure_ascii=False).encode()
        path = self.path(workspace.name)
        try:
            if path.exists() and path.read_bytes() == data:
                return False
        except OSError as error:
            raise StorageError(f"{path.name} could not be read: {error.strerror}. The layout is not saved.") from error
        write_atomic(path, data)
        write_atomic(self._history_folder(workspace.name) / f"{self._clock.now_ns()}.json", data)
        for old in self.history(workspace.name)[KEPT:]:
            old.unlink(missing_ok=True)
        return True

    def load(self, name: str) -> Loaded:
        """Return the newest readable version; a damaged file is kept aside and said."""
        path = self.path(name)
        try:
            if not path.exists():
                return Loaded(None)
            return Loaded(read_workspace(path))
        except InvalidInput:
            aside = keep_aside(path)
        except OSError as error:
            return Loaded(None, f"The layout of {name} could not be opened ({error.strerror}); the default is shown.")
        kept = f" The damaged file is kept as {aside.name}." if aside else ""
        for version in self.history(name):
            try:
                workspace = read_workspace(version)
            except (InvalidInput, OSError):
                continue
            return Loaded(workspace, f"The layout of {name} was damaged; the version before is back.{kept}")
        return Loaded(None, f"The layout of {name} was damaged; the default is shown.{kept}")

    def names(self) -> list[str]:
        """Return the names of the saved workspaces that can be read, sorted."""
        found = []
        for file in sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []:
            try:
                found.append(read_workspace(file).name)
            except (InvalidInput, OSError):
                continue
        return found

    def _history_folder(self, name: str) -> Path:
        return self.folder / "history" / Path(file_name(name)).stem


def read_workspace(path: Path) -> Workspace:
    """Read one layout file. Raises InvalidInput, OSError."""
    if path.stat().st_size > MAX_BYTES:
        raise InvalidInput(f"{path.name} is too large for a layout.")
    try:
        document = json.loads(path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidInput(f"{path.name} is no JSON text.") from None
    return from_json(document)
