"""Acceptance tests: the real desk, engine and widgets, and the program as people start it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from tests.acceptance.real_desk import RealDesk  # noqa: E402

from bidmere.cli import main  # noqa: E402
from bidmere_terminal.theme.apply import apply_theme  # noqa: E402
from bidmere_terminal.theme.tokens import DARK  # noqa: E402


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[RealDesk]:
    """A desk on a fresh profile."""
    apply_theme(qapp, DARK)
    qapp.setQuitOnLastWindowClosed(False)
    profile = tmp_path / "profile"
    profile.mkdir(mode=0o700)
    yield RealDesk(qapp, profile)
    apply_theme(qapp, DARK)


@pytest.fixture
def journals(capsys: pytest.CaptureFixture[str]) -> Callable[[Path], list[dict[str, Any]]]:
    """Have `journal verify` say that every journal of a profile is clean, and return its reports."""

    def check(profile: Path) -> list[dict[str, Any]]:
        capsys.readouterr()
        code = main(["journal", "verify", "--json", "--profile", str(profile)])
        answer = json.loads(capsys.readouterr().out)
        assert code == 0, answer
        assert answer["ok"], answer
        return [one["report"] for one in answer["journals"]]

    return check
