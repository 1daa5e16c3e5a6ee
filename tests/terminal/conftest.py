"""Fixtures of the window's tests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).parent))

from shell_desk import Desk

from bidmere_terminal.theme.apply import apply_theme
from bidmere_terminal.theme.tokens import DARK


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    apply_theme(qapp, DARK)
    qapp.setQuitOnLastWindowClosed(False)
    yield Desk(qapp, tmp_path / "profile")
    apply_theme(qapp, DARK)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Coroutine[Any, Any, None]]:
    """Wait until something holds, at most five seconds."""

    async def wait(holds: Callable[[], bool]) -> None:
        for _ in range(500):
            if holds():
                return
            await asyncio.sleep(0.01)
        pytest.fail("it did not come true within five seconds")

    return wait
