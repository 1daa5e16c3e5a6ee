"""Every command with bad input: one sentence on standard error, an exit code, never a traceback."""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidmere.cli import main, parser, trade
from bidmere.cli.parser import build_parser
from bidmere.errors import InvalidInput

USAGE: list[tuple[list[str], str]] = [
    ([], "Something is missing: COMMAND."),
    (["nope"], "'nope' is not known here: there are: run, replay, data, order, positions, journal, doctor, bench."),
    (["runn"], "'runn' is not known here: did you mean run?"),
    (["positons"], "'positons' is not known here: did you mean positions?"),
    (["run", "--seconds", "x"], "--seconds: 'x' is no number from 0 to 31,536,000."),
    (["run", "--seconds", "-1"], "--seconds: '-1' is no number"),
    (["run", "--seconds", "nan"], "--seconds: 'nan' is no number"),
    (["run", "--seconds", "1e99"], "--seconds: '1e99' is no number"),
    (["run", "--seconds"], "--seconds: expected one argument."),
    (["run", "--seed", "1.5"], "--seed: '1.5' is no whole number from 0"),
    (["run", "--param", "fast"], "--param: 'fast' is no parameter: write NAME=NUMBER, for example fast=10."),
    (["run", "--param", "=3"], "--param: '=3' is no parameter"),
    (["run", "--param", "fast=x"], "--param: 'fast=x' is no parameter"),
    (["run", "--wat"], "Not understood: --wat."),
    (["replay"], "Something is missing: --data."),
    (["replay", "--data"], "--data: expected at least one argument."),
    (["replay", "--data", "x", "--speed", "fast"], "--speed: 'fast' is no speed: write a number from 0.25 to 1000"),
    (["replay", "--data", "x", "--speed", "0"], "--speed: speed 0 is outside 0.25 to 1000 (or max)."),
    (["replay", "--data", "x", "--speed", "nan"], "--speed: speed nan is outside"),
    (["data"], "Something is missing: COMMAND."),
    (["data", "imprt"], "'imprt' is not known here: did you mean import?"),
    (["data", "import"], "Something is missing: files."),
    (["data", "list", "more"], "Not understood: more."),
    (["order"], "Something is missing: line."),
    (["order", "BTCUSDT", "B", "1", "--wait", "nan"], "--wait: 'nan' is no number"),
    (["order", "BTCUSDT", "B", "1", "--wait", "-3"], "--wait: '-3' is no number"),
    (["positions", "all"], "Not understood: all."),
    (["journal"], "Something is missing: COMMAND."),
    (["journal", "check"], "'check' is not known here: there are: verify."),
    (["doctor", "--profile"], "--profile: expected one argument."),
    (["bench"], "Something is missing: what."),
    (["bench", "foo"], "'foo' is not known here: there are: chart, desk."),
    (["bench", "desk", "--seconds", "0"], "--seconds: '0' is no number from 1 to 3,600."),
    (["bench", "desk", "--symbols", "1.5"], "--symbols: '1.5' is no whole number from 1 to 5,000."),
    (["bench", "desk", "--rate", "0"], "--rate: '0' is no whole number"),
]


@pytest.mark.parametrize(("given", "words"), USAGE, ids=[" ".join(given) or "nothing" for given, _ in USAGE])
def test_wrong_usage_gets_one_sentence_and_code_2(bidmere: Callable[..., Any], given: list[str], words: str) -> None:
    answer = bidmere(*given)
    assert (answer.code, answer.out) == (2, "")
    assert answer.sentence.startswith(words)
    assert answer.sentence.endswith("--help`.")
    as_json = bidmere(*given, "--json")
    if given != ["run", "--seconds"] and as_json.code == 2:
        assert as_json.json["error"]["code"] == "E-INPUT"
        assert as_json.json["error"]["message"] == as_json.sentence


