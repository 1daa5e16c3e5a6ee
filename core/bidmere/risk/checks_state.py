"""Checks on whether this account, venue and machine may send anything at all."""

from __future__ import annotations

from bidmere.model.account import AccountMode
from bidmere.model.money import plain
from bidmere.model.orders import Order, OrderState
from bidmere.risk.case import Case, result
from bidmere.risk.decision import CheckResult
from bidmere.risk.figures import HUNDRED, money, percent
from bidmere.risk.state import TradingState

_NS_PER_MS = 1_000_000


def check_kill(case: Case) -> CheckResult:
    """New exposure is blocked while the kill switch is raised; what reduces passes (R-60)."""
    level = case.snap.kill_level
    return result(
        case,
        "L-KILL",
        "Kill switch",
        level > 0,
        limit="off",
        now=f"level {level}" if level else "off",
        message=f"The kill switch is raised to level {level}, so only orders that reduce are sent: clear it first.",
    )


def check_state(case: Case) -> CheckResult:
    """REDUCING and HALTED take only what reduces (U-6, U-60)."""
    state = case.snap.trading_state
    return result(
        case,
        "L-STATE",
        "Trading state",
        state is not TradingState.ACTIVE,
        limit=TradingState.ACTIVE.value,
        now=state.value,
        message=f"Trading is {state.value}, so only orders that reduce a position are sent: resume trading first.",
    )


def check_armed(case: Case) -> CheckResult:
    """A live account must be armed in this session (R-33)."""
    live = case.snap.account is not None and case.snap.account.mode is AccountMode.LIVE
    now = "paper" if not live else "armed" if case.snap.armed else "disarmed"
    return result(
        case,
        "L-ARMED",
        "Arming",
        live and not case.snap.armed,
        limit="armed when live",
        now=now,
        message="This live account is not armed, so nothing new is opened: arm it first.",
    )


def check_data_mode(case: Case) -> CheckResult:
    """No live order on simulated or replayed prices (U-2)."""
    live = case.snap.account is not None and case.snap.account.mode is AccountMode.LIVE
    return result(
        case,
        "L-DATA-MODE",
        "Data mode",
        live and case.snap.simulated_data,
        limit="live prices for live orders",
        now="simulated" if case.snap.simulated_data else "live",
        message="The prices are simulated or replayed, so a live order on them is never sent: connect live data.",
        physical=True,
    )


def check_account(case: Case) -> CheckResult:
    """The account must be known, be the intent's, and be valued."""
    account, name = case.snap.account, case.intent.account
    if account is None or account.id != name:
        return result(
            case,
            "L-ACCOUNT",
            "Account",
            True,
            limit="known",
            now="unknown",
            message=f"Account {name!r} is not known here: choose one of the connected accounts.",
            physical=True,
        )
    equity = case.equity
    missing = ", ".join(case.snap.valuation.missing) if case.snap.valuation is not None else ""
    if equity is None:
        message = f"The value of account {name} is not known ({missing or 'no valuation'}): wait for prices and rates."
    elif equity <= 0:
        message = f"The equity of account {name} is {money(equity, case.currency)}: add funds before you open anything."
    else:
        message = f"{missing} cannot be priced yet and is left out or counted at cost."
    return result(
        case,
        "L-ACCOUNT",
        "Account",
        equity is None or equity <= 0,
        limit="equity above 0",
        now="not valued" if equity is None else money(equity, case.currency),
        message=message,
        warned=bool(missing),
    )


def check_journal(case: Case) -> CheckResult:
    """Nothing is sent that cannot be written down first (R-10).

    What only reduces passes here: room is kept for it on a full disk, and it is refused when even that write fails.
    """
    return result(
        case,
        "L-JOURNAL",
        "Journal",
        not case.snap.journal_ok,
        limit="writable",
        now="writable" if case.snap.journal_ok else "not writable",
        message="The journal cannot be written, so no order can be sent: check the disk and restart.",
    )


def check_disk(case: Case) -> CheckResult:
    """The disk must have room for what follows an order."""
    free, least = case.snap.disk_free_mb, case.limits.min_disk_mb
    return result(
        case,
        "L-DISK",
        "Disk space",
        free < least,
        limit=f"≥ {least:,} MB",
        now="enough" if free >= 2 * least else f"{free:,} MB",
        message=f"Only {free:,} MB of disk are free and the journal needs {least:,} MB: make room.",
        warned=free < 2 * least,
    )


