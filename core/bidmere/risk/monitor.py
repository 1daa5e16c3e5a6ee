"""The gauges of the risk panel: every limit, where it stands, and what happens when it is reached (U-58)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from bidmere.model.account import Account, Valuation
from bidmere.model.money import ZERO, plain
from bidmere.model.orders import Order, OrderIntent
from bidmere.model.position import Position
from bidmere.risk.figures import HUNDRED, NOTHING, money, percent
from bidmere.risk.limits import NS_PER_S, RiskLimits
from bidmere.risk.snapshot import is_exit
from bidmere.risk.state import TradingState

_MINUTE_NS = 60 * NS_PER_S
_BLOCK = "block new, closing stays possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRow:
    """One line of the risk panel: a limit, where it stands and how much of it is used (0–1, None without a limit)."""

    code: str
    title: str
    scope: str
    now: str
    warn_at: str
    stop_at: str
    action: str
    share: float | None


def risk_rows(
    valuation: Valuation | None,
    account: Account | None,
    positions: Iterable[Position],
    working: Iterable[Order],
    recent_orders: Iterable[tuple[int, OrderIntent]],
    limits: RiskLimits,
    peak_equity: Decimal,
    naked: int,
    trading_state: TradingState | str,
    kill_level: int,
    now_ns: int,
) -> tuple[RiskRow, ...]:
    """Return the rows in the order of the panel; `naked` counts open positions without a working stop."""
    scope = account.name if account is not None else NOTHING
    rows = [_trading(scope, str(trading_state), kill_level)]
    if valuation is not None and account is not None:
        rows += _money_rows(valuation, account, limits, peak_equity, scope)
        rows.append(_largest(valuation, tuple(positions), limits, scope))
    rows += _flow_rows(tuple(working), tuple(recent_orders), limits, now_ns, scope)
    rows.append(
        RiskRow(
            code="M-NAKED",
            title="Positions without stop",
            scope=scope,
            now=str(naked),
            warn_at="1",
            stop_at=NOTHING,
            action="warn",
            share=None,
        )
    )
    return tuple(rows)


def alarm_level(row: RiskRow, limits: RiskLimits) -> int:
    """Return 0 (quiet), 1 (from the warning share), 2 (from the alarm share) or 3 (the limit is reached)."""
    if row.share is None:
        return 0
    used = Decimal(repr(row.share))
    return sum(used >= step for step in (limits.warn_share, limits.alarm_share, Decimal(1)))


def _trading(scope: str, state: str, kill_level: int) -> RiskRow:
    now = f"{state}, kill switch at level {kill_level}" if kill_level else state
    free = kill_level == 0 and state == TradingState.ACTIVE
    return RiskRow(
        code="L-KILL" if kill_level else "L-STATE",
        title="Trading",
        scope=scope,
        now=now,
        warn_at=NOTHING,
        stop_at=NOTHING,
        action="takes every order" if free else "only what reduces",
        share=None,
    )


def _money_rows(valuation: Valuation, account: Account, limits: RiskLimits, peak: Decimal, scope: str) -> list[RiskRow]:
    currency, equity, warn = account.currency, valuation.equity, limits.warn_share
    rows = []
    if account.day_start_equity > 0:
        pnl = equity - account.day_start_equity
        most = account.day_start_equity * limits.daily_loss_pct / HUNDRED
        rows.append(
            RiskRow(
                code="L-DAILY-LOSS",
                title="Day profit and loss",
                scope=scope,
                now=money(pnl, currency, sign=True),
                warn_at=money(-most * warn, currency, sign=True),
                stop_at=money(-most, currency, sign=True),
                action=f"{_BLOCK}, until tomorrow (UTC)",
                share=_share(max(ZERO, -pnl), most),
            )
        )
    top = max(peak, equity)
    fall = top - equity
    drawdown = limits.drawdown_pct
    rows.append(_percent_row("L-DRAWDOWN", "Drawdown from peak", scope, fall, top, drawdown, warn))
    gross = limits.gross_exposure_pct
    rows.append(_percent_row("L-EXPOSURE", "Gross exposure", scope, valuation.gross_exposure, equity, gross, warn))
    rows.append(
        RiskRow(
            code="M-NET",
            title="Net exposure",
            scope=scope,
            now=f"{money(valuation.net_exposure, currency, sign=True)} ({percent(valuation.net_exposure, equity)})",
            warn_at=NOTHING,
            stop_at=NOTHING,
            action="shown only",
            share=None,
        )
    )
    most = limits.max_leverage
    rows.append(
        RiskRow(
            code="L-LEVERAGE",
            title="Leverage",
            scope=scope,
            now=f"{valuation.leverage:.2f}×",
            warn_at=f"{most * warn:.2f}×",
            stop_at=f"{most:.2f}×",
            action=_BLOCK,
            share=_share(valuation.leverage, most),
        )
    )
    rows.append(_percent_row("L-BUYING-POWER", "Margin in use", scope, valuation.margin_used, equity, HUNDRED, warn))
    return rows


def _percent_row(
    code: str, title: str, scope: str, part: Decimal, whole: Decimal, most: Decimal, warn: Decimal
) -> RiskRow:
    """Make a row of a share of equity; used with nothing to be a share of, the limit counts as reached."""
    share = _share(part * HUNDRED / whole, most) if whole > 0 else float(part > 0)
    return RiskRow(
        code=code,
        title=title,
        scope=scope,
        now=percent(part, whole),
        warn_at=f"{most * warn:.1f} %",
        stop_at=f"{most:.1f} %",
        action=_BLOCK,
        share=share,
    )


def _largest(valuation: Valuation, positions: tuple[Position, ...], limits: RiskLimits, scope: str) -> RiskRow:
    """Make the row of the largest position; valued at cost, as the gauges know no marks, and within the gross value."""
    held = [one for one in positions if not one.is_flat]
    values = [(abs(one.notional(one.avg_price)), one) for one in held if one.instrument.settle == valuation.currency]
    value, largest = max(values, key=lambda pair: pair[0], default=(ZERO, None))
    if len(held) == 1:
        value, largest = valuation.gross_exposure, held[0]
    row = _percent_row(
        "L-POSITION", "Largest position", scope, value, valuation.equity, limits.position_pct, limits.warn_share
    )
    name = f"{largest.instrument.id.symbol} {row.now}" if largest is not None else "none"
    return RiskRow(
        code=row.code,
        title=row.title,
        scope=scope,
        now=name,
        warn_at=row.warn_at,
        stop_at=row.stop_at,
        action=row.action,
        share=row.share,
    )


def _flow_rows(
    working: tuple[Order, ...], recent: tuple[tuple[int, OrderIntent], ...], limits: RiskLimits, now_ns: int, scope: str
) -> list[RiskRow]:
    entries = sum(not is_exit(order) for order in working)
    minute = sum(now_ns - ts < _MINUTE_NS and not intent.parent for ts, intent in recent)
    rows = []
    for code, title, now, most, unit in (
        ("L-OPEN-TOTAL", "Working orders", entries, limits.open_orders_total, ""),
        ("L-RATE", "Order rate", minute, limits.orders_per_minute, "/min"),
    ):
        rows.append(
            RiskRow(
                code=code,
                title=title,
                scope=scope,
                now=f"{now}{unit}",
                warn_at=f"{plain((most * limits.warn_share).to_integral_value())}{unit}",
                stop_at=f"{most}{unit}",
                action="block new",
                share=_share(Decimal(now), Decimal(most)),
            )
        )
    return rows


def _share(now: Decimal, most: Decimal) -> float:
    return float(now / most) if most > 0 else 1.0