ENGINE: list[tuple[list[str], str]] = [
    (["run", "--symbol", "NOPE"], "'NOPE' is not a symbol known here."),
    (["run", "--symbol", "BTCUSD"], "'BTCUSD' is not a symbol known here. Did you mean"),
    (["run", "--strategy", "nope"], "There is no strategy 'nope'."),
    (["run", "--strategy", "sma_cross", "--timeframe", "7q"], "'7q' is not a timeframe"),
    (["run", "--strategy", "sma_cross", "--qty", "1,000"], "'1,000' is not a number"),
    (["run", "--strategy", "sma_cross", "--param", "fast=1e9"], "Parameter fast is 1e+09; it must be between"),
    (["order", "BTCUSDT", "B"], "A size is missing at the end."),
    (["order", "BTCUSDT", "B", "0,1", "@", "65000"], "Use a point: 0.1"),
    (["order", "NOPE", "B", "1"], "There is no symbol NOPE."),
    (["order", "BTCUSDT", "B", "1e99"], "A size was expected here"),
    (["order", "CHART"], "That is no order: write for example BTCUSDT B 0.1 @ 65000 TIF GTC."),
    (["replay", "--data", "nowhere/gone.csv"], "There is no file gone.csv in nowhere"),
    (["replay", "--data", "gone.csv", "--timeframe", "7q"], "'7q' is not a timeframe"),
    (["journal", "verify"], "There is no journal in "),
]


@pytest.mark.parametrize(("given", "words"), ENGINE, ids=[" ".join(given) for given, _ in ENGINE])
def test_what_the_engine_refuses_is_one_sentence_too(
    bidmere: Callable[..., Any], tmp_path: Path, given: list[str], words: str
) -> None:
    options = ["--profile", str(tmp_path / "p"), *(["--seconds", "0"] if given[0] == "run" else [])]
    answer = bidmere(*given, *options, "--json")
    assert answer.code == 2
    assert answer.sentence.startswith(words)
    assert answer.json["error"]["message"] == answer.sentence
    assert answer.json["error"]["code"].startswith("E-")


COMMANDS = [
    ["run", "--seconds", "0"], ["replay", "--data", "x.csv"], ["data", "import", "x.csv"], ["data", "list"],
    ["order", "BTCUSDT", "B", "0.001"], ["positions"],
]  # fmt: skip


@pytest.mark.parametrize("given", COMMANDS, ids=[" ".join(one) for one in COMMANDS])
def test_a_profile_that_is_a_file_is_refused_by_every_command(
    bidmere: Callable[..., Any], tmp_path: Path, given: list[str]
) -> None:
    (tmp_path / "p").write_text("")
    answer = bidmere(*given, "--profile", tmp_path / "p")
    assert answer.code == 2
    assert answer.sentence == f"The profile {tmp_path / 'p'} is a file: name a folder."
    assert (tmp_path / "p").read_text() == ""


@given(st.lists(st.text("-=.,0aB @*·", max_size=6), max_size=5))
def test_no_command_line_ends_in_anything_but_arguments_or_a_sentence(given: list[str]) -> None:
    answer: list[str] = []
    try:
        answer = build_parser().parse_args(["order", *given]).line
    except InvalidInput as error:
        answer = [str(error)] if str(error).endswith("`.") else []
    assert answer


def test_interrupted_and_broken_pipe_end_quietly(bidmere: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: argparse.Namespace) -> int:
        raise asyncio.CancelledError

    monkeypatch.setattr(trade, "positions", interrupted)
    answer = bidmere("positions")
    assert (answer.code, answer.sentence) == (130, "interrupted.")


def test_output_into_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    source = Path(parser.__file__).resolve().parents[2]
    command = [sys.executable, "-m", "bidmere", "data", "list", "--profile", str(tmp_path / "p")]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    process.wait(60)
    assert "Traceback" not in error


def test_help_and_version_are_no_errors(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--version"], ["--help"], ["data", "import", "--help"], ["bench", "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        assert capsys.readouterr().out.strip()
