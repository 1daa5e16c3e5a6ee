"""The gauges: every limit, where it stands, and how near it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.risk.cases import ACCOUNT, INVERSE, LIMITS, NOW, S_NS, SPOT, D, held, order, valued

from bidmere.model.orders import OrderState
from bidmere.risk.monitor import RiskRow, alarm_level, risk_rows
from bidmere.risk.state import TradingState


def rows(**changes: object) -> dict[str, RiskRow]:
    given: dict[str, object] = {
        "valuation": valued(),
        "account": ACCOUNT,
        "positions": (),
        "working": (),
        "recent_orders": (),
        "limits": LIMITS,
        "peak_equity": D(100_000),
        "naked": 0,
        "trading_state": TradingState.ACTIVE,
        "kill_level": 0,
        "now_ns": NOW,
    }
    found = risk_rows(**(given | changes))  # type: ignore[arg-type]
    assert len({row.code for row in found}) == len(found)
    return {row.code: row for row in found}


def test_all_gauges_are_there_and_quiet_when_nothing_happens() -> None:
    seen = rows()
    assert list(seen) == [
        "L-STATE", "L-DAILY-LOSS", "L-DRAWDOWN", "L-EXPOSURE", "M-NET", "L-LEVERAGE", "L-BUYING-POWER", "L-POSITION",
        "L-OPEN-TOTAL", "L-RATE", "M-NAKED",
    ]  # fmt: skip
    assert all(not row.share for row in seen.values())
    assert all(alarm_level(row, LIMITS) == 0 for row in seen.values())
    assert seen["L-STATE"].action == "takes every order"
    assert seen["L-POSITION"].now == "none"
    assert {row.scope for row in seen.values()} == {"Paper"}


@pytest.mark.parametrize(("equity", "level"), [("98600", 0), ("98500", 1), ("98200", 2), ("98000", 3), ("90000", 3)])
def test_u58_gauges_warn_at_75_and_90_percent_of_the_limit(equity: str, level: int) -> None:
    row = rows(valuation=replace(valued(), equity=D(equity)))["L-DAILY-LOSS"]
    assert alarm_level(row, LIMITS) == level
    assert (row.warn_at, row.stop_at) == ("−1,500.00 USDT", "−2,000.00 USDT")


def test_a_profit_uses_nothing_of_the_daily_loss() -> None:
    row = rows(valuation=replace(valued(), equity=D(101_000)))["L-DAILY-LOSS"]
    assert (row.now, row.share) == ("+1,000.00 USDT", 0.0)


def test_positions_show_in_exposure_leverage_margin_and_the_largest() -> None:
    position = held("0.5")
    seen = rows(valuation=valued(position), positions=(position, held("0")))
    assert seen["L-EXPOSURE"].now == "32.0 %"
    assert seen["M-NET"].now == "+32,000.00 USDT (32.0 %)"
    assert seen["L-LEVERAGE"].now == "0.32×"
    assert seen["L-BUYING-POWER"].share == pytest.approx(0.032)
    assert seen["L-POSITION"].now == "BTCUSDT 32.0 %"
    assert seen["L-POSITION"].share == pytest.approx(0.64)


def test_the_largest_of_several_positions_counts_at_cost() -> None:
    several = (held("0.5"), held("2", "3000", SPOT), held("100", "64000", INVERSE))
    assert rows(positions=several)["L-POSITION"].now == "BTCUSDT 32.0 %"


def test_drawdown_counts_from_the_peak() -> None:
    row = rows(peak_equity=D(125_000), valuation=replace(valued(), equity=D(115_000)))["L-DRAWDOWN"]
    assert (row.now, row.stop_at) == ("8.0 %", "10.0 %")
    assert alarm_level(row, LIMITS) == 1


def test_without_equity_whatever_is_open_counts_as_the_whole_limit() -> None:
    broke = replace(valued(held("0.5")), equity=D(0))
    assert rows(valuation=broke)["L-EXPOSURE"].share == 1.0
    assert rows(valuation=replace(broke, gross_exposure=D(0)))["L-EXPOSURE"].share == 0.0


def test_orders_and_rates_are_counted_without_exits() -> None:
    working = tuple(order(client_id=f"W{n}", state=OrderState.OPEN) for n in range(3))
    exits = (order(client_id="X", parent="W0", state=OrderState.OPEN),)
    recent = ((NOW, order().intent), (NOW, exits[0].intent), (NOW - 61 * S_NS, order().intent))
    seen = rows(working=working + exits, recent_orders=recent)
    assert (seen["L-OPEN-TOTAL"].now, seen["L-OPEN-TOTAL"].warn_at, seen["L-OPEN-TOTAL"].stop_at) == ("3", "38", "50")
    assert (seen["L-RATE"].now, seen["L-RATE"].stop_at) == ("1/min", "60/min")


def test_a_limit_of_nothing_is_used_up() -> None:
    assert rows(limits=replace(LIMITS, max_leverage=D(0)))["L-LEVERAGE"].share == 1.0


def test_the_switch_and_the_state_come_first() -> None:
    raised = rows(kill_level=2, trading_state="HALTED")
    assert next(iter(raised)) == "L-KILL"
    assert raised["L-KILL"].now == "HALTED, kill switch at level 2"
    assert rows(trading_state=TradingState.REDUCING)["L-STATE"].action == "only what reduces"
    assert rows(naked=2)["M-NAKED"].now == "2"


def test_an_account_that_is_not_valued_shows_what_is_known() -> None:
    assert list(rows(valuation=None, account=None)) == ["L-STATE", "L-OPEN-TOTAL", "L-RATE", "M-NAKED"]
    assert "L-DAILY-LOSS" not in rows(account=replace(ACCOUNT, day_start_equity=D(0)))
