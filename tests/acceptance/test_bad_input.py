"""What a person or a disk can get wrong: one clear sentence each, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.real_desk import Person, RealDesk, one_sentence, ran, started

from bidmere.cli import main
from bidmere.errors import InvalidInput

Journals = Callable[[Path], list[dict[str, Any]]]
Cli = Callable[..., tuple[int, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in this process; return its exit code and what it wrote for the eyes."""

    def call(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(list(arguments))
        return code, capsys.readouterr().err

    return call


def warnings(person: Person) -> list[str]:
    return [one["text"] for one in person.sees["notices"] if one["level"] in ("warning", "error")]


async def lives(person: Person) -> None:
    await person.until_ready_to_send()


def test_a_damaged_workspace_is_kept_aside_and_said_and_the_desk_starts(desk: RealDesk) -> None:
    desk.run(lives)
    layout = desk.profile / "layouts" / "Terminal.json"
    layout.parent.mkdir(exist_ok=True)
    layout.write_bytes(b'{"version": 1, "root": [[[')
    for version in (layout.parent / "history").glob("Terminal/*.json"):
        version.unlink()

    async def job(person: Person) -> None:
        await person.until_ready_to_send()
        (sentence,) = warnings(person)
        assert "Terminal" in sentence
        assert "damaged" in sentence
        kept = [file for file in layout.parent.iterdir() if file.is_file() and file.name in sentence]
        assert [file.read_bytes() for file in kept if file != layout] == [b'{"version": 1, "root": [[[']
        assert any(sentence in str(toast) for toast in person.sees["toasts"])

    desk.run(job)


def test_damaged_settings_are_kept_aside_and_said_and_the_defaults_are_used(desk: RealDesk) -> None:
    (desk.profile / "settings.json").write_bytes(b"\x00\xffnot json")

    async def job(person: Person) -> None:
        await person.until_ready_to_send()
        (sentence,) = warnings(person)
        assert sentence.startswith("settings.json could not be read, so the defaults are used")
        kept = [file for file in desk.profile.iterdir() if file.name in sentence and file.name != "settings.json"]
        assert [file.read_bytes() for file in kept] == [b"\x00\xffnot json"]

    desk.run(job)


def test_data_that_cannot_be_read_are_a_card_with_one_sentence(
    desk: RealDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "bars.csv"
    data.write_bytes(b"\x00\x01\x02 this is no table")

    async def job(person: Person) -> None:
        card = person.app.window.engine_card
        assert card.isVisible()
        title, words = card.texts()[:2]
        assert title
        assert "bars.csv" in words
        assert "Traceback" not in words

    desk.run(job, "--replay", str(data), "--symbol", "BTCUSD")
    assert one_sentence(capsys.readouterr().err)


@pytest.mark.parametrize("name", ["missing.csv", "broken.zip", "empty.csv", "a folder"])
def test_headless_replay_says_in_one_sentence_what_is_wrong_with_data(cli: Cli, tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    if name == "a folder":
        data.mkdir()
    elif name != "missing.csv":
        data.write_bytes(b"PK\x03\x04 cut off" if name == "broken.zip" else b"")
    profile = tmp_path / "profile"
    code, err = cli("replay", "--data", str(data), "--symbol", "BTCUSD", "--profile", str(profile))
    assert code in (1, 2)
    assert name in one_sentence(err)


def test_an_unknown_symbol_is_named_and_something_near_is_offered(cli: Cli, tmp_path: Path) -> None:
    code, err = cli("order", "BTCUSDX B 0.1", "--profile", str(tmp_path))
    assert code in (1, 2)
    assert "BTCUSDX" in one_sentence(err)
    assert "BTCUSDT" in err


def test_the_ticket_flags_what_is_off_the_grid_or_unclear_and_offers_a_fix(desk: RealDesk) -> None:
    async def job(person: Person) -> None:
        await person.until_ready_to_send()
        await person.does("click ticket.type.limit", "type ticket.price.input 60000.37", "wait 0.3")
        ticket = person.panel("ticket")
        assert not ticket["submit_enabled"]
        assert ticket["problems"] == ["Price is not a multiple of the tick 0.5."]
        assert person.texts("ticket")["ticket.price.hint.fix1"] == "Round to 60,000.5"
        await person.does("click ticket.price.hint.fix1", "wait 0.3")
        assert person.panel("ticket")["fields"]["price"] == "60000.5"
        assert person.panel("ticket")["problems"] == []
        await person.does("type ticket.size.input 1,000", "wait 0.3")
        ticket = person.panel("ticket")
        assert not ticket["submit_enabled"]
        assert ticket["problems"] == ["Did you mean 1 or 1000?"]
        assert not person.app.model.orders
        texts = person.texts("ticket")
        assert [texts[f"ticket.size.hint.fix{number}"] for number in (1, 2)] == ["1", "1000"]
        assert ticket["fields"]["size"] == "1,000", "what was typed stays"

    desk.run(job)


def test_the_palette_refuses_a_line_with_a_sentence(desk: RealDesk) -> None:
    async def job(person: Person) -> None:
        await person.until_ready_to_send()
        for line in ("BTCUSDT B 1,000 SEND", "BTCUSDX B 1 SEND"):
            with pytest.raises(InvalidInput) as refusal:
                await person.does(line)
            assert one_sentence(str(refusal.value))
            await person.does(f"palette {line}", "key Ctrl+Return", "wait 0.3")
            assert person.sees["palette"]["message"]
            await person.does("key Escape")
        assert not person.app.model.orders
        price = person.panel("chart-1")["bid"] // 1 - 9.63
        with pytest.raises(InvalidInput, match=r"is not a multiple of the tick 0\.5: round it\.$"):
            await person.does(f"BTCUSDT B 0.1 @ {price:.2f} SEND")
        await person.until(lambda: person.rows, "the refused order is in the list")
        (row,) = person.rows
        assert row["State"] == "Rejected (risk check)"
        assert "tick" in row["Reason"]
        (order,) = person.app.model.orders.values()
        assert not order.venue_id

    desk.run(job)


def test_a_second_desk_or_command_on_the_same_profile_is_told_so_and_the_first_goes_on(
    desk: RealDesk, journals: Journals
) -> None:
    async def job(person: Person) -> None:
        await person.until_ready_to_send()
        profile = ("--profile", str(desk.profile))
        code, _, err = ran("order", "BTCUSDT B 0.01", *profile)
        assert code != 0
        assert str(desk.profile) in one_sentence(err)
        code, _, err = ran(*profile, "--exit", "--after", "0", module="bidmere_terminal")
        assert code != 0
        assert str(desk.profile) in one_sentence(err)
        assert str(os.getpid()) in err
        await person.does("click ticket.submit")
        await person.until(lambda: person.rows and person.rows[0]["State"] == "Filled", "the first desk trades on")
        assert not warnings(person)

    desk.run(job)
    (report,) = journals(desk.profile)
    assert report["orders"] == 1


class Disk:
    """A file system of its own, of which we say how large it is."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(place)], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("this machine lets nobody mount")

    def resize(self, size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.place)], check=True)

    def fill_up(self) -> None:
        """Leave not one page."""
        found = os.statvfs(self.place)
        self.resize((found.f_blocks - found.f_bfree) * found.f_frsize)
        assert os.statvfs(self.place).f_bavail == 0

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("making a small disk needs Linux and root")
    made = Disk(tmp_path / "disk")
    try:
        yield made
    finally:
        made.close()


def test_r51_a_full_disk_stops_new_orders_but_no_cancel_and_room_brings_everything_back(
    desk: RealDesk, disk: Disk, journals: Journals
) -> None:
    desk.profile = disk.place / "profile"
    desk.profile.mkdir(mode=0o700)

    async def job(person: Person) -> None:
        orders = person.app.model.orders
        await person.until_ready_to_send()
        below = person.panel("chart-1")["bid"] * 0.995 // 1
        await person.does(f"BTCUSDT B 0.01 @ {below:.0f} SEND")
        await person.until(lambda: [one for one in orders.values() if one.state.is_working], "an order works")
        await person.does("type ticket.size.input 0.03")
        disk.fill_up()
        await person.until(lambda: "disk" in person.panel("ticket")["failure"], "the ticket says why it cannot send")
        assert "make room" in one_sentence(person.panel("ticket")["failure"])
        assert not person.panel("ticket")["submit_enabled"]
        await person.does("CXL ALL")
        await person.until(lambda: not [one for one in orders.values() if one.state.is_working], "it is cancelled")
        disk.resize(300 << 20)
        await person.until_ready_to_send()
        await person.does("click ticket.submit")
        await person.until(lambda: [one for one in orders.values() if one.filled_qty], "an order is filled")

    desk.run(job)
    (report,) = journals(desk.profile)
    assert report["orders"] == 2


def test_the_program_itself_says_usage_errors_in_one_sentence() -> None:
    with started("order", "--wat", "BTCUSDT B 1") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--wat" in one_sentence(err)
