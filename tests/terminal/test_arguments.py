"""The desk's command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bidmere_terminal.arguments import parse


def test_replay_may_be_said_as_a_word(tmp_path: Path) -> None:
    data = tmp_path / "bars.csv"
    data.touch()
    assert parse(["replay", "--data", str(data), "--symbol", "BTCUSD"]).replay == [data]


def test_replay_without_data_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["replay"])
    assert ended.value.code == 2
    assert "--data FILE" in capsys.readouterr().err
