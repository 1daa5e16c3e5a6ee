"""A process that is killed in the middle of trading: what the next one finds."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bidmere.storage.journal import JOURNAL_FILE, verify

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in ("core", "brokers", "resources"))}
TRADER = """
import asyncio, random, sys
from decimal import Decimal as D
from pathlib import Path
from bidmere.engine.config import EngineConfig
from bidmere.engine.engine import Engine
from bidmere.errors import BidmereError
from bidmere.model.market import Side
from bidmere.model.orders import Bracket, Limit, Market, OrderIntent
from bidmere.model.timeframe import Timeframe
from bidmere.risk.limits import RiskLimits

async def main():
    rng = random.Random(int(sys.argv[2]))
    limits = RiskLimits(orders_per_second=100, orders_per_minute=5000, open_orders_symbol=100, open_orders_total=500,
                        duplicate_window_ns=0, trade_risk_pct=D(50), fills_per_minute_per_strategy=1000)
    engine = Engine(EngineConfig(profile_dir=Path(sys.argv[1]), limits=limits, updates_per_s=10.0))
    await engine.start()
    desk = engine.desk
    btc = desk.resolve("BTCUSDT")
    await desk.watch([btc.id])
    await desk.start_strategy("sma_cross", btc.id, Timeframe.parse("1s"), "Paper-1")
    print("ready", flush=True)
    while True:
        quote = desk.quote(btc.id)
        if quote is not None:
            at = btc.to_price(quote.ask * rng.uniform(0.995, 1.002))
            bracket = Bracket(take_profit=at + 50, stop_loss=at - 50) if rng.random() < 0.3 else None
            spec = Market() if rng.random() < 0.3 and bracket is None else Limit(price=at)
            intent = OrderIntent(instrument=btc.id, side=Side.BUY, qty=D("0.001"), spec=spec, account="Paper-1",
                                 source="api", bracket=bracket)
            try:
                await desk.submit(intent)
                working = [one for one in desk.orders() if one.state.is_working]
                if len(working) > 10:
                    await desk.cancel(rng.choice(working).client_id, "api")
                if rng.random() < 0.1:
                    await desk.close_position(btc.id, "Paper-1", source="api")
            except BidmereError:
                pass
        await asyncio.sleep(0.005)

asyncio.run(main())
"""


def trade_until_killed(profile: Path, seed: int, seconds: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TRADER, str(profile), str(seed)], env=ENV, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def cli(profile: Path, *words: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "bidmere", *words, "--json", "--profile", str(profile)],
        env=ENV, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def check(profile: Path) -> int:
    """Start once more, then compare journal and venue; returns how many orders there are."""
    cli(profile, "positions")
    report = verify(profile / JOURNAL_FILE)
    assert report.ok, report.problems
    venue: dict[str, dict[str, object]] = {}
    trades = set()
    for line in (profile / "simulated" / "venue.jsonl").read_text().splitlines():
        row = json.loads(line)
        if "order" in row:
            venue[row["order"]["client_id"]] = row["order"]
        if "fill" in row:
            trades.add(row["fill"]["trade_id"])
    with closing(sqlite3.connect(f"file:{profile / JOURNAL_FILE}?mode=ro", uri=True)) as journal:
        approved = {row[0] for row in journal.execute("SELECT client_id FROM approvals WHERE decision='approved'")}
        states = dict(journal.execute("SELECT client_id, state FROM orders"))
        booked = {row[0] for row in journal.execute("SELECT trade_id FROM fills")}
        halts = journal.execute(
            "SELECT count(*) FROM events WHERE type='Audit' AND payload LIKE '%\"halt\"%'"
        ).fetchone()
        claims = journal.execute(
            "SELECT count(*), count(DISTINCT client_id) FROM events WHERE type='OrderClaimed'"
        ).fetchone()
    assert halts == (0,)
    assert claims[0] == claims[1]
    assert venue.keys() <= approved
    assert booked == trades
    working = {name for name, order in venue.items() if order["stage"] != "DONE"}
    assert {states[name] for name in working} <= {"open", "partial"}
    ended = {name for name in venue if name not in working}
    assert {states[name] for name in ended} <= {"filled", "canceled", "expired", "rejected"}
    return len(states)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.heavy)])
def test_r20_a_killed_process_leaves_a_book_that_the_next_one_continues(tmp_path: Path, rounds: int) -> None:
    if rounds > 3 and os.environ.get("HYPOTHESIS_PROFILE") != "deep":
        pytest.skip("long: runs with HYPOTHESIS_PROFILE=deep")
    rng = random.Random(rounds)
    before = 0
    for number in range(rounds):
        trade_until_killed(tmp_path, number, rng.uniform(0.05, 1.2))
        orders = check(tmp_path)
        assert orders > before
        before = orders
