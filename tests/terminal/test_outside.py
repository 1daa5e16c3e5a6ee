"""The desk seen from outside: command line, script, picture and dump (U-252)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from shell_desk import Desk

from bidmere_terminal.app import DeskApp
from bidmere_terminal.arguments import parse
from bidmere_terminal.script import Script, ScriptError


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--size", "big"], "'big' is no size"),
        (["--speed", "-1"], "more than 0"),
        (["--symbol", "BTCUSD"], "belong to --replay"),
        (["--replay", "nowhere.csv"], "There is no file nowhere.csv"),
        (["--script", "nowhere.txt"], "There is no script nowhere.txt"),
        (["--theme", "pink"], "pink"),
        (["--wrong"], "Unrecognized arguments: --wrong"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert sentence in said
    assert said.count("\n") == 1


def test_a_script_trades_and_the_picture_and_the_dump_show_it(desk: Desk, tmp_path: Path) -> None:
    script = tmp_path / "steps.txt"
    script.write_text("# a comment\nBTCUSDT B 0.01 SEND\npanel orders\nkey Ctrl+K\ntype palette.line.input ETH\n")

    async def job(app: DeskApp) -> None:
        await app.seen

    picture, dump = tmp_path / "a.png", tmp_path / "a.json"
    desk.run(
        job, "--script", str(script), "--screenshot", str(picture), "--ui-dump", str(dump), "--after", "0.2", "--exit"
    )
    assert [name for name, _ in desk.calls] == ["submit"]
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1600, 900)
    state = json.loads(dump.read_text())
    assert state["palette"]["text"] == "ETH"
    assert "Symbol: ETHUSDT.SIM" in state["palette"]["results"]
    assert any("BUY 0.01 BTCUSDT: Filled" in one["text"] for one in state["notices"])
    assert any(one["name"].startswith("ticket.submit") for one in state["panels"]["ticket"]["widgets"])


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("click nowhere.at.all", "There is no control named nowhere.at.all"),
        ("wait long", "number of seconds"),
        ("key Banana+Q", "is no key"),
        ("workspace Nowhere", "no workspace Nowhere"),
        ("panel tea", "no command panel.tea"),
        ("BTCUSDT B 0,1", "Use a point"),
        ("focus nothing-1", "no panel instance nothing-1"),
    ],
)
def test_a_bad_step_names_its_line(desk: Desk, tmp_path: Path, step: str, sentence: str) -> None:
    path = tmp_path / "steps.txt"
    path.write_text(f"wait 0\n{step}\n")

    async def job(app: DeskApp) -> None:
        with pytest.raises(ScriptError) as caught:
            await Script(app.window).run(path)
        assert "line 2" in str(caught.value)
        assert sentence in str(caught.value)

    desk.run(job)


def test_a_desk_that_lost_the_race_for_the_profile_writes_no_layout(desk: Desk) -> None:
    from bidmere.errors import ProfileLocked

    desk.fail = ProfileLocked("Another Bidmere uses this profile.")

    async def job(app: DeskApp) -> None:
        app.window.docks.close_panel("log")
        assert app.window.header.trading.text == "Not running"

    desk.run(job)
    assert not (desk.profile / "layouts").exists()
