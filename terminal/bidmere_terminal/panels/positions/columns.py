"""The columns of the positions table."""

from __future__ import annotations

from collections.abc import Callable

from bidmere.desk.words import MINUS, NOTHING, age_text, amount_text, bare_qty, pct_text, price_text, qty_text
from bidmere.model.money import ZERO, plain
from bidmere_terminal.panels.positions.figures import NO_STOP, Exit, PositionRow
from bidmere_terminal.tables.columns import Align, Cell, Column


def _result(text: str) -> str:
    """Return the role of a signed figure; what is shown as zero is neither profit nor loss."""
    return {"+": "profit", MINUS: "loss", NOTHING: "text_faint"}.get(text[0], "text_muted")


def _money(row: PositionRow, value: object, *, coloured: bool = True) -> Cell:
    currency = row.position.instrument.settle
    text = amount_text(value, currency, signed=coloured)  # type: ignore[arg-type]
    role = _result(text) if coloured else "text_faint" if text == NOTHING else "text_muted"
    return Cell(text, role, f" {currency}" if text != NOTHING else "")


def _exit_text(row: PositionRow, found: Exit) -> str:
    if found.price is None:
        return f"trail {plain(found.trail or ZERO)}"
    return price_text(row.position.instrument, found.price)


def _stop(row: PositionRow) -> Cell:
    if row.stop is None:
        return Cell(NO_STOP, "warn", fill="warn_soft")
    part = "" if row.is_covered else f" for {bare_qty(row.stop.qty)}"
    return Cell(_exit_text(row, row.stop), "text" if row.is_covered else "warn", f"{part} {row.stop.lives_at}")


def _target(row: PositionRow) -> Cell:
    if row.target is None:
        return Cell(NOTHING, "text_faint")
    return Cell(_exit_text(row, row.target), "text", f" {row.target.lives_at}")


def position_columns(age_s: Callable[[PositionRow], float | None]) -> list[Column]:
    """Return the columns; `age_s(row)` tells how long a position is open in seconds."""
    right = Align.RIGHT
    return [
        Column(
            id="symbol", title="Symbol", width=96, min_width=96, live=False, stretch=1,
            cell=lambda r: Cell(r.position.instrument.id.symbol, "text", f"·{r.position.instrument.id.venue}"),
            value=lambda r: r.position.instrument.id.symbol, canonical=lambda r: str(r.position.instrument.id),
        ),
        Column(
            id="side", title="Side", width=40,
            cell=lambda r: Cell("Long", "buy") if r.position.qty > 0 else Cell("Short", "sell"),
            value=lambda r: "long" if r.position.qty > 0 else "short",
        ),
        Column(
            id="qty", title="Qty", width=46, align=right,
            cell=lambda r: Cell(qty_text(r.position.instrument, abs(r.position.qty))), value=lambda r: r.position.qty,
        ),
        Column(
            id="avg", drop=5, title="Avg", width=54, align=right,
            cell=lambda r: Cell(price_text(r.position.instrument, r.position.avg_price), "text_muted"),
            value=lambda r: r.position.avg_price, hint="Average price of what is open",
        ),
        Column(
            id="mark", drop=4, title="Mark (mid)", width=70, align=right,
            cell=lambda r: Cell(price_text(r.position.instrument, r.mark)), value=lambda r: r.mark,
            hint="Half way between bid and ask",
        ),
        Column(
            id="pnl", title="P&L", width=64, align=right, cell=lambda r: _money(r, r.pnl), value=lambda r: r.pnl,
            flash=True, hint="Open profit at the mark, before fees",
        ),
        Column(
            id="pnl_pct", drop=3, title="P&L %", width=52, align=right,
            cell=lambda r: Cell(pct_text(r.pnl_pct), _result(pct_text(r.pnl_pct))),
            value=lambda r: r.pnl_pct, hint="Open profit in per cent of the cost",
        ),
        Column(
            id="stop", title="Stop", width=80, align=right, cell=_stop,
            value=lambda r: r.stop.price if r.stop else None, canonical=lambda r: _stop(r).text,
            hint="Working protective stop and where it is kept",
        ),
        *_exit_columns(),
        *_more_columns(age_s),
        Column(
            id="close", title="", hint="Close — all at market, reduce-only", width=52, min_width=52, button=True,
            align=Align.CENTRE, cell=lambda r: Cell("Close"), sortable=False, live=False,
            detail=lambda r: "Close at market, reduce-only, never more than is held",
        ),
        Column(
            id="half", title="", hint="½ — half at market, reduce-only", width=30, min_width=30, button=True,
            align=Align.CENTRE, cell=lambda r: Cell("½"), sortable=False, live=False,
            detail=lambda r: "Close half at market, reduce-only",
        ),
    ]  # fmt: skip


def _exit_columns() -> list[Column]:
    right = Align.RIGHT
    return [
        Column(
            id="target", drop=7, title="Target", width=64, align=right, cell=_target,
            value=lambda r: r.target.price if r.target else None,
            hint="Working reduce-only target and where it is kept",
        ),
        Column(
            id="at_stop", drop=6, title="Loss to stop", width=84, align=right, cell=lambda r: _money(r, r.at_stop),
            value=lambda r: r.at_stop, hint="Result from the average price when the stop is hit, before costs",
        ),
    ]  # fmt: skip


def _more_columns(age_s: Callable[[PositionRow], float | None]) -> list[Column]:
    right = Align.RIGHT
    return [
        Column(
            id="realised", drop=8, title="Realised", width=80, align=right,
            cell=lambda r: _money(r, r.position.realised),
            value=lambda r: r.position.realised, hint="Profit already taken, before fees",
        ),
        Column(
            id="notional", title="Notional", width=100, align=right, visible=False,
            cell=lambda r: _money(r, r.notional, coloured=False), value=lambda r: r.notional,
        ),
        Column(
            id="margin", title="Margin", width=100, align=right, visible=False,
            cell=lambda r: _money(r, r.margin, coloured=False), value=lambda r: r.margin,
            hint="Initial margin at the mark",
        ),
        Column(
            id="age", drop=9, title="Age", width=48, align=right, cell=lambda r: Cell(age_text(age_s(r)), "text_muted"),
            value=age_s, hint="Since it was opened",
        ),
        Column(
            id="strategy", title="Strategy", width=84, visible=False,
            cell=lambda r: Cell(r.position.strategy, "text_muted"), value=lambda r: r.position.strategy,
        ),
        Column(
            id="account", title="Account", width=76, visible=False,
            cell=lambda r: Cell(r.position.account, "text_muted"), value=lambda r: r.position.account,
        ),
    ]  # fmt: skip
