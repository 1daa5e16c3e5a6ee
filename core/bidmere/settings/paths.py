"""Where things are on disk: one profile folder holds everything a desk writes (S-12: 0700)."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from bidmere.errors import InvalidInput, StorageError


def default_profile() -> Path:
    """Return the profile used when none is named."""
    return Path(platformdirs.user_data_dir("bidmere", appauthor=False)) / "paper"


def open_profile(path: Path) -> Path:
    """Create the profile folder, readable by its owner only, and return it resolved.

    Raises InvalidInput when the path is a file, StorageError when it cannot be written.
    """
    path = path.expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise InvalidInput(f"The profile {path} is a file: name a folder.")
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        why = f"The profile {path} cannot be used: {error.strerror}."
        raise StorageError(f"{why} Choose another with --profile.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise StorageError(f"The profile {path} cannot be written: check its rights or choose another with --profile.")
    return path
