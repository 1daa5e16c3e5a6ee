"""Which folder of a profile a mode writes its journal to."""

from __future__ import annotations

import shutil
from pathlib import Path

from bidmere.engine.config import EngineConfig, Mode
from bidmere.settings.paths import open_profile

REPLAYS = "replays"
_KEPT = 20


def state_folder(config: EngineConfig, profile: Path) -> Path:
    """Return the profile itself, or for a replay a new numbered folder: each replay is a book of its own.

    The latest 20 replays are kept.
    """
    if config.mode is not Mode.REPLAY:
        return profile
    root = open_profile(profile / REPLAYS)
    numbers = sorted(int(path.name) for path in root.iterdir() if path.name.isdigit())
    for number in numbers[: max(0, len(numbers) - _KEPT + 1)]:
        shutil.rmtree(root / f"{number:06d}", ignore_errors=True)
    return open_profile(root / f"{(numbers[-1] if numbers else 0) + 1:06d}")


def journals(profile: Path, file_name: str) -> tuple[Path, ...]:
    """Return every journal of a profile: its own and those of its replays, oldest first."""
    found = [profile / file_name, *sorted((profile / REPLAYS).glob(f"*/{file_name}"))]
    return tuple(path for path in found if path.exists())
