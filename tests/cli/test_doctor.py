"""The doctor: every check answers, whatever the machine is like."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bidmere.cli import doctor
from bidmere.errors import StorageError


@pytest.fixture(autouse=True)
def _no_qt_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer the probe of Qt at once: it starts a process."""
    done = SimpleNamespace(returncode=0, stdout="6.11\n", stderr="")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_args, **_more: done)


def level(answer: Any, check: str) -> tuple[str, str]:
    (found,) = (one for one in answer.json["checks"] if one["check"].lower().replace(" ", "_") == check)
    return found["level"], found["seen"]


def test_a_fit_machine_passes_and_nothing_is_written(bidmere: Callable[..., Any], tmp_path: Path) -> None:
    answer = bidmere("doctor", "--profile", tmp_path / "p", "--json")
    assert (answer.code, answer.json["ok"], answer.err) == (0, True, "")
    assert len(answer.json["checks"]) == len(doctor.CHECKS)
    assert not (tmp_path / "p").exists()


def test_the_table_says_state_in_words_beside_the_mark(bidmere: Callable[..., Any], tmp_path: Path) -> None:
    text = bidmere("doctor", "--profile", tmp_path / "p").out
    assert "Data folders" in text
    assert "● ok" in text


@pytest.mark.parametrize(("free_mb", "expected", "code"), [(100, "bad", 1), (300, "warn", 0), (900, "ok", 0)])
def test_little_room_on_the_disk_is_said(
    bidmere: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, expected: str, code: int
) -> None:
    usage = SimpleNamespace(free=free_mb * 1_000_000)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: usage)
    answer = bidmere("doctor", "--profile", tmp_path / "p", "--json")
    assert answer.code == code
    assert level(answer, "disk")[0] == expected


@pytest.mark.parametrize(
    "error",
    [
        OSError(5, "Input/output error"), ImportError("no such library"), StorageError("No room."),
        sqlite3.OperationalError("disk I/O error"), subprocess.TimeoutExpired("qt", 60),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_check_that_fails_is_a_finding_and_the_others_go_on(
    bidmere: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def _disk(_profile: Path) -> doctor.Finding:
        raise error

    checks = tuple(_disk if check.__name__ == "_disk" else check for check in doctor.CHECKS)
    monkeypatch.setattr(doctor, "CHECKS", checks)
    answer = bidmere("doctor", "--profile", tmp_path / "p", "--json")
    assert (answer.code, answer.json["ok"], len(answer.json["checks"])) == (1, False, len(checks))
    assert level(answer, "disk") == ("bad", str(error))


def test_qt_that_does_not_start_is_bad_with_its_last_word(
    bidmere: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = SimpleNamespace(returncode=1, stdout="", stderr="Traceback\nImportError: libEGL.so.1 is missing\n")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_args, **_more: failed)
    answer = bidmere("doctor", "--profile", tmp_path / "p", "--json")
    assert answer.code == 1
    assert level(answer, "qt") == ("bad", "ImportError: libEGL.so.1 is missing")


def test_a_profile_that_is_a_file_is_a_finding(bidmere: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "p").write_text("")
    answer = bidmere("doctor", "--profile", tmp_path / "p", "--json")
    assert answer.code == 1
    assert level(answer, "data_folders")[0] == "bad"
    shutil.rmtree(tmp_path / "p", ignore_errors=True)
