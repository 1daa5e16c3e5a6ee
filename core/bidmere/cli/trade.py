"""`run`, `order` and `positions`: the engine on the simulated venue, headless."""

from __future__ import annotations

import argparse
import asyncio
from decimal import Decimal
from typing import Any

from bidmere.cli.output import show, table
from bidmere.cli.session import engine_for, run_async, sim_config
from bidmere.desk.api import DeskApi
from bidmere.desk.grammar import parse
from bidmere.desk.line_orders import draft_order
from bidmere.desk.lines import OrderLine
from bidmere.desk.surroundings import surroundings
from bidmere.desk.tokens import SymbolTable
from bidmere.desk.words import state_words
from bidmere.errors import InvalidInput
from bidmere.kernel.tasks import until
from bidmere.model.account import Valuation
from bidmere.model.money import plain, to_decimal
from bidmere.model.orders import Order
from bidmere.model.timeframe import Timeframe
from bidmere.risk.decision import GateReport, Verdict

_MARKS = {Verdict.PASS: "✔", Verdict.WARN: "⚠", Verdict.FAIL: "✖"}


def run(arguments: argparse.Namespace) -> int:
    """Run the engine until the time is up or the user interrupts."""

    async def job() -> int:
        async with engine_for(sim_config(arguments)) as engine:
            desk = engine.desk
            account = desk.accounts()[0].id
            if arguments.strategy:
                await start_strategy(desk, arguments, account)
            else:
                await desk.watch([desk.resolve(arguments.symbol).id])
            if not arguments.json:
                seconds = "until you press Ctrl+C" if arguments.seconds is None else f"for {arguments.seconds:g} s"
                print(f"Running {seconds} on {arguments.profile}; nothing leaves this machine.", flush=True)
            try:
                await asyncio.sleep(3.15e7 if arguments.seconds is None else arguments.seconds)
            except asyncio.CancelledError:
                if arguments.seconds is not None:
                    raise
            summary = summarise(desk, account) | {"journal_hash": await engine.journal_hash()}
        show(summary, summary_text(summary), as_json=arguments.json)
        return 0

    return run_async(job)


async def start_strategy(desk: DeskApi, arguments: argparse.Namespace, account: str) -> None:
    """Start the strategy that a command's options name."""
    instrument = desk.resolve(arguments.symbol)
    qty = to_decimal(arguments.qty) if arguments.qty else None
    timeframe = Timeframe.parse(arguments.timeframe)
    await desk.start_strategy(arguments.strategy, instrument.id, timeframe, account, dict(arguments.param), qty)


def order(arguments: argparse.Namespace) -> int:
    """Send one order line through the gate, wait for its end, say how it stands."""

    async def job() -> int:
        async with engine_for(sim_config(arguments)) as engine:
            desk = engine.desk
            account = desk.accounts()[0].id
            line = parse(" ".join(arguments.line), SymbolTable(one.id for one in desk.instruments()))
            if not isinstance(line, OrderLine):
                raise InvalidInput("That is no order: write for example BTCUSDT B 0.1 @ 65000 TIF GTC.")
            await desk.watch([line.symbol])
            await until(lambda: desk.quote(line.symbol) is not None, 3.0)
            intent = draft_order(line, surroundings(desk, line.symbol, account), source="cli").intent
            if arguments.preview:
                preview = desk.preview(intent)
                show({"preview": preview}, report_text(preview.report), as_json=arguments.json)
                return 0 if preview.report.passed else 1
            result = await desk.submit(intent)
            client_id = result.order.client_id
            await until(lambda: _find(desk, client_id).state.is_terminal, arguments.wait)
            final = _find(desk, client_id) if result.report.passed else result.order
            value = {"order": order_row(final), "report": result.report, "journal_hash": await engine.journal_hash()}
        words = state_words(final)
        filled = f" at {plain(final.avg_price)}" if final.filled_qty else ""
        text = f"{words.text}: {plain(final.filled_qty)} of {plain(final.qty)}{filled}. {final.reason}".strip()
        show(value, text if result.report.passed else f"{text}\n{report_text(result.report)}", as_json=arguments.json)
        return 0 if result.report.passed else 1

    return run_async(job)


