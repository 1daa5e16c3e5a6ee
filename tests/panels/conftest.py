"""Panels under test stand on a fake desk: real widgets, no engine."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from tests.panels.fakes import Bench  # noqa: E402

from bidmere_terminal.theme.apply import apply_theme  # noqa: E402
from bidmere_terminal.theme.tokens import DARK  # noqa: E402


@pytest.fixture(scope="session")
def dressed(qapp: QApplication) -> QApplication:
    """Return the application in the dark theme, as users see it."""
    apply_theme(qapp, DARK)
    return qapp


@pytest.fixture
def bench(dressed: QApplication) -> Iterator[Bench]:
    """Return a fake desk with a bridge, a model and a panel context; every panel made with it is shut down."""
    made = Bench()
    yield made
    made.close()
