"""A disk that is full while orders work: nothing new is sent, nothing that happens is lost (R-51)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.engine.sim_desk import ACCOUNT, WIDE, S, SimDesk

from bidmere.model.market import Quote, Side
from bidmere.model.orders import Limit, Market, OrderIntent, OrderState
from bidmere.risk.limits import RiskLimits
from bidmere.storage.journal import JOURNAL_FILE, verify

D = Decimal
LIMITS = RiskLimits(**{name: getattr(WIDE, name) for name in WIDE.__dataclass_fields__} | {"min_disk_mb": 0})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by the superuser of a Linux machine")
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill_up(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return filler


@pytest.mark.expected_errors("The simulated venue's record")
async def test_r51_a_full_disk_stops_new_orders_and_loses_nothing(small_disk: Path) -> None:
    sim = SimDesk(small_disk / "profile", 3, limits=LIMITS)
    await sim.start()
    instrument = sim.desk.resolve("BTCUSDT")
    await sim.desk.watch([instrument.id])
    await sim.wait(1)

    async def buy(spec: Limit | Market) -> OrderState:
        intent = OrderIntent(
            instrument=instrument.id, side=Side.BUY, qty=D("0.01"), spec=spec, account=ACCOUNT, source="api"
        )
        result = await sim.during(sim.desk.submit(intent))
        reasons.append(result.order.reason)
        return result.order.state

    def drop_to(price: float) -> None:
        now = sim.clock.now_ns()
        sim.session.exchange.matcher(instrument.id).outside._book = None
        sim.session._server.feed(Quote(instrument.id, price - 1, price, 50.0, 50.0, now, now))

    reasons: list[str] = []
    quote = sim.desk.quote(instrument.id)
    assert quote is not None
    below = [instrument.to_price(quote.bid * share) for share in (0.999, 0.998)]
    assert [await buy(Limit(price=one)) for one in below] == [OrderState.OPEN] * 2
    filler = fill_up(small_disk)
    while await buy(Limit(price=below[1])) is not OrderState.DENIED:
        assert len(reasons) < 2_000
    assert reasons[-1].count(". ") <= 1
    assert "disk" in reasons[-1] or "journal" in reasons[-1]
    known = len(sim.sent)
    drop_to(float(below[1]) - 5)
    await sim.wait(2)
    assert sum(one.qty for one in sim.desk.positions()) >= D("0.02")
    assert await buy(Market()) is OrderState.DENIED
    assert len(sim.sent) == known
    await sim.during(sim.desk.kill(1, source="hotkey:kill", reason="the disk is full"))
    assert sim.desk.health().kill_level == 1
    filler.unlink()
    await sim.wait(10)
    await sim.during(sim.desk.clear_kill(source="api", reason="there is room again"))
    assert await buy(Market()) in (OrderState.FILLED, OrderState.PENDING_SUBMIT, OrderState.OPEN)
    await sim.quiet()
    before = {one.instrument.id: one.qty for one in sim.desk.positions()}
    await sim.stop()
    report = verify(sim.profile / JOURNAL_FILE)
    assert report.ok, report.problems
    sim.clock.advance_to(sim.clock.now_ns() + S)
    await sim.start()
    assert {one.instrument.id: one.qty for one in sim.desk.positions()} == before
    assert not sim.desk.halts()
    await sim.stop()