def check_clock(case: Case) -> CheckResult:
    """The machine's clock must be right."""
    error, most = abs(case.snap.clock_error_ns), case.limits.max_clock_error_ns
    near = error > most * case.limits.warn_share
    # A check that passes says nothing of this machine: the report's digest must be the same in every replay.
    now = f"{error / _NS_PER_MS:,.0f} ms" if near else "right"
    return result(
        case,
        "L-CLOCK",
        "Clock",
        error > most,
        limit=f"≤ {most / _NS_PER_MS:,.0f} ms",
        now=now,
        message=f"The clock of this machine is {now} off the venue's time: synchronise it.",
        warned=near,
    )


def check_sync(case: Case) -> CheckResult:
    """The venue's orders and positions must agree with the journal (R-20)."""
    synced = case.snap.venue_synced
    return result(
        case,
        "L-SYNC",
        "Venue",
        not synced,
        limit="in step",
        now="in step" if synced else "not in step",
        message=f"{case.intent.instrument.venue} is not connected and reconciled yet: wait until it is.",
    )


def check_unknown(case: Case) -> CheckResult:
    """While the outcome of an order of the instrument is unknown, nothing is added (R-14)."""
    orders: tuple[Order, ...] = case.snap.working + ((case.changed,) if case.changed is not None else ())
    states = (OrderState.UNKNOWN, OrderState.QUARANTINED)
    unknown = [one.client_id for one in orders if one.state in states and one.instrument == case.intent.instrument]
    return result(
        case,
        "L-UNKNOWN",
        "Unresolved orders",
        bool(unknown),
        limit="0",
        now=str(len(unknown)),
        message=f"Order {unknown[0] if unknown else ''} has no certain outcome yet: wait until it is reconciled.",
    )


def check_halted(case: Case) -> CheckResult:
    """An instrument whose position contradicts the venue is halted until a person decides (R-24)."""
    halted = case.intent.instrument in case.snap.halted_symbols
    return result(
        case,
        "L-HALTED",
        "Instrument halt",
        halted,
        limit="not halted",
        now="halted" if halted else "not halted",
        message=f"{case.intent.instrument} is halted because venue and journal disagree: decide that first.",
    )


def check_daily_loss(case: Case) -> CheckResult:
    """The day's loss must be within its limit; then only closing is left (U-60)."""
    account, pnl, pct = case.snap.account, case.snap.day_pnl, case.limits.daily_loss_pct
    limit = f"{plain(pct)} % of the day's first equity"
    if account is None or pnl is None:
        return result(
            case,
            "L-DAILY-LOSS",
            "Daily loss",
            case.equity is None,
            limit=limit,
            now="unknown",
            message="The day's profit cannot be worked out yet: the day's first or the present equity is not known.",
            warned=True,
        )
    most = account.day_start_equity * pct / HUNDRED
    loss, now = max(-pnl, most * 0), money(pnl, account.currency, sign=True)
    locked = loss >= most
    ending = "is reached: new positions are locked until tomorrow (UTC)" if locked else "is near"
    return result(
        case,
        "L-DAILY-LOSS",
        "Daily loss",
        locked,
        limit=f"−{money(most, account.currency)}",
        now=now,
        after=now,
        message=f"The day stands at {now} and the daily loss limit of {money(most, account.currency)} {ending}.",
        warned=loss >= most * case.limits.warn_share,
    )


def check_drawdown(case: Case) -> CheckResult:
    """The fall from the highest equity must be within its limit."""
    equity, peak, pct = case.equity, case.snap.peak_equity, case.limits.drawdown_pct
    limit = f"{plain(pct)} %"
    if equity is None or peak <= 0:
        return result(
            case,
            "L-DRAWDOWN",
            "Drawdown",
            equity is None,
            limit=limit,
            now="unknown" if equity is None else "0.0 %",
            message="The account's value is not known, so its drawdown is not either: wait for prices and rates.",
        )
    most, fall = peak * pct / HUNDRED, max(peak - equity, peak * 0)
    now = percent(fall, peak)
    return result(
        case,
        "L-DRAWDOWN",
        "Drawdown",
        fall >= most,
        limit=limit,
        now=now,
        after=now,
        message=f"Equity is {now} below its peak of {money(peak, case.currency)} and {limit} is the limit: only close.",
        warned=fall >= most * case.limits.warn_share,
    )
