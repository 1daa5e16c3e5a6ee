"""`replay` as its user runs it: real recorded data through the whole engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bidmere.cli import main

BTC_DAY = Path("lean_data/crypto/coinbase/minute/btcusd/20161007_trade.zip")


def replay(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["replay", *arguments, "--json"]) == 0
    out: dict[str, object] = json.loads(capsys.readouterr().out)
    return out


def test_u186_three_runs_of_one_replay_have_one_journal_hash(
    shared_fixtures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", str(shared_fixtures / BTC_DAY), "--symbol", "BTCUSD", "--strategy", "sma_cross"]
    words += ["--speed", "max", "--seed", "3", "--profile", str(tmp_path / "profile")]
    first, second, third = (replay(capsys, *words) for _ in range(3))
    assert first["journal_hash"] == second["journal_hash"] == third["journal_hash"]
    assert first["fills"] == third["fills"]
    assert isinstance(first["fills"], int)
    assert first["fills"] > 10
    assert main(["journal", "verify", "--profile", str(tmp_path / "profile"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
