"""The account's figures and the log through real widgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tests.panels.fakes import ACCOUNT, NOW, Bench, account, valuation

from bidmere.desk.api import LogLine
from bidmere.desk.feed import Batch
from bidmere_terminal.panels.account.equity_line import EquityLine
from bidmere_terminal.panels.account.panel import AccountPanel
from bidmere_terminal.panels.log import panel as log_module
from bidmere_terminal.panels.log.panel import LogPanel


def test_account_figures_are_the_engines(bench: Bench) -> None:
    panel = bench.make(AccountPanel)
    value = replace(
        valuation(), equity=Decimal("100412.20"), unrealised=Decimal("450.00"), realised=Decimal("-37.80"),
        leverage=Decimal("0.634"), margin_used=Decimal("22090.684"),
    )  # fmt: skip
    cash = replace(account(), balances=(("BTC", Decimal("0.125")), ("USD", Decimal("-98.5"))))
    bench.model.apply(Batch(accounts={ACCOUNT: (cash, value)}))
    panel.balances.refresh()
    shown = panel.dump()
    assert shown["account"] == "Paper-1 · PAPER · SIM"
    figures = shown["figures"]
    assert (figures["equity"], figures["day"], figures["realised"]) == ("$100,412.20", "+$412.20", "−$37.80")
    assert (figures["leverage"], figures["margin_share"]) == ("0.63×", "22.0%")
    assert shown["balances"] == [
        {"Cash": "BTC", "Balance": "0.125000"},
        {"Cash": "USD", "Balance": "−98.50"},
    ]
    assert shown["missing"] == ""


def test_u57_a_missing_rate_is_named(bench: Bench) -> None:
    panel = bench.make(AccountPanel)
    bench.model.apply(Batch(accounts={ACCOUNT: (account(), replace(valuation(), missing=("JPY/USD",)))}))
    assert panel.dump()["missing"].startswith("No rate for JPY/USD")


def test_no_account_says_so(bench: Bench) -> None:
    bench.model.accounts.clear()
    assert bench.make(AccountPanel).dump()["account"] == "No account is connected."


def test_equity_line_keeps_the_whole_session(qtbot: QtBot) -> None:
    line = EquityLine("line")
    qtbot.addWidget(line)
    line.resize(300, 80)
    line.begin("USD")
    for number in range(20_000):
        line.add(float(number))
    assert len(line.values) <= 1_200
    assert line.values[0] == 0.0
    assert line.values[-1] == 19_999.0
    assert line.values == sorted(line.values)
    line.grab()


@pytest.fixture
def log(bench: Bench) -> Iterator[LogPanel]:
    made = bench.make(LogPanel)
    made.resize(500, 200)
    made.show()
    yield made
    made.hide()


def say(bench: Bench, *texts: str, level: str = "INFO") -> None:
    lines = [LogLine(ts=NOW, level=level, source="bidmere.engine", text=text) for text in texts]
    bench.model.apply(Batch(logs=lines))


def shown(log: LogPanel) -> list[str]:
    log.table.refresh()
    return [row["Message"] for row in log.dump()["rows"]]


def test_log_filters_by_level_and_text(log: LogPanel, bench: Bench, qtbot: QtBot) -> None:
    say(bench, "noise", level="DEBUG")
    say(bench, "feed ok")
    say(bench, "feed late", level="WARNING")
    say(bench, "disk full", level="ERROR")
    assert shown(log) == ["feed ok", "feed late", "disk full"]
    qtbot.mouseClick(log._levels[2], Qt.MouseButton.LeftButton)
    assert shown(log) == ["feed late", "disk full"]
    qtbot.mouseClick(log._levels[0], Qt.MouseButton.LeftButton)
    qtbot.keyClicks(log.search, "feed")
    assert shown(log) == ["feed ok", "feed late"]


def test_log_follows_the_end_until_the_user_scrolls(log: LogPanel, bench: Bench) -> None:
    say(bench, *(f"line {number}" for number in range(100)))
    bar = log.table.view.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    bar.setSliderPosition(10)
    bar.triggerAction(bar.SliderAction.SliderMove)
    assert not log.follow.isChecked()
    say(bench, "one more")
    assert bar.value() == 10
    log.follow.setChecked(True)
    assert bar.value() == bar.maximum()


def test_log_keeps_the_newest_lines(log: LogPanel, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "CAP", 50)
    say(bench, *(f"line {number}" for number in range(120)))
    say(bench, "last")
    assert shown(log) == [*(f"line {number}" for number in range(71, 120)), "last"]
    assert len(log.table.model.rows) == 50