def positions(arguments: argparse.Namespace) -> int:
    """Show accounts, positions and working orders as the venue and the journal have them."""

    async def job() -> int:
        async with engine_for(sim_config(arguments)) as engine:
            desk = engine.desk
            held = [position.instrument.id for position in desk.positions() if not position.is_flat]
            await desk.watch(held)
            await until(lambda: all(desk.quote(instrument) is not None for instrument in held), 3.0)
            summary = summarise(desk, desk.accounts()[0].id)
        show(summary, summary_text(summary), as_json=arguments.json)
        return 0

    return run_async(job)


def summarise(desk: DeskApi, account: str) -> dict[str, Any]:
    """Return an account with its positions, orders and strategy runs as plain values."""
    return {
        "account": account,
        "valuation": desk.valuation(account),
        "positions": [
            {
                "instrument": position.instrument.id,
                "qty": position.qty,
                "avg_price": position.avg_price,
                "realised": position.realised,
                "currency": position.instrument.settle,
                "fees": dict(position.fees),
            }
            for position in desk.positions()
        ],
        "orders": [order_row(one) for one in desk.orders()],
        "fills": len(desk.fills()),
        "strategies": desk.strategy_runs(),
    }


def order_row(one: Order) -> dict[str, Any]:
    """Return the facts of an order that a person or a script asks for."""
    return {
        "client_id": one.client_id,
        "venue_id": one.venue_id,
        "instrument": one.instrument,
        "side": one.side,
        "type": one.spec.kind,
        "qty": one.qty,
        "filled": one.filled_qty,
        "avg_price": one.avg_price,
        "tif": one.intent.tif,
        "state": one.state,
        "words": state_words(one).text,
        "cause": one.cause,
        "code": one.code,
        "reason": one.reason,
        "source": one.intent.source,
        "fees": dict(one.fees),
        "ack_ms": (one.accepted_ns - one.submitted_ns) / 1e6 if one.accepted_ns and one.submitted_ns else None,
    }


def summary_text(summary: dict[str, Any]) -> str:
    """Return a summary for a person."""
    valuation: Valuation = summary["valuation"]
    lines = [
        f"{summary['account']}: equity {_money(valuation.equity)} {valuation.currency}, "
        f"unrealised {_money(valuation.unrealised)}, buying power {_money(valuation.buying_power)}"
    ]
    if valuation.missing:
        lines.append("Not valued for want of a price or rate: " + ", ".join(valuation.missing))
    held = [row for row in summary["positions"] if row["qty"]]
    if held:
        rows = [
            (row["instrument"], plain(row["qty"]), plain(row["avg_price"]), _money(row["realised"])) for row in held
        ]
        lines.append(table(("Position", "Qty", "Average", "Realised"), rows, frozenset({1, 2, 3})))
    working = [row for row in summary["orders"] if row["state"].is_working]
    if working:
        named = [(row["client_id"], row["instrument"], row["side"], plain(row["qty"]), row["words"]) for row in working]
        lines.append(table(("Order", "Instrument", "Side", "Qty", "State"), named, frozenset({3})))
    lines += [
        f"{one.run_id} on {one.instrument} {one.timeframe}: {one.state}, {one.orders} orders"
        for one in summary["strategies"]
    ]
    lines.append(f"{len(summary['orders'])} orders, {summary['fills']} fills")
    return "\n".join(lines)


def report_text(report: GateReport) -> str:
    """Return the gate's report for a person: every check with limit, now and after."""
    rows = [(_MARKS[one.verdict], one.title, one.limit, one.now, one.after, one.message) for one in report.checks]
    text = table(("", "Check", "Limit", "Now", "After", ""), rows)
    largest = report.largest_qty
    return text if report.passed or largest is None else f"{text}\nLargest size that passes: {plain(largest)}"


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _find(desk: DeskApi, client_id: str) -> Order:
    return next(one for one in desk.orders() if one.client_id == client_id)
