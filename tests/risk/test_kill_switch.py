"""The kill switch: durable before it returns, lowered by a person only, raised even when the disk refuses (R-61)."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from bidmere.errors import InvalidInput, StorageError
from bidmere.risk.state import KillSwitch, TradingState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profile" / "kill.switch"


def refuse(*_: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_new_switch_is_down_and_its_room_is_taken_already(path: Path) -> None:
    switch = KillSwitch(path)
    assert (switch.level, switch.is_raised) == (0, False)
    assert path.stat().st_size == 4096
    switch.close()


def test_r63_it_survives_a_restart(path: Path) -> None:
    switch = KillSwitch(path)
    switch.raise_to(2, "hotkey", "Too fast", 5)
    switch.close()
    again = KillSwitch(path)
    assert (again.level, again.source, again.reason, again.raised_ns) == (2, "hotkey", "Too fast", 5)
    assert again.is_raised
    again.clear("you", "Looked at it", 9)
    again.close()
    assert KillSwitch(path).level == 0


def test_r61_it_is_synced_before_it_returns_and_before_the_flag_is_set(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = KillSwitch(path)
    seen: list[tuple[int, bytes]] = []
    sync = os.fsync

    def spy(file: int) -> None:
        seen.append((switch.level, path.read_bytes()))
        sync(file)

    monkeypatch.setattr(os, "fsync", spy)
    switch.raise_to(1, "api", "Stop", 1)
    assert [level for level, _ in seen] == [0]
    assert b'"level": 1' in seen[0][1]
    assert switch.level == 1


def test_r60_raising_never_lowers_it(path: Path) -> None:
    switch = KillSwitch(path)
    switch.raise_to(3, "cli", "Flatten", 1)
    switch.raise_to(1, "api", "Block", 2)
    switch.raise_to(3, "api", "Flatten", 3)
    assert (switch.level, switch.source) == (3, "cli")
    switch.close()
    assert KillSwitch(path).level == 3


@pytest.mark.parametrize("level", [0, 4, -1])
def test_a_level_that_does_not_exist_is_refused(path: Path, level: int) -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        KillSwitch(path).raise_to(level, "cli", "?", 1)


def test_clearing_needs_a_reason(path: Path) -> None:
    switch = KillSwitch(path)
    switch.raise_to(1, "cli", "Stop", 1)
    with pytest.raises(InvalidInput, match="Say why"):
        switch.clear("you", "  ", 2)
    assert switch.level == 1


def test_r61_when_the_disk_refuses_it_is_raised_in_memory_and_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = KillSwitch(path)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match="only while Bidmere runs"):
        switch.raise_to(2, "cli", "Stop", 1)
    assert switch.level == 2


def test_when_the_disk_refuses_it_stays_raised(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = KillSwitch(path)
    switch.raise_to(1, "cli", "Stop", 1)
    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(StorageError):
        switch.clear("you", "All is well", 2)
    assert switch.level == 1


@pytest.mark.parametrize(
    "text",
    ["x", "{", "{}", "[]", "3", '{"level": 9, "source": "", "reason": "", "ts": 0}', '{"level": null}', "\xff\xfe"],
)
def test_a_sentinel_that_cannot_be_understood_counts_as_level_1(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    assert KillSwitch(path).level == 1


def test_an_empty_file_and_one_of_zeros_are_down(path: Path) -> None:
    path.parent.mkdir()
    for data in (b"", b"\0" * 4096):
        path.write_bytes(data)
        assert KillSwitch(path).level == 0


def test_no_room_for_the_sentinel_counts_as_level_1_until_there_is_and_a_person_clears_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", refuse)
        switch = KillSwitch(path)
        assert switch.level == 1
        assert "cannot be used" in switch.reason
        with pytest.raises(StorageError):
            switch.raise_to(3, "cli", "Flatten", 1)
        assert switch.level == 3
    switch.clear("you", "Made room", 2)
    assert switch.level == 0
    switch.close()
    switch.close()
    assert KillSwitch(path).level == 0


def test_it_reads_where_the_system_has_no_positional_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = KillSwitch(path)
    switch.raise_to(2, "cli", "Stop", 1)
    monkeypatch.delattr(os, "pread")
    assert KillSwitch(path).level == 2


def test_long_words_still_fit_and_leave_nothing_behind(path: Path) -> None:
    switch = KillSwitch(path)
    switch.raise_to(1, "s" * 9999, "é" * 9999, 1)
    switch.raise_to(2, "cli", "short", 2)
    assert path.stat().st_size == 4096
    assert KillSwitch(path).reason == "short"


def test_the_trading_states_are_called_what_the_desk_calls_them() -> None:
    assert [state.value for state in TradingState] == ["ACTIVE", "REDUCING", "HALTED"]
