"""The end and what comes after it: restarts and kills lose nothing and double nothing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.real_desk import PATIENCE_S, Person, RealDesk, ran, started, state_of

from bidmere.model.orders import OrderState

Journals = Callable[[Path], list[dict[str, Any]]]


def held(person: Person) -> Decimal:
    positions = [one.qty for one in person.app.model.positions.values() if not one.is_flat]
    return sum(positions, Decimal(0))


def working(person: Person) -> list[str]:
    return [one.client_id for one in person.app.model.orders.values() if one.state.is_working]


def test_a_restart_brings_position_and_working_orders_back(desk: RealDesk, journals: Journals) -> None:
    left: dict[str, Any] = {}

    async def first(person: Person) -> None:
        await person.until_ready_to_send()
        await person.does("click ticket.submit")
        await person.until(lambda: held(person) > 0, "a position is held")
        below = person.panel("chart-1")["bid"] * 0.992 // 1
        await person.does(f"BTCUSDT B 0.01 @ {below:.0f} SEND")
        await person.until(lambda: len(working(person)) == 1, "an order works")
        left.update(held=held(person), working=working(person), orders=len(person.app.model.orders))

    async def second(person: Person) -> None:
        await person.until(lambda: person.app.model.orders, "the orders are back")
        assert held(person) == left["held"]
        assert working(person) == left["working"]
        assert len(person.app.model.orders) == left["orders"]
        assert [one.state for one in person.app.model.orders.values() if one.client_id in left["working"]] == [
            OrderState.OPEN
        ]
        assert person.sees["header"]["trading"] == "Trading on"
        await person.until(lambda: person.panel("positions")["rows"], "the panel shows the position")
        assert len(person.panel("orders")["shown"]) == 1
        await person.until_ready_to_send()
        await person.does("CXL ALL")
        await person.until(lambda: not working(person), "the old order can be cancelled")

    desk.run(first)
    journals(desk.profile)
    desk.run(second)
    journals(desk.profile)


def wait_for(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S * 2
    while not holds():
        if time.monotonic() > end:
            pytest.fail(f"it never came to this: {what}")
        time.sleep(0.05)


def killed(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_kill_9_of_a_headless_run_with_a_strategy_loses_and_doubles_nothing(tmp_path: Path, journals: Journals) -> None:
    code, _, err = ran("order", "BTCUSDT B 0.01", "--profile", str(tmp_path), "--seed", "1")
    assert code == 0, err
    code, _, err = ran("order", "BTCUSDT B 0.01 @ 60000", "--wait", "0.5", "--profile", str(tmp_path), "--seed", "1")
    assert code == 0, err
    before = state_of(tmp_path)
    quick = ("--timeframe", "1s", "--param", "fast=2", "--param", "slow=3", "--qty", "0.01")
    process = started("run", "--strategy", "sma_cross", *quick, "--profile", str(tmp_path), "--seed", "1")
    wait_for(lambda: process.poll() is not None or orders_of(tmp_path) > len(before["orders"]), "the strategy trades")
    assert process.poll() is None, process.communicate()
    killed(process)
    journals(tmp_path)
    after = state_of(tmp_path)
    again = state_of(tmp_path)
    (report,) = journals(tmp_path)
    assert same(after) == same(again)
    ids = [one["client_id"] for one in after["orders"]]
    assert len(ids) == len(set(ids))
    assert {one["client_id"] for one in before["orders"]} <= set(ids)
    # An order that the kill caught on its way is asked for, never sent again.
    assert {one["state"] for one in after["orders"]} <= {"filled", "open", "dead", "unknown"}, after["orders"]
    # Nothing doubled: what is held is exactly what was filled.
    signed = sum((Decimal(one["filled"]) * (1 if one["side"] == "buy" else -1) for one in after["orders"]), Decimal(0))
    assert signed == sum((Decimal(one["qty"]) for one in after["positions"]), Decimal(0))
    assert report["fills"] == after["fills"]


def orders_of(profile: Path) -> int:
    """Count the orders in a journal that another process writes."""
    with closing(sqlite3.connect(f"file:{profile / 'journal.db'}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])


def same(state: dict[str, Any]) -> str:
    filled = [(one["client_id"], one["filled"]) for one in state["orders"]]
    return json.dumps([state["positions"], filled, state["fills"]], sort_keys=True)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_kill_9_of_the_desk_loses_nothing_and_the_next_desk_starts(
    desk: RealDesk, journals: Journals, tmp_path: Path
) -> None:
    script = tmp_path / "steps"
    script.write_text("click ticket.submit\nwait 600\n")
    process = started("--profile", str(desk.profile), "--seed", "1", "--script", str(script), module="bidmere_terminal")
    try:
        wait_for(lambda: process.poll() is not None or fills_of(desk.profile) > 0, "an order is filled")
        assert process.poll() is None, process.communicate()
    finally:
        killed(process)
    (report,) = journals(desk.profile)
    assert (report["orders"], report["fills"]) == (1, 1)

    async def job(person: Person) -> None:
        await person.until_ready_to_send()
        (order,) = person.app.model.orders.values()
        assert order.state is OrderState.FILLED
        assert held(person) == order.qty
        await person.does("CLOSE BTCUSDT")
        await person.until(lambda: held(person) == 0, "the position is closed")

    desk.run(job)
    (report,) = journals(desk.profile)
    assert report["orders"] == 2


def fills_of(profile: Path) -> int:
    """Count the fills in a journal that another process writes."""
    file = profile / "journal.db"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM fills").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0
